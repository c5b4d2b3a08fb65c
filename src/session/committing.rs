//! How a record gets into the store, and what another holder has put there instead.

use std::rc::Rc;

use super::{Aim, Commit, Common, Phase, Rewrite, Tokens, again};
use crate::error::{Error, Reason};
use crate::event::Output;
use crate::record::{Entry, Place, Record, Standing, Stored};
use crate::token::{Now, RefreshToken, fingerprint};

impl Common {
    pub(super) fn committing_read(&mut self, now: &Now, next: Commit) -> Phase {
        let is_opening = self.hand.record().is_none();
        if is_opening {
            if self.is_abandoned() {
                self.revoke(next.record.refresh_token.as_ref());
                return self.release(now, Error::ended(Reason::SignedOut));
            }
            if let Some(record) = self.joined(now, &next) {
                return self.catch_up(now, record);
            }
            if !self.look.has_stored() {
                self.look.place = Place::Unread;
            }
        }
        match self.look.standing(&self.sid, next.record.generation - 1) {
            Standing::Behind(record) => self.catch_up(now, record),
            Standing::Over(reason) => {
                // What took its place may be the next set of the same grant.
                if reason != Reason::Replaced {
                    self.revoke(next.record.refresh_token.as_ref());
                }
                self.over(Error::ended(reason))
            }
            Standing::Current => self.commit_over(next),
            Standing::Unknown if is_opening && !self.look.is_silent() => self.commit_over(next),
            Standing::Newer if !next.is_fresh => self.barred(),
            Standing::Unknown | Standing::Newer => self.committed(now, next, false),
        }
    }

    /// The stored session, if the tokens that were granted elsewhere are some of its own, or if another holder was quicker.
    fn joined(&mut self, now: &Now, next: &Commit) -> Option<Rc<Record>> {
        let stored = self.look.stored.live()?.clone();
        let token = next.record.refresh_token.as_ref();
        if self.hand.has_shared_grant() && self.hand.can_go_on_with(&stored, now) {
            self.revoke(token);
            return Some(stored);
        }
        let is_adopted = matches!(self.hand.tokens(), Tokens::Adopted(_));
        let is_known = token.is_some_and(|token| stored.knows(token));
        (is_adopted && is_known).then_some(stored)
    }

    /// Whether no caller is left of a login. Not of a session that was opened with a foreign token: that is spent, and what
    /// came for it is kept.
    fn is_abandoned(&self) -> bool {
        matches!(self.hand.tokens(), Tokens::Grant(_)) && self.callers.is_empty()
    }

    /// Writes a record over an older one, or over the session whose place it takes.
    pub(super) fn commit_over(&mut self, next: Commit) -> Phase {
        if self.look.has_stored() {
            self.commit(next)
        } else {
            self.commit_beside(&next)
        }
    }

    fn commit_beside(&mut self, next: &Commit) -> Phase {
        let mut record = Record::clone(&next.record);
        record.generation = record.generation.max(self.look.stored.generation() + 1);
        self.look.place = Place::Beside(self.look.stored.sid().map(fingerprint));
        if matches!(self.hand.tokens(), Tokens::Grant(_)) {
            self.replaced = self.superseded(&record);
        }
        self.commit(Commit {
            record: Rc::new(record),
            is_fresh: next.is_fresh,
        })
    }

    /// The refresh token of the session whose place a login takes. Only a login is certainly another grant: what was granted
    /// elsewhere may be the next set of the same.
    fn superseded(&self, next: &Record) -> Option<RefreshToken> {
        let token = self.look.stored.live()?.refresh_token.clone();
        token.filter(|token| next.refresh_token.as_ref() != Some(token))
    }

    pub(super) fn commit(&mut self, next: Commit) -> Phase {
        let token = self.hand.fingerprint();
        let attempt = if next.is_fresh {
            self.contest.beside(token, self.look.fingerprint())
        } else {
            self.contest.known_of(token)
        };
        self.outputs.push(Output::CompareAndSet(Entry {
            stored: Stored::Live(next.record.clone()),
            attempt,
        }));
        Phase::Committing(next)
    }

    pub(super) fn committed(&mut self, now: &Now, next: Commit, stored: bool) -> Phase {
        let Commit { record, is_fresh } = next;
        let is_abandoned = self.is_abandoned();
        self.hand.put(Tokens::Record(record.clone()));
        self.degraded = !stored;
        if stored {
            self.look.stored = Stored::Live(record.clone());
            self.look.place = Place::Stored;
            self.revoke_replaced();
            self.lost_writes = 0;
            self.unlock();
        }
        if is_fresh {
            self.contest.granted();
            self.error = None;
            self.rewrite = Rewrite::new(now);
            self.callers.forget_wishes();
            self.settle_all(&Ok(Some(record.access_token.clone())));
        } else {
            self.contest.attempt.claim = None;
            self.callers.renumber(record.generation);
            self.settle_satisfied(now);
        }
        let phase = if stored {
            self.advance(now, Aim::Refresh)
        } else {
            self.commit_again(now, record)
        };
        if is_abandoned {
            self.sign_out(now, phase)
        } else {
            phase
        }
    }

    /// At once, while the lock and the claim still keep others from sending the old token, and then from time to time.
    fn commit_again(&mut self, now: &Now, record: Rc<Record>) -> Phase {
        if self.rewrite.at_once() {
            self.changed();
            return self.read_for(Phase::Committing(again(record)));
        }
        if self.rewrite.is_due(now) {
            self.rewrite.put_off(now, self.config.timeout);
        }
        self.advance(now, Aim::Refresh)
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
        self.callers.forget_wishes();
        self.lost_writes = 0;
        self.error = None;
        self.changed();
    }
}
