//! How a session begins: by a login, from what is stored, or with a foreign refresh token.

use std::rc::Rc;

use super::{Phase, Session};
use crate::caller::ANOTHER;
use crate::error::{Code, Error};
use crate::event::{Opening, Output};
use crate::record::{Record, Stored};
use crate::token::{Now, TokenSet};

impl Session {
    pub(super) fn open(&mut self, now: &Now, id: u32, opening: Opening) {
        self.queue(now, id, 0);
        match opening {
            Opening::Login(request) => {
                self.outputs.push(Output::Send(request));
                self.phase = Phase::Sending;
            }
            Opening::Adopt(tokens) => self.opened(tokens, now),
            Opening::Restore => self.load(),
            Opening::Resume(token) => {
                self.opened_with = Some(token);
                self.load();
            }
        }
    }

    /// The first look at the store: a session to go on with, one to join, or none.
    pub(super) fn opening_loaded(&mut self, now: &Now, is_read: bool) {
        match (&self.stored, &self.opened_with) {
            (Stored::Live(record), None) => {
                self.take(record.clone());
                self.serve_all();
            }
            (Stored::Live(record), Some(token)) if record.knows(token) => {
                self.join(now, record.clone());
            }
            (_, Some(_)) => self.advance(now),
            (_, None) if !is_read => self.over(no_store()),
            (stored, None) => {
                if !stored.is_readable() {
                    self.error = Some(unreadable());
                }
                self.phase = Phase::Over;
                self.changed();
                self.settle_those(&Ok(None), &mut |_| true);
            }
        }
    }

    /// Refreshes the stored session, unless another holder has opened it since the first look.
    fn join(&mut self, now: &Now, record: Rc<Record>) {
        if self.rival.is_none() && self.claims == 0 {
            for caller in &mut self.callers {
                caller.min_validity = ANOTHER;
                caller.generation = record.generation;
            }
        }
        self.adopt(now, record);
    }

    pub(super) fn opened(&mut self, tokens: TokenSet, now: &Now) {
        let token = self.opened_with.clone();
        let record = Record::first(&self.sid, tokens, &self.config.scope, token, *now);
        self.load_for(Phase::Committing(Rc::new(record)));
    }
}

/// While the store does not answer.
pub(super) fn no_store() -> Error {
    Error::new(Code::Unavailable, "the store does not answer")
}

pub(super) fn unreadable() -> Error {
    Error::new(Code::Unsupported, "the stored session cannot be read")
}
