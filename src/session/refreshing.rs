//! How the next token is asked for: past cool-downs, other holders and the lock, under a claim, and again if its answer is lost.

use std::mem;
use std::rc::Rc;

use super::contest::SEND_WITHIN;
use super::hand::Grant;
use super::opening::unreadable;
use super::{Aim, Commit, Common, Lock, Phase, Tokens};
use crate::error::{Code, Error, Reason};
use crate::event::Output;
use crate::record::{Entry, Stored};
use crate::token::{Now, TokenSet};

/// Milliseconds until a store is read again that could not be read, or has another's claim in it: whether it answers all
/// the while decides how long that counts.
const NEXT_LOOK: i64 = 1_000;
/// Milliseconds that a lock is waited for which could not be had the last time.
const SHORT_WAIT: i64 = 100;
/// How long after it was given, in milliseconds, a refresh token may still be unknown to a part of the server.
const YOUNG: i64 = 60_000;

impl Common {
    /// Goes on past everything that may stand before a send: a cool-down, another's claim, the lock.
    pub(super) fn advance(&mut self, now: &Now, aim: Aim) -> Phase {
        let is_refresh = matches!(aim, Aim::Refresh);
        self.callers.repeat &= self.may_still_repeat(now);
        if is_refresh && !self.callers.are_wanting() {
            return self.idle();
        }
        if !self.hand.is_sendable() {
            return self.unrenewed(now);
        }
        if is_refresh && self.cooling(now) > 0 {
            return self.wait_out_cooldown(now);
        }
        if self.must_be_readable() {
            if !self.look.is_silent() {
                self.end_attempt();
            }
            return self.wait(now.monotonic + NEXT_LOOK, aim);
        }
        if self.look.stored == Stored::Newer {
            return self.failed(unreadable());
        }
        if self.look.is_silent() {
            return self.send_unclaimed(now);
        }
        let wait = self.contest.wait(now, self.lock == Lock::Held);
        if !matches!(self.lock, Lock::Held | Lock::Denied) {
            return self.ask_for_lock(wait, aim);
        }
        if wait > 0 {
            self.unlock();
            return self.wait(now.monotonic + wait.min(NEXT_LOOK), aim);
        }
        match aim {
            Aim::End(refusal) => self.condemn(refusal),
            Aim::Refresh if self.does_without_claims(now) => self.send_unclaimed(now),
            Aim::Refresh if self.contest.unwritable().is_certain() => {
                self.end_attempt();
                self.wait(now.monotonic + NEXT_LOOK, Aim::Refresh)
            }
            Aim::Refresh => self.claim(now),
        }
    }

    /// Waits for the lock no longer than another holder may be sending.
    fn ask_for_lock(&mut self, wait: i64, aim: Aim) -> Phase {
        let longest = self.config.timeout + SEND_WITHIN;
        let within = match (&self.lock, wait) {
            (Lock::Doubtful, _) => SHORT_WAIT,
            (_, 0) => longest,
            (_, wait) => wait,
        };
        if self.lock.queue() {
            // What a 401 has asked for says so in its record, which only this holder can.
            let is_anyones = matches!(aim, Aim::Refresh) && !self.callers.is_unauthorized;
            let renewing = i64::from(is_anyones) * self.hand.generation();
            self.outputs.push(Output::Lock { within, renewing });
        }
        Phase::Locking(aim)
    }

    /// There is no refresh token: what is in hand is served while it may be valid.
    fn unrenewed(&mut self, now: &Now) -> Phase {
        let expired = Error::ended(Reason::Expired);
        if self.hand.record().is_none() || self.hand.lapses_at() <= now.monotonic {
            return self.over(expired);
        }
        self.settle_those(&Err(expired), &mut |caller| caller.wants_another());
        self.serve_all()
    }

    /// Whether nothing is sent before the store can be read: others may have the refresh token, and may have claimed it.
    fn must_be_readable(&self) -> bool {
        let is_unreadable = !self.look.stored.is_readable();
        is_unreadable && self.look.has_stored() || self.look.is_silent() && self.hand.is_everyones()
    }

