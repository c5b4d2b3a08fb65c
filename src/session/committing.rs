//! How a record gets into the store, and what another holder has put there instead.

use std::rc::Rc;

use super::{Phase, Session};
use crate::attempt::Attempt;
use crate::error::{Error, Reason};
use crate::event::Output;
use crate::record::{Entry, Place, Record, Standing, Stored};
use crate::token::{Now, fingerprint};

/// How often a record that could not be stored is written again at once; then after a second, two, and so on up to a
/// minute, but well within the time of a claim once a store answers nobody: then others begin to wait when it answers.
const REWRITES_AT_ONCE: u32 = 2;
const FIRST_REWRITE: i64 = 250;

impl Session {
    pub(super) fn committing_loaded(&mut self, now: &Now, next: Rc<Record>, is_read: bool) {
        let is_opening = self.record.is_none();
        if is_opening {
            if self.is_abandoned() {
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
            Standing::Newer if self.is_in_hand(&next) => self.barred(),
            Standing::Unknown | Standing::Newer => self.committed(now, next, false),
        }
    }

    /// Whether nobody waits any more for a login. A foreign refresh token that was sent is no good any more: what came for it is kept.
    fn is_abandoned(&self) -> bool {
        self.record.is_none() && self.opened_with.is_none() && self.callers.is_empty()
    }

    /// Writes the record in hand over an older one, or over the session whose place it takes.
    pub(super) fn commit_over(&mut self) {
        let Some(record) = self.record.clone() else {
            return;
        };
        if self.place == Place::Stored {
            self.commit(record);
        } else {
            self.commit_beside(&record);
        }
    }

    pub(super) fn commit_beside(&mut self, next: &Record) {
        let mut next = next.clone();
        next.generation = next.generation.max(self.stored.generation() + 1);
        if self.record.is_some() {
            for caller in &mut self.callers {
                caller.generation = next.generation;
            }
        }
        self.place = Place::Beside(self.stored.sid().map(fingerprint));
        self.replaced = match &self.stored {
            Stored::Live(record) if record.refresh_token != next.refresh_token => {
                record.refresh_token.clone()
            }
            Stored::Live(_)
            | Stored::Empty
            | Stored::Ended { .. }
            | Stored::Corrupt
            | Stored::Newer => None,
        };
        self.commit(Rc::new(next));
    }

    pub(super) fn commit(&mut self, next: Rc<Record>) {
        self.outputs.push(Output::Swap(Entry {
            stored: Stored::Live(next.clone()),
            attempt: self.others_attempt(),
        }));
        self.phase = Phase::Committing(next);
    }

    pub(super) fn committed(&mut self, now: &Now, next: Rc<Record>, stored: bool) {
        let before = self.record.as_ref().map(|record| &record.access_token);
        let is_fresh = before != Some(&next.access_token);
        let abandoned = self.is_abandoned();
        if stored {
            self.stored = Stored::Live(next.clone());
        }
        self.record = Some(next);
        self.opened_with = None;
        self.degraded = !stored;
        if stored {
            self.revoke_replaced();
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
    pub(super) fn commit_again(&mut self, now: &Now) {
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

    pub(super) fn rewrite_later(&mut self, now: &Now) {
        let mut pause = FIRST_REWRITE << self.rewrites.min(8);
        if self.blind {
            pause = pause.min(self.config.timeout / 2);
        }
        self.rewrite_at = now.monotonic + pause;
        self.rewrites += 1;
    }

    /// Goes on with what another holder has committed.
    pub(super) fn adopt(&mut self, now: &Now, record: Rc<Record>) {
        self.take(record);
        self.settle_satisfied(now);
        self.advance(now);
    }

    pub(super) fn take(&mut self, record: Rc<Record>) {
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

    /// Another record of the same generation that is stored: two holders were answered, and that one was first.
    pub(super) fn other_twin(&self) -> Option<Rc<Record>> {
        let ours = self.record.as_ref()?;
        let is_twin = |other: &&Rc<Record>| {
            other.sid == self.sid
                && other.generation == ours.generation
                && other.refresh_token != ours.refresh_token
        };
        self.stored.live().filter(is_twin).cloned()
    }

    pub(super) fn is_in_hand(&self, record: &Rc<Record>) -> bool {
        let ours = self.record.as_ref();
        ours.is_some_and(|ours| Rc::ptr_eq(ours, record))
    }
}
