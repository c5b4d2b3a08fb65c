//! The one state machine: one session, from its opening to its end.
//!
//! [`Session::handle`] takes the time and one [`Input`] and returns what is to be done as
//! [`Output`]s; it performs nothing itself. At most one request for tokens is in flight, one
//! store operation, and one wait for the lock: each `Load` is answered by one `Loaded`, each
//! `Swap` by one `Swapped`, each `Lock` by one `Locked`, each `Send` by one `Replied`.
//!
//! A refresh reads, claims, sends and commits. Whatever happens between two of these steps,
//! the next holder finds in the store what it needs. A refresh token is sent only under a
//! claim that was swapped in less than a second ago; a rotated one is committed before any
//! caller sees it; a session ends only if the refused token is still the stored one; and
//! nothing that arrives after the end brings the session back.
//!
//! | phase | waits for | leaves to |
//! |---|---|---|
//! | Idle | a call, a sign-out, a hint | Loading, Ending |
//! | Loading | the stored record | Idle, Waiting, Locking, Claiming, Condemned, Committing, Over |
//! | Waiting | the end of a cool-down or of another's claim, a hint | Loading |
//! | Locking | the lock, or long enough | Loading, Claiming |
//! | Claiming | the store, with the claim in it | Sending, Loading |
//! | Sending | the server | Committing, Claiming (again), Releasing, Loading (refused), Over |
//! | Releasing | the store, without the claim | Waiting, Idle, Over |
//! | Committing | the store, with the next generation | Idle, Over |
//! | Condemned | the store, with the end in it | Over, Loading |
//! | Ending | the store, after the local end | Over |

mod ending;
mod opening;

use std::mem;
use std::rc::Rc;

use crate::attempt::{Attempt, Claim, Cooldown};
use crate::caller::{ANOTHER, Caller};
use crate::config::Config;
use crate::error::{Code, Error, Reason};
use crate::event::{Input, Output, Snapshot, StoreFailed};
use crate::oauth;
use crate::record::{Entry, Place, Record, Standing, Stored, standing};
use crate::token::{AccessToken, Now, RefreshToken, TokenSet, hash};

/// Compare-and-set operations that may be lost in a row before the store counts as failing.
const LOST_SWAPS: u8 = 8;
/// Sends in a row of a token whose answer is lost.
const SENDS: u8 = 3;
/// How often a record that could not be stored is written again at once; then after a second, two, and so on up to a minute.
const REWRITES_AT_ONCE: u32 = 2;
const FIRST_REWRITE: i64 = 250;
/// Milliseconds after a claim within which its holder may send.
const SEND_WITHIN: i64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Loading,
    Waiting { until: i64 },
    Locking,
    Claiming { at: Now, attempt: Attempt },
    Sending,
    Releasing(Error),
    Committing(Rc<Record>),
    Condemned(Error),
    Ending { written: bool },
    Over,
}

