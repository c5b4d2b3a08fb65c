//! How a session begins: by a login, from what is stored, or with a foreign refresh token.

use std::rc::Rc;

use super::callers::Wanted;
use super::hand::Grant;
use super::{Aim, Commit, Common, Phase, Tokens};
use crate::error::{Code, Error, Reason};
use crate::event::Opening;
use crate::record::{Record, Stored};
use crate::token::{Now, TokenSet};

impl Common {
    pub(super) fn open(&mut self, now: &Now, id: u32, opening: Opening) -> Phase {
        self.queue(now, Wanted::for_at_least(id, 0));
        match opening {
            Opening::Login => {
                self.hand.put(Tokens::Grant(Grant::Own));
                self.read(Aim::Refresh)
            }
            Opening::RestoreOrLogin => {
                self.hand.put(Tokens::Grant(Grant::Shared));
                self.read(Aim::Refresh)
            }
            Opening::Adopt(tokens) => {
                let token = tokens.refresh_token.clone();
                self.hand.put(Tokens::Adopted(token));
                self.opened(tokens, now)
            }
            Opening::Restore => self.read(Aim::Refresh),
            Opening::Resume(token) => {
                self.hand.put(Tokens::Foreign(token));
                self.read(Aim::Refresh)
            }
        }
    }

    /// The first look at the store: a session to go on with, or none.
    pub(super) fn opening_read(&mut self, now: &Now) -> Phase {
        match (&self.look.stored, self.hand.tokens()) {
            (Stored::Unusable, Tokens::Grant(_)) => self.over(no_store()),
            (_, Tokens::Grant(Grant::Own)) if self.callers.is_empty() => self.given_up(),
            (_, Tokens::Grant(Grant::Own)) => self.send(),
            (Stored::Live(record), Tokens::None | Tokens::Grant(_))
                if self.hand.can_go_on_with(record, now) =>
            {
                self.take(record.clone());
                self.serve_all()
            }
            (Stored::Live(record), Tokens::Foreign(token)) if record.knows(token) => {
                self.resume(now, record.clone())
            }
            (_, Tokens::Foreign(_) | Tokens::Grant(_)) => self.advance(now, Aim::Refresh),
            (Stored::Silent | Stored::Unusable, _) => self.over(no_store()),
            (stored, _) => {
                if !stored.is_readable() {
                    self.error = Some(unreadable());
                }
                self.changed();
                self.settle_all(&Ok(None));
                Phase::Absent
            }
        }
    }

    /// Refreshes the stored session, unless another holder has opened it since the first look.
    fn resume(&mut self, now: &Now, record: Rc<Record>) -> Phase {
        if !self.contest.has_begun() {
            self.callers.want_another(record.generation);
        }
        self.catch_up(now, record)
    }

    pub(super) fn opened(&mut self, tokens: TokenSet, now: &Now) -> Phase {
        let token = self.hand.foreign().cloned();
        let record = Record::first(&self.sid, tokens, &self.config.scope, token, *now);
        let next = Commit {
            record: Rc::new(record),
            is_fresh: true,
        };
        let was_read = !matches!(self.hand.tokens(), Tokens::Adopted(_));
        if was_read && !self.look.is_silent() {
            self.committing_read(now, next)
        } else {
            self.read_for(Phase::Committing(next))
        }
    }

    /// No caller of the opening is left.
    pub(super) fn given_up(&mut self) -> Phase {
        let failure = self.error.clone();
        self.over(failure.unwrap_or_else(|| Error::ended(Reason::SignedOut)))
    }
}

/// While the store does not answer.
pub(super) fn no_store() -> Error {
    Error::new(Code::Unavailable, "the store does not answer")
}

pub(super) fn unreadable() -> Error {
    Error::new(Code::Unsupported, "the stored session cannot be read")
}
