//! One session, from its opening to its end.
//!
//! [`Session::handle`] takes the time and one [`Input`] and returns what is to be done as
//! [`Output`]s; it performs nothing itself. At most one request for tokens is in flight, one
//! store operation, and one wait for the lock: each `Read`,
//! `CompareAndSet`, `Lock`, `Grant` and `Refresh` has one answer.
//!
//! A refresh reads, claims, sends and commits. Whatever happens between two of these steps,
//! the next holder finds in the store what it needs. A refresh token is sent only under a
//! claim that was written in less than a second ago, or where the store takes none; never
//! while a store that others may share cannot be read. A rotated one is committed before any
//! caller sees it; a session ends only if the refused token is still the stored one; and
//! nothing that arrives after the end brings the session back.
//!
//! `session/phase.rs` has the phases: what each waits for, what it holds and where it leads.
//! A phase is known to the handlers alone, which take it and return the next; what is known in
//! every phase is in [`Common`], each part of it with a file of its own.

mod callers;
mod committing;
mod contest;
mod departure;
mod ending;
mod hand;
mod holder;
mod lock;
mod look;
mod opening;
mod pauses;
mod phase;
mod refreshing;
mod rewrite;
mod settling;
mod showing;
mod unwritable;
mod waking;

use std::mem;
use std::rc::Rc;

use crate::config::Config;
use crate::error::Error;
use crate::event::{Input, Output, StoreFailed};
use crate::record::{Entry, Place, Record, Standing};
use crate::token::{Now, RefreshToken};
use callers::{Callers, Wanted};
use contest::Contest;
use departure::Departure;
use hand::{Hand, Tokens};
use holder::Holder;
use lock::Lock;
use look::Look;
use phase::{Aim, Commit, Phase, again};
use rewrite::Rewrite;
pub use showing::Known;

/// Compare-and-set operations that may be lost in a row before the store counts as failing.
const LOST_WRITES: u8 = 8;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    phase: Phase,
    common: Common,
}

/// What a session knows in every phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Common {
    config: Rc<Config>,
    sid: String,
    hand: Hand,
    look: Look,
    contest: Contest,
    lock: Lock,
    callers: Callers,
    departure: Departure,
    /// The refresh token of the session whose place this one takes.
    replaced: Option<RefreshToken>,
    /// Why the last refresh failed.
    error: Option<Error>,
    /// Whether the record in hand may not be the stored one because the store fails.
    degraded: bool,
    rewrite: Rewrite,
    /// Whether the store may have changed since it was last read.
    hinted: bool,
    /// In a row.
    lost_writes: u8,
    outputs: Vec<Output>,
}

impl Session {
    /// A session that has yet to be opened. `name` must be random: it names this holder, and the session if it begins here.
    pub fn new(config: Rc<Config>, name: String) -> Self {
        Self {
            phase: Phase::Idle,
            common: Common {
                contest: Contest::new(Holder::new(&name)),
                sid: name,
                hand: Hand::empty(config.repeats_grant),
                look: Look::new(),
                lock: Lock::Free,
                callers: Callers::new(),
                departure: Departure::default(),
                replaced: None,
                error: None,
                degraded: false,
                rewrite: Rewrite::new(&Now::default()),
                hinted: false,
                lost_writes: 0,
                outputs: Vec::new(),
                config,
            },
        }
    }

    /// Takes one input at a time and says what is to be done about it, in order.
    #[inline(never)]
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let phase = mem::replace(&mut self.phase, Phase::Idle);
        self.phase = self.common.handle(&now, phase, input);
        let is_held_up = self.common.is_held_up(&self.phase);
        self.common.callers.hold_up(is_held_up, &now);
        if matches!(self.phase, Phase::Over(_) | Phase::Absent) {
            self.common.departed();
        }
        mem::take(&mut self.common.outputs)
    }
}