/// One session.
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    config: Rc<Config>,
    /// Names this holder.
    name: String,
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
    /// Another holder's claim, and when its time has passed here.
    rival: Option<(Claim, i64)>,
    /// Whether the lock is held, and whether it was not to be had.
    locked: bool,
    lockless: bool,
    claims: i64,
    /// Sends since the last rest, and when the first was.
    sends: u8,
    first_sent: Now,
    /// What the server said of the token in hand, until the store was read again.
    refused: Option<Error>,
    /// The refresh token of the session whose place this one takes.
    replaced: Option<RefreshToken>,
    callers: Vec<Caller>,
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
            sid: name.clone(),
            dice: hash(&name),
            name,
            phase: Phase::Idle,
            record: None,
            opened_with: None,
            place: Place::Unread,
            stored: Stored::Empty,
            writable: false,
            attempt: Attempt::default(),
            rival: None,
            locked: false,
            lockless: false,
            claims: 0,
            sends: 0,
            first_sent: Now::default(),
            refused: None,
            replaced: None,
            callers: Vec::new(),
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
                self.callers.retain(|waiting| waiting.id != caller);
                self.leaving.retain(|&leaving| leaving != caller);
                self.rest();
            }
            Input::Loaded(loaded) => self.loaded(now, loaded),
            Input::Swapped(swapped) => self.swapped(now, swapped),
            Input::Locked(held) => self.granted(now, held),
            Input::Replied(reply) => self.replied(now, reply),
            Input::Revoked => self.revoking -= 1,
            Input::Hint if matches!(self.phase, Phase::Idle | Phase::Waiting { .. }) => self.load(),
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

    /// When [`Input::Woke`] is due, by the monotonic clock.
    pub fn wake_at(&self) -> Option<i64> {
        let deadlines = self.callers.iter();
        let deadline = deadlines.map(|caller| caller.deadline(self.config.timeout));
        deadline.chain(self.due_at()).min()
    }

    /// When the machine itself has something to do.
    fn due_at(&self) -> Option<i64> {
        if let Phase::Waiting { until } = self.phase {
            return Some(until);
        }
        let is_idle = matches!(self.phase, Phase::Idle);
        (is_idle && self.degraded).then_some(self.rewrite_at)
    }

    /// Names the session.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The token in hand, unless the session is over.
    pub fn held(&self) -> Option<&Record> {
        self.record.as_deref().filter(|_| !self.is_over())
    }

    /// Whether `token` is or was this session's, or is what it is being opened with.
    pub fn knows(&self, token: &RefreshToken) -> bool {
        let is_opening = !self.is_over() && self.opened_with.as_ref() == Some(token);
        is_opening || self.held().is_some_and(|record| record.knows(token))
    }

    /// What anyone may see.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let record = self.record.as_ref();
        Snapshot {
            state: match self.phase {
                Phase::Idle => "active",
                Phase::Waiting { .. } => "waiting",
                Phase::Loading
                | Phase::Locking
                | Phase::Claiming { .. }
                | Phase::Sending
                | Phase::Releasing(_)
                | Phase::Condemned(_)
                | Phase::Committing(_) => "refreshing",
                Phase::Ending { .. } | Phase::Over => "ended",
            },
            expires_at: record
                .filter(|record| record.expiry_known)
                .map(|record| record.validity.expires_at),
            scope: record.map_or("", |record| &record.scope),
            generation: self.generation(),
            error: self.error.clone(),
            degraded: self.degraded,
        }
    }

    /// Serves a caller, and reads the store if it cannot be served, if the token in hand will soon be no use, or if that is not stored yet.
    fn call(&mut self, now: &Now, id: u32, min_validity: i64) {
        if self.is_over() {
            let error = self.error.clone();
            let error = error.unwrap_or_else(|| Error::ended(Reason::Removed));
            return self.settle(id, Err(error));
        }
        self.callers
            .push(Caller::new(id, now, min_validity, self.generation()));
        self.settle_satisfied(now);
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
    fn notice(&mut self, Entry { stored, attempt }: Entry) {
        self.stored = stored;
        self.writable = self.stored.is_readable();
        if !self.writable {
            return;
        }
        let is_ours = self.stored.sid() == Some(&self.sid);
        let is_later = is_ours && self.stored.generation() > self.generation();
        self.attempt = if is_later {
            attempt
        } else {
            attempt.beside(&self.attempt)
        };
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
            (Standing::Newer, None) => self.barred(now),
            (Standing::Current, refused) => match (self.other_twin(), refused) {
                (Some(other), _) => self.adopt(now, other),
                (None, None) if self.place != Place::Stored => self.commit_over(),
                (None, None) if self.stored.generation() < self.generation() => self.commit_over(),
                (None, Some(refusal)) if self.place != Place::Stored => {
                    self.over(self.refused(&refusal));
                }
                (None, refused) => {
                    self.refused = refused;
                    self.advance(now);
                }
            },
        }
    }

    /// A later version of this package has taken over: the token in hand is served to its end.
    fn barred(&mut self, now: &Now) {
        self.rewrite_later(now);
        if self.is_wanted() {
            self.failed(opening::unreadable());
        } else {
            self.idle();
        }
    }

    /// Goes for the next token, past everything that may stand before a send: a cool-down, another's claim, the lock.
    fn advance(&mut self, now: &Now) {
        if !self.is_wanted() && self.refused.is_none() {
            return self.idle();
        }
        if self.token().is_none() {
            return self.failed(Error::new(
                Code::SessionEnded,
                "the access token has expired, and the server gave no refresh token",
            ));
        }
        if self.refused.is_none() && self.attempt.cooling(now.wall) > 0 {
            let paused = || Error::new(Code::Unavailable, "the server has asked for a pause");
            let error = self.error.clone().unwrap_or_else(paused);
            return self.pause(now, error, true);
        }
        if !self.writable {
            self.attempt = self.own_attempt();
            self.attempt.claim = None;
            return self.send(now);
        }
        let wait = self.kept_out(now);
        if !self.locked && !self.lockless {
            let within = if wait > 0 {
                wait
            } else {
                self.config.timeout + SEND_WITHIN
            };
            self.outputs.push(Output::Lock { within });
            self.phase = Phase::Locking;
        } else if wait > 0 {
            self.unlock();
            self.wait(now.monotonic + wait);
        } else if let Some(refusal) = self.refused.clone() {
            self.condemn(&refusal);
        } else {
            self.claim(now);
        }
    }

    /// How much longer another holder may be sending. One whose claim was made under the lock that is held here is gone.
    fn kept_out(&mut self, now: &Now) -> i64 {
        let Some(claim) = &self.attempt.claim else {
            return 0;
        };
        if claim.holder == self.name || self.locked && claim.locked {
            return 0;
        }
        match &self.rival {
            Some((rival, until)) if rival == claim => (until - now.monotonic).max(0),
            _ => {
                self.rival = Some((claim.clone(), now.monotonic + claim.duration));
                claim.duration
            }
        }
    }

    fn granted(&mut self, now: &Now, held: bool) {
        if !matches!(self.phase, Phase::Locking) {
            if held {
                self.outputs.push(Output::Unlock);
            }
            return;
        }
        self.locked = held;
        self.lockless = !held;
        let claim = self.attempt.claim.as_ref();
        if claim.is_some_and(|claim| claim.holder != self.name) {
            self.load();
        } else {
            self.advance(now);
        }
    }

    /// Whoever takes over from another's claim cannot know whether that one has sent.
    fn claim(&mut self, now: &Now) {
        let mut attempt = self.own_attempt();
        let rival = attempt.claim.take();
        if rival.is_some_and(|rival| rival.holder != self.name) {
            attempt.unanswered_since.get_or_insert(now.wall);
        }
        self.claims += 1;
        attempt.claim = Some(Claim {
            holder: self.name.clone(),
            number: self.claims,
            duration: self.config.timeout + SEND_WITHIN,
            locked: self.locked,
        });
        self.swap_attempt(attempt.clone());
        self.phase = Phase::Claiming { at: *now, attempt };
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
            Phase::Claiming { .. } | Phase::Condemned(_) if lost => self.load(),
            Phase::Claiming { at, attempt } => self.claimed(now, at, attempt, done),
            Phase::Condemned(end) if done => self.over(end),
            Phase::Condemned(_) => {
                let refusal = self.refused.take();
                self.unproven(now, refusal.unwrap_or_else(|| oauth::no_answer(false)));
            }
            Phase::Releasing(error) => {
                self.hinted |= lost;
                self.degraded |= !done && !lost;
                let retry = error.retryable() || error.is_lost_answer();
                self.pause(now, error, retry);
            }
            Phase::Committing(next) if lost => self.load_for(Phase::Committing(next)),
            Phase::Committing(next) => self.committed(now, next, done),
            phase => self.phase = phase,
        }
    }

    /// Sends, unless so much time has passed that another may have taken over; without a claim, if the store fails.
    fn claimed(&mut self, now: &Now, at: Now, attempt: Attempt, done: bool) {
        self.attempt = attempt;
        if !done {
            self.attempt.claim = None;
            self.writable = false;
            self.degraded = true;
        } else if now.since(at) > SEND_WITHIN {
            return self.load();
        }
        self.send(now);
    }

    fn send(&mut self, now: &Now) {
        let Some(token) = self.token() else {
            return self.idle();
        };
        let request = oauth::refresh_request(&self.config, token);
        if self.sends == 0 {
            self.first_sent = *now;
        }
        self.sends += 1;
        for caller in &mut self.callers {
            caller.sends += 1;
        }
        self.outputs.push(Output::Send(request));
        self.phase = Phase::Sending;
        self.changed();
    }

    fn replied(&mut self, now: &Now, reply: Result<TokenSet, Error>) {
        match (&self.phase, reply, &self.record) {
            (Phase::Sending, Ok(tokens), None) => self.opened(tokens, now),
            (Phase::Sending, Ok(tokens), Some(record)) => {
                let next = Rc::new(record.rotated(tokens, *now));
                if self.writable && self.place == Place::Stored {
                    self.commit(next);
                } else {
                    self.load_for(Phase::Committing(next));
                }
            }
            (Phase::Sending, Err(error), None) if self.opened_with.is_none() => self.over(error),
            (Phase::Sending, Err(error), Some(_)) if error.ends_session() => {
                self.refused = Some(error);
                self.load();
            }
            (Phase::Sending, Err(error), _) => self.unsuccessful(now, error),
            (_, Ok(tokens), _) => self.revoke(tokens.refresh_token.as_ref()),
            (_, Err(_), _) => {}
        }
    }

    /// Sends again what may have been spent, while the server may still allow that; otherwise makes way, and lets the server rest.
    fn unsuccessful(&mut self, now: &Now, error: Error) {
        if error.is_lost_answer() {
            self.attempt
                .unanswered_since
                .get_or_insert(self.first_sent.wall);
            let in_time = now.since(self.first_sent) <= self.config.reuse_window;
            if in_time && self.sends < SENDS && self.attempt.cooldown.is_none() {
                if self.attempt.claim.is_none() {
                    return self.send(now);
                }
                return self.claim(now);
            }
        }
        if !error.ends_session() {
            self.cool(now, error.retry_after);
        }
        if self.attempt.claim.take().is_some() {
            self.swap_attempt(self.attempt.clone());
            self.phase = Phase::Releasing(error);
        } else {
            let retry = error.retryable() || error.is_lost_answer();
            self.pause(now, error, retry);
        }
    }

    /// Tells a refusal that ends nothing, since the store cannot say whether the refused token is still the stored one.
    fn unproven(&mut self, now: &Now, refusal: Error) {
        self.cool(now, None);
        self.failed(refusal);
    }

    fn cool(&mut self, now: &Now, retry_after: Option<u32>) {
        let failures = self.attempt.failures() + 1;
        self.dice = self
            .dice
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(1);
        let random = (self.dice >> 32) as u32;
        self.attempt.cooldown = Some(Cooldown::new(now.wall, failures, retry_after, random));
    }

    /// Waits through the cool-down with those who can, and tells the others.
    fn pause(&mut self, now: &Now, mut error: Error, retry: bool) {
        let cooling = self.attempt.cooling(now.wall);
        let until = now.monotonic + cooling;
        if retry {
            error.retry_after = Some(((cooling + 999) / 1_000) as u32);
        }
        self.unlock();
        self.sends = 0;
        self.lockless = false;
        self.error = Some(error.clone());
        let timeout = self.config.timeout;
        self.settle_those(&Err(error), &mut |caller| {
            !(retry && caller.can_wait(until, timeout))
        });
        self.wait(until);
    }

    fn wait(&mut self, until: i64) {
        if self.callers.is_empty() {
            return self.idle();
        }
        self.phase = Phase::Waiting { until };
        self.lost_swaps = 0;
        self.changed();
        if mem::take(&mut self.hinted) {
            self.load();
        }
    }

    fn woke(&mut self, now: &Now) {
        let timeout = self.config.timeout;
        let is_patient = matches!(
            self.phase,
            Phase::Locking | Phase::Waiting { .. } | Phase::Committing(_)
        );
        self.settle_those(&Err(oauth::no_answer(true)), &mut |caller| {
            if now.monotonic >= caller.deadline(timeout) && is_patient {
                caller.patient = true;
            }
            now.monotonic >= caller.deadline(timeout)
        });
        self.rest();
        if self.due_at().is_some_and(|due| due <= now.monotonic) {
            if matches!(self.phase, Phase::Idle) {
                self.rewrite_later(now);
            }
            self.load();
        }
    }

    fn rewrite_later(&mut self, now: &Now) {
        self.rewrite_at = now.monotonic + (FIRST_REWRITE << self.rewrites.min(8));
        self.rewrites += 1;
    }

    fn committing_loaded(&mut self, now: &Now, next: Rc<Record>, is_read: bool) {
        let is_opening = self.record.is_none();
        if is_opening {
            if self.callers.is_empty() {
                self.revoke(next.refresh_token.as_ref());
                return self.over(Error::ended(Reason::SignedOut));
            }
            if self.place != Place::Stored {
                self.place = Place::Unread;
            }
        }
        match self.standing(next.generation - 1) {
            Standing::Behind(record) => self.adopt(now, record),
            Standing::Over(reason) => {
                self.revoke(next.refresh_token.as_ref());
                self.over(Error::ended(reason));
            }
            Standing::Current if self.place == Place::Stored => self.commit(next),
            Standing::Current => self.commit_beside(&next),
            Standing::Unknown if is_opening && is_read => self.commit(next),
            Standing::Newer if self.is_in_hand(&next) => self.barred(now),
            Standing::Unknown | Standing::Newer => self.committed(now, next, false),
        }
    }

    /// Writes the record in hand over an older one, or over the session whose place it takes.
    fn commit_over(&mut self) {
        let Some(record) = self.record.clone() else {
            return;
        };
        if self.place == Place::Stored {
            self.commit(record);
        } else {
            self.commit_beside(&record);
        }
    }

    fn commit_beside(&mut self, next: &Record) {
        let mut next = next.clone();
        next.generation = next.generation.max(self.stored.generation() + 1);
        self.place = Place::Beside(self.stored.sid().map(Into::into));
        self.replaced = None;
        if let Stored::Live(record) = &self.stored
            && record.refresh_token != next.refresh_token
        {
            self.replaced.clone_from(&record.refresh_token);
        }
        self.commit(Rc::new(next));
    }

    fn commit(&mut self, next: Rc<Record>) {
        self.outputs.push(Output::Swap(Entry {
            stored: Stored::Live(next.clone()),
            attempt: self.others_attempt(),
        }));
        self.phase = Phase::Committing(next);
    }

    fn committed(&mut self, now: &Now, next: Rc<Record>, stored: bool) {
        let before = self.record.as_ref().map(|record| &record.access_token);
        let is_fresh = before != Some(&next.access_token);
        let abandoned = self.record.is_none() && self.callers.is_empty();
        self.record = Some(next);
        self.opened_with = None;
        self.degraded = !stored;
        let replaced = self.replaced.take().filter(|_| stored);
        self.revoke(replaced.as_ref());
        if stored {
            self.place = Place::Stored;
            self.lost_swaps = 0;
        }
        if is_fresh {
            self.attempt = Attempt::default();
            self.error = None;
            self.rewrites = 0;
            self.rewrite_at = now.monotonic;
            self.ahead = false;
            let token = self.held().map(|record| record.access_token.clone());
            if stored {
                self.unlock();
            }
            self.settle_those(&Ok(token), &mut |_| true);
        } else {
            self.attempt.claim = None;
            self.settle_satisfied(now);
        }
        if stored {
            self.advance(now);
        } else {
            self.commit_again(now);
        }
        if abandoned {
            self.sign_out();
        }
    }

    /// Tries at once, while the lock and the claim still keep others from sending the old token, and then from time to time.
    fn commit_again(&mut self, now: &Now) {
        match self.record.clone() {
            Some(record) if self.rewrites < REWRITES_AT_ONCE => {
                self.rewrites += 1;
                self.changed();
                self.load_for(Phase::Committing(record));
            }
            _ => {
                if self.rewrite_at <= now.monotonic {
                    self.rewrite_later(now);
                }
                self.advance(now);
            }
        }
    }

    /// Goes on with what another holder has committed.
    fn adopt(&mut self, now: &Now, record: Rc<Record>) {
        self.take(record);
        self.settle_satisfied(now);
        self.advance(now);
    }

    fn take(&mut self, record: Rc<Record>) {
        self.sid = record.sid.as_str().into();
        self.record = Some(record);
        self.opened_with = None;
        self.place = Place::Stored;
        self.degraded = false;
        self.ahead = false;
        self.lost_swaps = 0;
        self.error = None;
        self.changed();
    }

    /// Gives every caller the token in hand, whatever validity it asked for.
    fn serve_all(&mut self) {
        let token = self.held().map(|record| record.access_token.clone());
        self.settle_those(&Ok(token), &mut |_| true);
        self.idle();
    }

    fn failed(&mut self, error: Error) {
        self.unlock();
        self.error = Some(error.clone());
        self.settle_those(&Err(error), &mut |_| true);
        self.idle();
    }

    fn over(&mut self, error: Error) {
        self.unlock();
        self.phase = Phase::Over;
        self.error = Some(error.clone());
        self.settle_those(&Err(error), &mut |_| true);
        self.changed();
    }

    /// Back to rest, if what is waited for is wanted by nobody any more.
    fn rest(&mut self) {
        if matches!(self.phase, Phase::Waiting { .. }) && self.callers.is_empty() {
            self.idle();
        }
    }

    fn idle(&mut self) {
        self.unlock();
        self.ahead = false;
        self.lockless = false;
        self.lost_swaps = 0;
        self.sends = 0;
        self.refused = None;
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

    fn load(&mut self) {
        self.load_for(Phase::Loading);
    }

    fn load_for(&mut self, phase: Phase) {
        self.phase = phase;
        self.outputs.push(Output::Load);
    }

    /// Writes what other holders should know beside the session that is stored.
    fn swap_attempt(&mut self, attempt: Attempt) {
        let record = self.record.clone().map(Stored::Live);
        let stored = record.unwrap_or_else(|| self.stored.clone());
        self.outputs.push(Output::Swap(Entry { stored, attempt }));
    }

    fn settle_satisfied(&mut self, now: &Now) {
        if let Some(record) = self.record.clone() {
            let token = Ok(Some(record.access_token.clone()));
            self.settle_those(&token, &mut |caller| caller.is_satisfied(&record, now));
        }
    }

    fn settle_those(
        &mut self,
        result: &Result<Option<AccessToken>, Error>,
        which: &mut dyn FnMut(&mut Caller) -> bool,
    ) {
        let outputs = &mut self.outputs;
        self.callers.retain_mut(|caller| {
            let is_settled = which(caller);
            if is_settled {
                outputs.push(Output::Settle {
                    caller: caller.id,
                    result: result.clone(),
                });
            }
            !is_settled
        });
    }

    fn settle(&mut self, caller: u32, result: Result<Option<AccessToken>, Error>) {
        self.outputs.push(Output::Settle { caller, result });
    }

    fn changed(&mut self) {
        self.outputs.push(Output::Changed);
    }

    fn standing(&self, generation: i64) -> Standing {
        standing(&self.sid, generation, &self.place, &self.stored)
    }

    /// The refresh token that would be sent.
    fn token(&self) -> Option<&RefreshToken> {
        let in_hand = self.record.as_ref();
        let in_hand = in_hand.and_then(|record| record.refresh_token.as_ref());
        self.opened_with.as_ref().or(in_hand)
    }

    /// What is known of the sends of that token.
    fn own_attempt(&self) -> Attempt {
        let token = self
            .token()
            .map_or_else(String::new, RefreshToken::fingerprint);
        if self.attempt.token == token {
            return self.attempt.clone();
        }
        Attempt {
            token,
            cooldown: self.attempt.cooldown.clone(),
            ..Attempt::default()
        }
    }

    /// What a holder is up to that opens a session with a foreign token: it outlives the session that is stored.
    fn others_attempt(&self) -> Attempt {
        let own = self.own_attempt();
        let claim = self.attempt.claim.as_ref();
        if claim.is_some_and(|claim| claim.holder != self.name) && own.token != self.attempt.token {
            self.attempt.clone()
        } else {
            Attempt::default()
        }
    }

    /// Another record of the same generation that is stored: two holders were answered, and that one was first.
    fn other_twin(&self) -> Option<Rc<Record>> {
        let ours = self.record.as_ref()?;
        match &self.stored {
            Stored::Live(other) => (other.sid == self.sid
                && other.generation == ours.generation
                && other.refresh_token != ours.refresh_token)
                .then(|| other.clone()),
            Stored::Empty | Stored::Ended { .. } | Stored::Corrupt | Stored::Newer => None,
        }
    }

    fn is_in_hand(&self, record: &Rc<Record>) -> bool {
        let ours = self.record.as_ref();
        ours.is_some_and(|ours| Rc::ptr_eq(ours, record))
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

    fn generation(&self) -> i64 {
        self.record.as_ref().map_or(0, |record| record.generation)
    }

    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. } | Phase::Over)
    }
}
