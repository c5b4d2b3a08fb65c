//! How the next token is asked for: past cool-downs, other holders and the lock, under a claim, and again if its answer is lost.

use std::mem;
use std::rc::Rc;

use super::burst::Burst;
use super::contest::SEND_WITHIN;
use super::{Aim, Common, Lock, Phase, Tokens};
use crate::error::{Code, Error};
use crate::event::Output;
use crate::oauth;
use crate::record::{Entry, Stored};
use crate::token::{Now, TokenSet};

/// Milliseconds until a store is read again that could not be read, or has another's claim in it: whether it answers all
/// the while decides how long that counts.
const NEXT_LOOK: i64 = 1_000;

impl Common {
    /// Goes on past everything that may stand before a send: a cool-down, another's claim, the lock.
    pub(super) fn advance(&mut self, now: &Now, aim: Aim) -> Phase {
        let is_refresh = matches!(aim, Aim::Refresh);
        if is_refresh && !self.callers.are_wanting() {
            return self.idle();
        }
        if self.hand.refresh_token().is_none() {
            return self.failed(Error::new(
                Code::SessionEnded,
                "the access token has expired, and the server gave no refresh token",
            ));
        }
        if is_refresh && self.cooling(now) > 0 {
            let paused = || Error::new(Code::Unavailable, "the server has asked for a pause");
            let error = self.error.clone().unwrap_or_else(paused);
            return self.wait_out_cooldown(now, error, true);
        }
        if self.look.is_silent() && self.is_shared() {
            return self.wait(now.monotonic + NEXT_LOOK, aim);
        }
        if !self.look.stored.is_readable() {
            return self.send_unclaimed(now);
        }
        let wait = self.contest.wait(now, self.lock == Lock::Held);
        if matches!(self.lock, Lock::Free | Lock::Queued) {
            return self.ask_for_lock(wait, aim);
        }
        if wait > 0 {
            self.unlock();
            self.callers.extend_deadlines(i64::MAX, self.config.timeout);
            return self.wait(now.monotonic + wait.min(NEXT_LOOK), aim);
        }
        match aim {
            Aim::End(refusal) => self.condemn(refusal),
            Aim::Refresh if self.contest.is_claimless() => self.send_unclaimed(now),
            Aim::Refresh => self.claim(now),
        }
    }

    /// Waits for the lock no longer than another holder may be sending.
    fn ask_for_lock(&mut self, wait: i64, aim: Aim) -> Phase {
        let within = if wait > 0 {
            wait
        } else {
            self.config.timeout + SEND_WITHIN
        };
        if self.lock.queue() {
            self.outputs.push(Output::Lock { within });
        }
        Phase::Locking(aim)
    }

    /// Whether others may have the refresh token: it was stored, or came from elsewhere.
    fn is_shared(&self) -> bool {
        self.look.has_stored() || self.hand.foreign().is_some()
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
            self.contest.claim_failed();
            self.degraded = true;
        }
        if !done || now.since(at) > SEND_WITHIN {
            return self.read(Aim::Refresh);
        }
        self.send(now)
    }

    /// Where the store fails, nothing but the lock keeps others from sending too.
    fn send_unclaimed(&mut self, now: &Now) -> Phase {
        self.contest.unclaim(self.hand.fingerprint());
        self.send(now)
    }

    fn send(&mut self, now: &Now) -> Phase {
        let Some(token) = self.hand.refresh_token() else {
            return self.read(Aim::Refresh);
        };
        let request = oauth::refresh_request(&self.config, token);
        self.hand.burst.sent(now);
        self.callers.sent();
        self.outputs.push(Output::Send(request));
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
            (Ok(tokens), Tokens::None | Tokens::Foreign(_)) => self.opened(tokens, now),
            (Ok(tokens), Tokens::Record(record)) => {
                let next = Rc::new(record.rotated(tokens, *now));
                if self.look.stored.is_readable() && self.look.has_stored() {
                    self.commit(next)
                } else {
                    self.read_for(Phase::Committing(next))
                }
            }
            (Err(error), Tokens::None) => self.over(error),
            (Err(error), Tokens::Record(_)) if error.ends_session() => self.read(Aim::End(error)),
            (Err(error), Tokens::Foreign(_) | Tokens::Record(_)) => self.unsuccessful(now, error),
        }
    }

    /// Sends again what may have been spent, while the server may still allow that; otherwise makes way, and lets the server rest.
    fn unsuccessful(&mut self, now: &Now, error: Error) -> Phase {
        if error.is_lost_answer() {
            let attempt = &mut self.contest.attempt;
            let first = self.hand.burst.first().wall;
            attempt.unanswered_since.get_or_insert(first);
            let may_go_on = attempt.cooldown.is_none();
            let is_claimed = attempt.claim.is_some();
            if may_go_on && self.hand.burst.goes_on(now, self.config.reuse_window) {
                return if is_claimed {
                    self.claim(now)
                } else {
                    self.send(now)
                };
            }
        }
        if !error.ends_session() {
            self.contest.cool_down(now, error.retry_after);
        }
        if self.contest.attempt.claim.take().is_some() {
            self.write_attempt();
            Phase::Releasing(error)
        } else {
            self.rest_after(now, error)
        }
    }

    pub(super) fn rest_after(&mut self, now: &Now, error: Error) -> Phase {
        let retry = error.retryable() || error.is_lost_answer();
        self.wait_out_cooldown(now, error, retry)
    }

    /// Tells a refusal that ends nothing, since the store cannot say whether the refused token is still the stored one.
    pub(super) fn unproven(&mut self, now: &Now, refusal: Error) -> Phase {
        self.contest.cool_down(now, None);
        self.failed(refusal)
    }

    /// Waits through the cool-down with those who can, and tells the others.
    fn wait_out_cooldown(&mut self, now: &Now, mut error: Error, retry: bool) -> Phase {
        let cooling = self.cooling(now);
        let until = now.monotonic + cooling;
        if retry {
            error.retry_after = Some(((cooling + 999) / 1_000) as u32);
        }
        self.end_attempt();
        self.error = Some(error.clone());
        let timeout = self.config.timeout;
        self.settle_those(&Err(error), &mut |caller| {
            !(retry && caller.can_wait(until, timeout))
        });
        self.wait(until, Aim::Refresh)
    }

    fn wait(&mut self, until: i64, aim: Aim) -> Phase {
        if self.callers.is_empty() {
            return self.idle();
        }
        self.lost_writes = 0;
        self.changed();
        if mem::take(&mut self.hinted) {
            self.read(aim)
        } else {
            Phase::Waiting { until, aim }
        }
    }

    /// The next attempt begins anew. The lock is kept while the store does not answer: others would presume this holder
    /// dead, and it may have a token that could not be stored.
    pub(super) fn end_attempt(&mut self) {
        if !self.look.is_silent() {
            self.unlock();
        }
        self.hand.burst = Burst::default();
        self.lock.forget_denial();
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