impl Common {
    #[inline(never)]
    fn handle(&mut self, now: &Now, phase: Phase, input: Input) -> Phase {
        match input {
            Input::Open { caller, opening } => self.open(now, caller, opening),
            Input::Call {
                caller,
                min_validity,
                rejected,
                unauthorized,
            } => {
                let in_hand = self.hand.record().map(|record| &record.access_token);
                let is_rejected = rejected.is_some() && rejected.as_ref() == in_hand;
                if !is_rejected {
                    return self.call(now, phase, Wanted::for_at_least(caller, min_validity));
                }
                if unauthorized && self.keeps_token(now, &phase) {
                    self.settle(caller, Ok(rejected));
                    return phase;
                }
                self.call(now, phase, Wanted::another(caller, unauthorized))
            }
            Input::Abort(caller) => {
                self.callers.remove(caller);
                self.departure.remove(caller);
                self.rest(phase)
            }
            Input::Read(read) => self.was_read(now, phase, read),
            Input::CompareAndSet(set) => self.was_set(now, phase, set),
            Input::Locked(held) => self.locked(now, phase, held),
            Input::Replied(reply) => self.replied(now, phase, reply),
            Input::Revoked => {
                self.departure.revoked();
                phase
            }
            Input::Hint => self.hint(phase),
            Input::Online => self.online(phase),
            Input::Woke => self.woke(now, phase),
            Input::SignOut { caller } => {
                self.departure.add(caller);
                self.sign_out(now, phase)
            }
        }
    }

    /// Whether those who wait are kept waiting by other holders, or by the store that is to take their token.
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing is in the way")]
    fn is_held_up(&self, phase: &Phase) -> bool {
        match phase {
            Phase::Locking(_) | Phase::Committing(_) => true,
            Phase::Reading(_) | Phase::Waiting { .. } => {
                self.contest.has_rival() || self.contest.unwritable().is_so()
            }
            _ => false,
        }
    }

