//! How the next token is asked for: past cool-downs, other holders and the lock, under a claim, and again if its answer is lost.

use std::mem;
use std::rc::Rc;

use super::{Phase, Session};
use crate::attempt::{Attempt, Claim, Cooldown};
use crate::error::{Code, Error};
use crate::event::Output;
use crate::oauth;
use crate::record::{Entry, Place, Stored};
use crate::token::{Now, RefreshToken, TokenSet};

/// Sends in a row of a token whose answer is lost.
const SENDS: u8 = 3;
/// Claims in a row that the store does not take before the token is sent without.
const CLAIMS: u8 = 2;
/// Milliseconds after a claim within which its holder may send.
const SEND_WITHIN: i64 = 1_000;
/// Milliseconds until a store is read again that could not be read, or has another's claim in it: whether it answers all
/// the while decides how long that counts.
const NEXT_LOOK: i64 = 1_000;

impl Session {
    /// Goes for the next token, past everything that may stand before a send: a cool-down, another's claim, the lock.
    pub(super) fn advance(&mut self, now: &Now) {
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
        if self.blind && self.is_shared() {
            return self.wait(now.monotonic + NEXT_LOOK);
        }
        if !self.writable {
            return self.send_unclaimed(now);
        }
        let wait = self.kept_out(now);
        if !self.locked && !self.lockless {
            let within = if wait > 0 {
                wait
            } else {
                self.config.timeout + SEND_WITHIN
            };
            if !mem::replace(&mut self.queued, true) {
                self.outputs.push(Output::Lock { within });
            }
            self.phase = Phase::Locking;
        } else if wait > 0 {
            self.unlock();
            let timeout = self.config.timeout;
            self.dismiss(None, &mut |caller| {
                caller.be_patient(timeout);
                false
            });
            self.wait(now.monotonic + wait.min(NEXT_LOOK));
        } else if self.refused.is_some() {
            self.condemn();
        } else if self.claimless >= CLAIMS {
            self.send_unclaimed(now);
        } else {
            self.claim(now);
        }
    }

    /// How much longer another holder may be sending. One whose claim was made under the lock that is held here is gone.
    pub(super) fn kept_out(&mut self, now: &Now) -> i64 {
        let Some(claim) = self.attempt.claim else {
            return 0;
        };
        if claim.holder == self.holder || self.locked && claim.locked {
            return 0;
        }
        match self.rival {
            Some((rival, until)) if rival == claim => (until - now.monotonic).max(0),
            _ => {
                self.rival = Some((claim, now.monotonic + claim.duration));
                claim.duration
            }
        }
    }

    /// Whether others may have the refresh token: it was stored, or came from elsewhere.
    fn is_shared(&self) -> bool {
        self.place == Place::Stored || self.opened_with.is_some()
    }

    /// Whether another holder has claimed the send.
    fn is_claimed(&self) -> bool {
        let claim = self.attempt.claim;
        claim.is_some_and(|claim| claim.holder != self.holder)
    }

    /// Whoever was queued may be looking at the store, because of a hint, or may have what it wanted by now.
    pub(super) fn granted(&mut self, now: &Now, held: bool) {
        self.queued = false;
        let is_looking = matches!(self.phase, Phase::Loading);
        if !is_looking && !matches!(self.phase, Phase::Locking) {
            if held {
                self.outputs.push(Output::Unlock);
            }
            return;
        }
        self.locked = held;
        self.lockless = !held;
        if is_looking {
            return;
        }
        if self.is_claimed() {
            self.load();
        } else {
            self.advance(now);
        }
    }

    /// Whoever takes over from another's claim cannot know whether that one has sent.
    pub(super) fn claim(&mut self, now: &Now) {
        self.attempt = self.own_attempt();
        if self.is_claimed() {
            self.attempt.unanswered_since.get_or_insert(now.wall);
        }
        self.claims += 1;
        self.attempt.claim = Some(Claim {
            holder: self.holder,
            number: self.claims,
            duration: self.config.timeout + SEND_WITHIN,
            locked: self.locked,
        });
        self.swap_attempt();
        self.phase = Phase::Claiming { at: *now };
    }

