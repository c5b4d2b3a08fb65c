//! How a record gets into the store, and what another holder has put there instead.

use std::rc::Rc;

use super::{Aim, Common, Phase, Rewrite, Tokens};
use crate::attempt::Attempt;
use crate::error::{Error, Reason};
use crate::event::Output;
use crate::record::{Entry, Place, Record, Standing, Stored};
use crate::token::{Now, fingerprint};

impl Common {
    pub(super) fn committing_read(&mut self, now: &Now, next: Rc<Record>) -> Phase {
        let is_opening = self.hand.record().is_none();
        if is_opening {
            if self.is_abandoned() {
                self.revoke(next.refresh_token.as_ref());
                return self.over(Error::ended(Reason::SignedOut));
            }
            if !self.look.has_stored() {
                self.look.place = Place::Unread;
            }
        }
        match self.look.standing(&self.sid, next.generation - 1) {
            Standing::Behind(record) => self.catch_up(now, record),
            Standing::Over(reason) => {
                self.revoke(next.refresh_token.as_ref());
                self.over(Error::ended(reason))
            }
            Standing::Current => self.commit_over(next),
            Standing::Unknown if is_opening && !self.look.is_silent() => self.commit(next),
            Standing::Newer if self.hand.is(&next) => self.barred(),
            Standing::Unknown | Standing::Newer => self.committed(now, next, false),
        }
    }

    /// Whether no caller is left of a login. Not of a session that was opened with a foreign token: that is spent, and what
    /// came for it is kept.
    fn is_abandoned(&self) -> bool {
        matches!(self.hand.tokens(), Tokens::None) && self.callers.is_empty()
    }

    /// Writes a record over an older one, or over the session whose place it takes.
    pub(super) fn commit_over(&mut self, record: Rc<Record>) -> Phase {
        if self.look.has_stored() {
            self.commit(record)
        } else {
            self.commit_beside(&record)
        }
    }

    fn commit_beside(&mut self, next: &Record) -> Phase {
        let mut next = next.clone();
        next.generation = next.generation.max(self.look.stored.generation() + 1);
        if self.hand.record().is_some() {
            self.callers.renumber(next.generation);
        }
        self.look.place = Place::Beside(self.look.stored.sid().map(fingerprint));
        let other = self.look.stored.live();
        let other = other.filter(|record| record.refresh_token != next.refresh_token);
        self.replaced = other.and_then(|record| record.refresh_token.clone());
        self.commit(Rc::new(next))
    }

    pub(super) fn commit(&mut self, next: Rc<Record>) -> Phase {
        self.outputs.push(Output::CompareAndSet(Entry {
            stored: Stored::Live(next.clone()),
            attempt: self.contest.beside(self.hand.fingerprint()),
        }));
        Phase::Committing(next)
    }

    pub(super) fn committed(&mut self, now: &Now, next: Rc<Record>, stored: bool) -> Phase {
        let before = self.hand.record().map(|record| &record.access_token);
        let is_fresh = before != Some(&next.access_token);
        let is_abandoned = self.is_abandoned();
        self.hand.put(Tokens::Record(next.clone()));
        self.degraded = !stored;
        if stored {
            self.look.stored = Stored::Live(next.clone());
            self.look.place = Place::Stored;
            self.revoke_replaced();
            self.lost_writes = 0;
        }
        if is_fresh {
            self.contest.attempt = Attempt::default();
            self.error = None;
            self.rewrite = Rewrite::new(now);
            self.callers.prefetch = false;
            if stored {
                self.unlock();
            }
            self.settle_all(&Ok(Some(next.access_token.clone())));
        } else {
            self.contest.attempt.claim = None;
            self.settle_satisfied(now);
        }
        let phase = if stored {
            self.advance(now, Aim::Refresh)
        } else {
            self.commit_again(now, next)
        };
        if is_abandoned {
            self.sign_out(phase)
        } else {
            phase
        }
    }

    /// At once, while the lock and the claim still keep others from sending the old token, and then from time to time.
    fn commit_again(&mut self, now: &Now, record: Rc<Record>) -> Phase {
        if self.rewrite.at_once() {
            self.changed();
            return self.read_for(Phase::Committing(record));
        }
        if self.rewrite.is_due(now) {
            self.put_off_rewrite(now);
        }
        self.advance(now, Aim::Refresh)
    }

    /// While the store does not answer, well within the time of a claim: other holders begin to wait when it answers again.
    pub(super) fn put_off_rewrite(&mut self, now: &Now) {
        let longest = if self.look.is_silent() {
            self.config.timeout / 2
        } else {
            i64::MAX
        };
        self.rewrite.put_off(now, longest);
    }

    /// Goes on with what another holder has committed.
    pub(super) fn catch_up(&mut self, now: &Now, record: Rc<Record>) -> Phase {
        self.take(record);
        self.settle_satisfied(now);
        self.advance(now, Aim::Refresh)
    }

    pub(super) fn take(&mut self, record: Rc<Record>) {
        self.sid = record.sid.as_str().into();
        self.hand.put(Tokens::Record(record));
        self.look.place = Place::Stored;
        self.degraded = false;
        self.callers.prefetch = false;
        self.lost_writes = 0;
        self.error = None;
        self.changed();
    }
}