    /// Goes on at once where only its own backoff keeps it waiting.
    fn online(&mut self, phase: Phase) -> Phase {
        self.contest.hasten();
        if let Phase::Waiting { aim, .. } = phase {
            self.read(aim)
        } else {
            phase
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the others read when they rest"
    )]
    fn hint(&mut self, phase: Phase) -> Phase {
        match phase {
            Phase::Idle => self.read(Aim::Refresh),
            Phase::Waiting { aim, .. } | Phase::Locking(aim) => self.read(aim),
            phase => {
                self.hinted = true;
                phase
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other phase has asked")]
    fn was_read(&mut self, now: &Now, phase: Phase, read: Result<Entry, StoreFailed>) -> Phase {
        self.notice(now, read);
        match phase {
            Phase::Reading(aim) => match self.hand.record().cloned() {
                Some(record) => self.looked(now, record, aim),
                None => self.opening_read(now),
            },
            Phase::Committing(next) => self.committing_read(now, next),
            Phase::Ending { end, .. } => self.ending_read(now, end),
            phase => phase,
        }
    }

    /// Remembers what is stored, and what holders have told each other.
    fn notice(&mut self, now: &Now, read: Result<Entry, StoreFailed>) {
        let Entry { stored, attempt } = match read {
            Ok(entry) => entry,
            Err(failed) => {
                self.look.failed(failed);
                self.contest.end_attempt();
                self.contest.forget_rival();
                self.degraded = true;
                return;
            }
        };
        self.look.stored = stored;
        if !self.look.stored.is_readable() {
            return;
        }
        let generation = self.look.stored.generation();
        let is_ours = self.look.stored.sid() == Some(&self.sid);
        let is_later = is_ours && generation > self.hand.generation();
        // What is said of a predecessor of the token in hand is of no use any more.
        let is_past = is_ours && generation < self.hand.generation();
        if !is_past || ![0, self.look.fingerprint()].contains(&attempt.token) {
            self.contest.heard(attempt, is_later, now);
        }
        if is_ours && self.look.stored.live().is_some() {
            self.look.place = Place::Stored;
            self.degraded &= generation < self.hand.generation();
        }
    }

    /// Where the session stands in view of the store: what it finds there decides before anything is sent.
    fn looked(&mut self, now: &Now, record: Rc<Record>, aim: Aim) -> Phase {
        match (self.look.standing(&self.sid, record.generation), aim) {
            (Standing::Over(reason), _) => self.over(Error::ended(reason)),
            (Standing::Behind(later), _) => self.catch_up(now, later),
            (Standing::Unknown | Standing::Newer, Aim::End(refusal)) => self.unproven(now, refusal),
            (Standing::Unknown, Aim::Refresh) => self.advance(now, Aim::Refresh),
            (Standing::Newer, Aim::Refresh) => self.barred(),
            (Standing::Current, aim) => match (self.look.other_twin(&record), aim) {
                (Some(other), _) => self.catch_up(now, other),
                (None, Aim::Refresh) if self.is_unstored(&record) => {
                    self.commit_over(again(record))
                }
                (None, Aim::End(refusal)) if !self.look.has_stored() => {
                    self.over(self.proven(&refusal))
                }
                (None, aim) => self.advance(now, aim),
            },
        }
    }

    /// Whether what is stored is older than the record in hand, or of another session.
    fn is_unstored(&self, record: &Record) -> bool {
        !self.look.has_stored() || self.look.stored.generation() < record.generation
    }

    /// A later version of this package has taken over: the token in hand is served to its end.
    fn barred(&mut self) -> Phase {
        if self.callers.are_wanting() {
            self.failed(opening::unreadable())
        } else {
            self.idle()
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other phase has asked")]
    fn was_set(&mut self, now: &Now, phase: Phase, set: Result<bool, StoreFailed>) -> Phase {
        let done = set == Ok(true);
        let lost = set == Ok(false) && self.lost_writes < LOST_WRITES;
        self.lost_writes += u8::from(lost && !phase.is_over());
        if done || lost {
            self.contest.written(done);
        }
        match phase {
            Phase::Ending { end, step } => self.ending_written(now, end, step, set),
            Phase::Claiming { .. } if lost => {
                self.contest.claim_lost();
                self.read(Aim::Refresh)
            }
            Phase::Claiming { at } => self.claimed(now, at, done),
            Phase::Condemned(refusal) if lost => self.read(Aim::End(refusal)),
            Phase::Condemned(refusal) if done => self.over(self.proven(&refusal)),
            Phase::Condemned(refusal) => self.unproven(now, refusal),
            Phase::Releasing(error) => {
                if !done {
                    self.contest.not_written();
                }
                self.hinted |= lost;
                self.degraded |= !done && !lost;
                self.rest_after(now, error)
            }
            Phase::Committing(next) if lost => self.read_for(Phase::Committing(next)),
            Phase::Committing(next) => self.committed(now, next, done),
            phase => phase,
        }
    }

    fn over(&mut self, end: Error) -> Phase {
        self.end(&end);
        Phase::Over(end)
    }

    /// Tells the waiting callers that this is the end.
    fn end(&mut self, end: &Error) {
        self.unlock();
        self.error = None;
        self.settle_all(&Err(end.clone()));
        self.changed();
    }

    fn idle(&mut self) -> Phase {
        self.end_attempt();
        self.callers.forget_wishes();
        self.forget_lost_writes();
        self.contest.forget_rival();
        if self.hand.record().is_none() {
            return self.given_up();
        }
        self.changed();
        if mem::take(&mut self.hinted) {
            self.read(Aim::Refresh)
        } else {
            Phase::Idle
        }
    }

    /// A store that never agrees fails.
    fn forget_lost_writes(&mut self) {
        if !self.contest.unwritable().is_so() {
            self.lost_writes = 0;
        }
    }

    fn unlock(&mut self) {
        if self.lock.release() {
            self.outputs.push(Output::Unlock);
        }
    }

    fn read(&mut self, aim: Aim) -> Phase {
        self.read_for(Phase::Reading(aim))
    }

    fn read_for(&mut self, phase: Phase) -> Phase {
        self.outputs.push(Output::Read);
        phase
    }

    fn changed(&mut self) {
        self.outputs.push(Output::Changed);
    }

    fn cooling(&self, now: &Now) -> i64 {
        self.contest.cooling(self.hand.fingerprint(), now)
    }

    fn is_ageing(&self, now: &Now) -> bool {
        self.hand.record().is_some_and(|record| {
            let validity = &record.validity;
            self.hand.is_sendable() && !validity.covers(*now, validity.margin())
        })
    }
}