    /// Sends, unless so much time has passed that another may have taken over, or the store takes no claim: then it is read again.
    pub(super) fn claimed(&mut self, now: &Now, at: Now, done: bool) {
        self.claimless += u8::from(!done);
        self.degraded |= !done;
        if !done || now.since(at) > SEND_WITHIN {
            return self.load();
        }
        self.send(now);
    }

    /// Where the store fails, nothing but the lock keeps others from sending too.
    fn send_unclaimed(&mut self, now: &Now) {
        self.attempt = self.own_attempt();
        self.attempt.claim = None;
        self.send(now);
    }

    pub(super) fn send(&mut self, now: &Now) {
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

    pub(super) fn replied(&mut self, now: &Now, reply: Result<TokenSet, Error>) {
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
    pub(super) fn unsuccessful(&mut self, now: &Now, error: Error) {
        if error.is_lost_answer() {
            self.attempt
                .unanswered_since
                .get_or_insert(self.first_sent.wall);
            let in_time = now.since(self.first_sent) < self.config.reuse_window;
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
            self.swap_attempt();
            self.phase = Phase::Releasing(error);
        } else {
            self.rest_after(now, error);
        }
    }

    pub(super) fn rest_after(&mut self, now: &Now, error: Error) {
        let retry = error.retryable() || error.is_lost_answer();
        self.pause(now, error, retry);
    }

    /// Tells a refusal that ends nothing, since the store cannot say whether the refused token is still the stored one.
    pub(super) fn unproven(&mut self, now: &Now, refusal: Error) {
        self.cool(now, None);
        self.failed(refusal);
    }

    pub(super) fn cool(&mut self, now: &Now, retry_after: Option<u32>) {
        let failures = self.attempt.failures() + 1;
        self.dice = self
            .dice
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(1);
        let random = (self.dice >> 32) as u32;
        self.attempt.cooldown = Some(Cooldown::new(now.wall, failures, retry_after, random));
    }

    /// Waits through the cool-down with those who can, and tells the others.
    pub(super) fn pause(&mut self, now: &Now, mut error: Error, retry: bool) {
        let cooling = self.attempt.cooling(now.wall);
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
        self.wait(until);
    }

    pub(super) fn wait(&mut self, until: i64) {
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

    /// The next attempt begins anew. While the store does not answer the lock is kept: whoever got it would take its holder
    /// for gone, which may have a token that could not be stored.
    pub(super) fn end_attempt(&mut self) {
        if !self.blind {
            self.unlock();
        }
        self.sends = 0;
        self.lockless = false;
        self.claimless = 0;
    }

    /// Writes what other holders should know beside the session that is stored.
    pub(super) fn swap_attempt(&mut self) {
        let record = self.record.clone().map(Stored::Live);
        let stored = record.unwrap_or_else(|| self.stored.clone());
        self.outputs.push(Output::Swap(Entry {
            stored,
            attempt: self.attempt,
        }));
    }

    /// The refresh token that would be sent.
    pub(super) fn token(&self) -> Option<&RefreshToken> {
        let in_hand = self.record.as_ref();
        let in_hand = in_hand.and_then(|record| record.refresh_token.as_ref());
        self.opened_with.as_ref().or(in_hand)
    }

    /// What is known of the sends of that token.
    pub(super) fn own_attempt(&self) -> Attempt {
        let token = self.token().map_or(0, RefreshToken::fingerprint);
        if self.attempt.token == token {
            return self.attempt;
        }
        Attempt {
            token,
            cooldown: self.attempt.cooldown,
            ..Attempt::default()
        }
    }

    /// What a holder is up to that opens a session with a foreign token: it outlives the session that is stored.
    pub(super) fn others_attempt(&self) -> Attempt {
        if self.is_claimed() && self.own_attempt().token != self.attempt.token {
            self.attempt
        } else {
            Attempt::default()
        }
    }
}