    /// The lock may arrive after the session has moved on: it may be reading the store again, or have what it wanted.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others have moved on")]
    pub(super) fn locked(&mut self, now: &Now, phase: Phase, held: bool) -> Phase {
        self.lock = if held { Lock::Held } else { Lock::Denied };
        match phase {
            Phase::Reading(_) => phase,
            Phase::Locking(aim) if self.contest.has_rival() => self.read(aim),
            Phase::Locking(aim) => self.advance(now, aim),
            phase => {
                self.unlock();
                self.lock = Lock::Free;
                phase
            }
        }
    }

    /// Whether the token is sent without a claim: the store takes none, and nobody else has the token, or has waited.
    fn does_without_claims(&self, now: &Now) -> bool {
        let unwritable = self.contest.unwritable();
        let is_shared = self.look.has_stored() || self.hand.is_everyones();
        let is_own = unwritable.is_certain() && !is_shared;
        is_own || unwritable.is_long(now, self.config.timeout + SEND_WITHIN)
    }

    fn claim(&mut self, now: &Now) -> Phase {
        let has_lock = self.lock == Lock::Held;
        let timeout = self.config.timeout;
        self.contest
            .claim(self.hand.fingerprint(), now, timeout, has_lock);
        self.write_attempt();
        Phase::Claiming { at: *now }
    }

    /// Sends, unless so much time has passed that another may have taken over, or the store takes no claim: then it is read again.
    pub(super) fn claimed(&mut self, now: &Now, at: Now, done: bool) -> Phase {
        if !done {
            self.contest.claim_failed(now, self.config.timeout);
            self.degraded = true;
        }
        if !done || now.since(at) > SEND_WITHIN {
            return self.read(Aim::Refresh);
        }
        self.send()
    }

    /// Where the store has failed for so long, nothing but the lock keeps others from sending too.
    fn send_unclaimed(&mut self, now: &Now) -> Phase {
        self.contest.unclaimed(self.hand.fingerprint(), now);
        self.send()
    }

    pub(super) fn send(&mut self) -> Phase {
        self.contest.sent();
        self.callers.sent();
        self.outputs.push(match self.hand.refresh_token() {
            Some(token) => Output::Refresh(token.clone()),
            None => Output::Grant,
        });
        self.changed();
        Phase::Sending
    }

    pub(super) fn replied(
        &mut self,
        now: &Now,
        phase: Phase,
        reply: Result<TokenSet, Error>,
    ) -> Phase {
        if !matches!(phase, Phase::Sending) {
            if let Ok(tokens) = reply {
                self.revoke(tokens.refresh_token.as_ref());
            }
            return phase;
        }
        match (reply, self.hand.tokens()) {
            (Ok(tokens), Tokens::Record(record)) => {
                let mut next = record.rotated(tokens, *now);
                if self.callers.is_unauthorized {
                    next.unauthorized_at = Some(now.wall);
                }
                let next = Commit {
                    record: Rc::new(next),
                    is_fresh: true,
                };
                if self.look.stored.is_readable() && self.look.has_stored() {
                    self.commit(next)
                } else {
                    self.read_for(Phase::Committing(next))
                }
            }
            (Ok(tokens), _) => self.opened(tokens, now),
            (Err(error), Tokens::None | Tokens::Grant(Grant::Own) | Tokens::Adopted(_)) => {
                self.over(error)
            }
            (Err(error), Tokens::Record(_)) if error.ends_session() => {
                self.contest.not_granted();
                if self.is_young(now) && self.contest.ask_again(now) {
                    self.release(now, error)
                } else {
                    self.read(Aim::End(error))
                }
            }
            (Err(error), Tokens::Grant(Grant::Shared) | Tokens::Foreign(_) | Tokens::Record(_)) => {
                self.unsuccessful(now, error)
            }
        }
    }

    /// Sends again at once what may have been spent; otherwise makes way, and lets the server rest.
    fn unsuccessful(&mut self, now: &Now, error: Error) -> Phase {
        if !error.is_unanswered() {
            self.contest.not_granted();
        }
        let is_first = error.is_unanswered() && self.contest.lost_first();
        let is_late = error.code == Code::Timeout;
        if is_first && !is_late && self.is_repeated(now.monotonic, &error) {
            self.callers.repeat = true;
            return if self.contest.attempt.claim.is_some() {
                self.claim(now)
            } else {
                self.send_unclaimed(now)
            };
        }
        if !error.ends_session() {
            self.contest.cool_down(now, error.retry_after);
        }
        self.release(now, error)
    }

