//! The one state machine: one session, from its opening to its end.
//!
//! [`Session::handle`] takes the time and one [`Input`] and returns what is to be done as
//! [`Output`]s; it performs nothing itself. At most one request for tokens is in flight, one
//! store operation, and one wait for the lock: each `Load` is answered by one `Loaded`, each
//! `Swap` by one `Swapped`, each `Lock` by one `Locked`, each `Send` by one `Replied`.
//!
//! A refresh reads, claims, sends and commits. Whatever happens between two of these steps,
//! the next holder finds in the store what it needs. A refresh token is sent only under a
//! claim that was swapped in less than a second ago, or where the store takes none; never
//! while a store that others may share cannot be read. A rotated one is committed before any
//! caller sees it; a session ends only if the refused token is still the stored one; and
//! nothing that arrives after the end brings the session back.
//!
//! | phase | waits for | leaves to |
//! |---|---|---|
//! | Idle | a call, a sign-out, a hint | Loading, Ending |
//! | Loading | the stored record | Idle, Loading (again), Waiting, Locking, Claiming, Sending, Condemned, Committing, Over |
//! | Waiting | the end of a cool-down or of another's claim, a hint | Loading |
//! | Locking | the lock, or long enough | Loading, Claiming |
//! | Claiming | the store, with the claim in it | Sending, Loading |
//! | Sending | the server | Committing, Claiming (again), Releasing, Loading (refused), Over |
//! | Releasing | the store, without the claim | Waiting, Idle, Over |
//! | Committing | the store, with the next generation | Idle, Over |
//! | Condemned | the store, with the end in it | Over, Loading |
//! | Ending | the store, after the local end | Over |

mod committing;
mod ending;
mod opening;
mod refreshing;
mod settling;
mod showing;
mod waking;

use std::mem;
use std::rc::Rc;

use crate::attempt::{Attempt, Claim};
use crate::caller::{ANOTHER, Caller};
use crate::config::Config;
use crate::error::{Error, Reason};
use crate::event::{Input, Output, StoreFailed};
use crate::oauth;
use crate::record::{Entry, Place, Record, Standing, Stored, standing};
use crate::token::{Now, RefreshToken, fingerprint, hash};

/// Compare-and-set operations that may be lost in a row before the store counts as failing.
const LOST_SWAPS: u8 = 8;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Loading,
    Waiting { until: i64 },
    Locking,
    Claiming { at: Now },
    Sending,
    Releasing(Error),
    Committing(Rc<Record>),
    Condemned,
    Ending { written: bool },
    Over,
}

/// One session.
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    config: Rc<Config>,
    /// The fingerprint of its name.
    holder: i64,
    sid: String,
    phase: Phase,
    /// The token in hand; none until the session is open.
    record: Option<Rc<Record>>,
    /// The foreign refresh token that the session is opened with.
    opened_with: Option<RefreshToken>,
    place: Place,
    /// What the last look at the store found (nothing readable, if it failed), and whether it may be replaced.
    stored: Stored,
    writable: bool,
    attempt: Attempt,
    /// Another holder's claim, and when its time has passed here, if the store is looked at all the while.
    rival: Option<(Claim, i64)>,
    /// Whether the lock is waited for, whether it is held, whether it was not to be had, and how often in a row the store
    /// took no claim.
    queued: bool,
    locked: bool,
    lockless: bool,
    claimless: u8,
    /// Whether the last look at the store failed.
    blind: bool,
    claims: i64,
    /// Sends since the last rest, and when the first was.
    sends: u8,
    first_sent: Now,
    /// What the server said of the token in hand, until the store was read again.
    refused: Option<Error>,
    /// The refresh token of the session whose place this one takes.
    replaced: Option<RefreshToken>,
    callers: Vec<Caller>,
    /// When the first of them has waited long enough.
    deadline: i64,
    /// Whether the next token is wanted though nobody waits for it.
    ahead: bool,
    /// The callers of a sign-out.
    leaving: Vec<u32>,
    /// Revocations that are under way.
    revoking: u32,
    error: Option<Error>,
    degraded: bool,
    /// When a record that could not be stored is written again, and how often that was tried.
    rewrite_at: i64,
    rewrites: u32,
    hinted: bool,
    lost_swaps: u8,
    dice: u64,
    outputs: Vec<Output>,
}