    /// Whether the token is sent again even if no caller waits: after the last send it may have been spent.
    fn is_repeated(&self, until: i64, error: &Error) -> bool {
        let is_spent = error.is_unanswered() && self.hand.refresh_token().is_some();
        is_spent
            && !error.asks_for_pause()
            && self.contest.may_repeat(until, self.config.reuse_window)
    }

    /// Whether it still is: in time, or since it is so young that the server may not know it yet.
    fn may_still_repeat(&self, now: &Now) -> bool {
        let window = self.config.reuse_window;
        self.contest.may_repeat(now.monotonic, window)
            || self.contest.attempt.refusals > 0 && self.is_young(now)
    }

    fn is_young(&self, now: &Now) -> bool {
        let record = self.hand.record();
        record.is_some_and(|record| record.validity.age(*now) < YOUNG)
    }

    /// Gives the claim back.
    pub(super) fn release(&mut self, now: &Now, error: Error) -> Phase {
        if self.contest.take_own() {
            self.write_attempt();
            Phase::Releasing(error)
        } else {
            self.rest_after(now, error)
        }
    }

    pub(super) fn rest_after(&mut self, now: &Now, error: Error) -> Phase {
        let is_asked_again = error.ends_session() && self.hand.record().is_some();
        let until = now.monotonic + self.cooling(now) + self.patience();
        self.callers.repeat = is_asked_again || self.is_repeated(until, &error);
        let retry = self.callers.repeat || error.retryable() || error.is_unanswered();
        self.make_way(now, error, retry)
    }

    /// Tells a refusal that ends nothing, since the store cannot say whether the refused token is still the stored one.
    pub(super) fn unproven(&mut self, now: &Now, refusal: Error) -> Phase {
        self.contest.cool_down(now, None);
        self.failed(refusal)
    }

    pub(super) fn wait_out_cooldown(&mut self, now: &Now) -> Phase {
        let paused = || {
            Error::new(
                Code::Unavailable,
                "a pause after failed requests is not over",
            )
        };
        let error = self.error.clone().unwrap_or_else(paused);
        self.make_way(now, error, true)
    }

    /// Waits through the cool-down with those who can, and tells the others.
    fn make_way(&mut self, now: &Now, mut error: Error, retry: bool) -> Phase {
        let cooling = self.cooling(now);
        let until = now.monotonic + cooling;
        self.callers.hold_up(false, now);
        if retry {
            error.retry_after = Some(((cooling + 999) / 1_000) as u32);
        }
        self.end_attempt();
        self.error = Some(error.clone());
        let is_repeat = self.callers.repeat;
        self.settle_those(&Err(error), &mut |caller| {
            !(retry && caller.can_wait(until, is_repeat))
        });
        self.wait(until + self.patience(), Aim::Refresh)
    }

    /// Those for whom a caller waits go first.
    fn patience(&self) -> i64 {
        if self.callers.is_empty() {
            NEXT_LOOK
        } else {
            0
        }
    }

    fn wait(&mut self, until: i64, aim: Aim) -> Phase {
        if !self.callers.is_waited_for() {
            return self.idle();
        }
        self.forget_lost_writes();
        self.contest.end_attempt();
        self.changed();
        if mem::take(&mut self.hinted) {
            self.read(aim)
        } else {
            Phase::Waiting { until, aim }
        }
    }

    /// The next attempt begins anew. The lock is kept while a token is not stored, or the store does not answer: others would
    /// presume this holder dead, and send its predecessor.
    pub(super) fn end_attempt(&mut self) {
        let unstored = self.hand.record().filter(|_| self.degraded);
        let is_unstored = unstored.is_some_and(|record| self.is_unstored(record));
        let is_barred = matches!(self.look.stored, Stored::Newer | Stored::Corrupt);
        if is_barred || !self.look.is_silent() && !is_unstored {
            self.unlock();
        }
        self.lock.end_attempt();
        self.contest.end_attempt();
    }

    /// Writes what other holders should know beside the session that is stored.
    fn write_attempt(&mut self) {
        let record = self.hand.record().cloned().map(Stored::Live);
        let stored = record.unwrap_or_else(|| self.look.stored.clone());
        self.outputs.push(Output::CompareAndSet(Entry {
            stored,
            attempt: self.contest.attempt,
        }));
    }
}