impl Session {
    /// A session that has yet to be opened. `name` must be random: it names this holder, and the session if it begins here.
    pub fn new(config: Rc<Config>, name: String) -> Self {
        Self {
            config,
            dice: hash(&name),
            holder: fingerprint(&name),
            sid: name,
            phase: Phase::Idle,
            record: None,
            opened_with: None,
            place: Place::Unread,
            stored: Stored::Empty,
            writable: false,
            attempt: Attempt::default(),
            rival: None,
            queued: false,
            locked: false,
            lockless: false,
            claimless: 0,
            blind: false,
            claims: 0,
            sends: 0,
            first_sent: Now::default(),
            refused: None,
            replaced: None,
            callers: Vec::new(),
            deadline: i64::MAX,
            ahead: false,
            leaving: Vec::new(),
            revoking: 0,
            error: None,
            degraded: false,
            rewrite_at: 0,
            rewrites: 0,
            hinted: false,
            lost_swaps: 0,
            outputs: Vec::new(),
        }
    }

    /// Takes one input at a time and says what is to be done about it, in order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let now = &now;
        match input {
            Input::Open { caller, opening } => self.open(now, caller, opening),
            Input::Call {
                caller,
                min_validity,
                rejected,
            } => {
                let in_hand = self.record.as_ref().map(|record| &record.access_token);
                let is_rejected = rejected.is_some() && rejected.as_ref() == in_hand;
                self.call(
                    now,
                    caller,
                    if is_rejected { ANOTHER } else { min_validity },
                );
            }
            Input::Refresh { caller } => self.call(now, caller, ANOTHER),
            Input::Abort(caller) => {
                self.dismiss(None, &mut |waiting| waiting.id == caller);
                if let Some(at) = self.leaving.iter().position(|&leaving| leaving == caller) {
                    self.leaving.swap_remove(at);
                }
                self.rest();
            }
            Input::Loaded(loaded) => self.loaded(now, loaded),
            Input::Swapped(swapped) => self.swapped(now, swapped),
            Input::Locked(held) => self.granted(now, held),
            Input::Replied(reply) => self.replied(now, reply),
            Input::Revoked => self.revoking -= 1,
            Input::Hint if self.may_look() => self.load(),
            Input::Hint => self.hinted = true,
            Input::Woke => self.woke(now),
            Input::SignOut { caller } => {
                self.leaving.push(caller);
                self.sign_out();
            }
        }
        if self.revoking == 0 && matches!(self.phase, Phase::Over) {
            for caller in mem::take(&mut self.leaving) {
                self.settle(caller, Ok(None));
            }
        }
        mem::take(&mut self.outputs)
    }

    /// Serves a caller, and reads the store if it cannot be served, if the token in hand will soon be no use, or if that is not stored yet.
    fn call(&mut self, now: &Now, id: u32, min_validity: i64) {
        if self.is_over() {
            let error = self.error.clone();
            let error = error.unwrap_or_else(|| Error::ended(Reason::Removed));
            return self.settle(id, Err(error));
        }
        if self.queue(now, id, min_validity) {
            self.settle_satisfied(now);
        }
        if matches!(self.phase, Phase::Idle) {
            self.ahead = self.callers.is_empty()
                && self.is_ageing(now)
                && self.attempt.cooling(now.wall) == 0;
            if self.is_wanted() || self.degraded {
                self.load();
                self.changed();
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other phase has asked")]
    fn loaded(&mut self, now: &Now, loaded: Result<Entry, StoreFailed>) {
        let is_read = loaded.is_ok();
        self.blind = !is_read;
        if self.blind {
            self.claimless = 0;
            self.rival = None;
        }
        self.notice(loaded.unwrap_or_else(|StoreFailed| Entry::unreadable()));
        self.degraded |= !is_read;
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Loading if self.record.is_none() => self.opening_loaded(now, is_read),
            Phase::Loading => self.looked(now),
            Phase::Committing(next) => self.committing_loaded(now, next, is_read),
            Phase::Ending { .. } => self.ending_loaded(is_read),
            phase => self.phase = phase,
        }
    }

    /// Remembers what is stored, and what holders have told each other.
    fn notice(&mut self, entry: Entry) {
        let mut attempt = entry.attempt;
        self.stored = entry.stored;
        self.writable = self.stored.is_readable();
        if !self.writable {
            return;
        }
        let is_ours = self.stored.sid() == Some(&self.sid);
        let is_later = is_ours && self.stored.generation() > self.generation();
        if !is_later {
            attempt.remember(&self.attempt);
        }
        self.attempt = attempt;
        if is_ours && matches!(self.stored, Stored::Live(_)) {
            self.place = Place::Stored;
            self.degraded &= self.stored.generation() < self.generation();
        }
    }

    /// Where the session stands in view of the store: what it finds there decides before anything is sent.
    fn looked(&mut self, now: &Now) {
        match (self.standing(self.generation()), self.refused.take()) {
            (Standing::Over(reason), _) => self.over(Error::ended(reason)),
            (Standing::Behind(record), _) => self.adopt(now, record),
            (Standing::Unknown | Standing::Newer, Some(refusal)) => self.unproven(now, refusal),
            (Standing::Unknown, None) => self.advance(now),
            (Standing::Newer, None) => self.barred(),
            (Standing::Current, refused) => match (self.other_twin(), refused) {
                (Some(other), _) => self.adopt(now, other),
                (None, None) if self.place != Place::Stored => self.commit_over(),
                (None, None) if self.stored.generation() < self.generation() => self.commit_over(),
                (None, Some(refusal)) if self.place != Place::Stored => {
                    self.over(self.proven(&refusal));
                }
                (None, refused) => {
                    self.refused = refused;
                    self.advance(now);
                }
            },
        }
    }

    /// A later version of this package has taken over: the token in hand is served to its end.
    fn barred(&mut self) {
        if self.is_wanted() {
            self.failed(opening::unreadable());
        } else {
            self.idle();
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other phase has asked")]
    fn swapped(&mut self, now: &Now, swapped: Result<bool, StoreFailed>) {
        if let Phase::Ending { written } = self.phase {
            return self.ending_swapped(written, swapped);
        }
        let done = swapped == Ok(true);
        let lost = swapped == Ok(false) && self.lost_swaps < LOST_SWAPS;
        self.lost_swaps += u8::from(lost);
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Claiming { .. } | Phase::Condemned if lost => self.load(),
            Phase::Claiming { at } => self.claimed(now, at, done),
            Phase::Condemned => {
                let refusal = self.refused.take();
                let refusal = refusal.unwrap_or_else(|| oauth::no_answer(false));
                if done {
                    self.over(self.proven(&refusal));
                } else {
                    self.unproven(now, refusal);
                }
            }
            Phase::Releasing(error) => {
                self.hinted |= lost;
                self.degraded |= !done && !lost;
                self.rest_after(now, error);
            }
            Phase::Committing(next) if lost => self.load_for(Phase::Committing(next)),
            Phase::Committing(next) => self.committed(now, next, done),
            phase => self.phase = phase,
        }
    }

    fn over(&mut self, error: Error) {
        self.unlock();
        self.phase = Phase::Over;
        self.error = Some(error.clone());
        self.settle_those(&Err(error), &mut |_| true);
        self.changed();
    }

    fn idle(&mut self) {
        self.end_attempt();
        self.ahead = false;
        self.lost_swaps = 0;
        self.refused = None;
        self.rival = None;
        if self.record.is_none() {
            let error = self.error.clone();
            let aborted = || Error::ended(Reason::SignedOut);
            return self.over(error.unwrap_or_else(aborted));
        }
        self.phase = Phase::Idle;
        self.changed();
        if mem::take(&mut self.hinted) {
            self.load();
        }
    }

    fn unlock(&mut self) {
        if mem::take(&mut self.locked) {
            self.outputs.push(Output::Unlock);
        }
    }

    fn may_look(&self) -> bool {
        matches!(
            self.phase,
            Phase::Idle | Phase::Waiting { .. } | Phase::Locking
        )
    }

    fn load(&mut self) {
        self.load_for(Phase::Loading);
    }

    fn load_for(&mut self, phase: Phase) {
        self.phase = phase;
        self.outputs.push(Output::Load);
    }

    fn changed(&mut self) {
        self.outputs.push(Output::Changed);
    }

    fn standing(&self, generation: i64) -> Standing {
        standing(&self.sid, generation, self.place, &self.stored)
    }

    fn is_wanted(&self) -> bool {
        self.ahead || !self.callers.is_empty()
    }

    fn is_ageing(&self, now: &Now) -> bool {
        self.record.as_ref().is_some_and(|record| {
            let validity = &record.validity;
            record.refresh_token.is_some() && !validity.covers(*now, validity.margin())
        })
    }
}
