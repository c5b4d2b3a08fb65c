//! What the last look at the store has shown.

use std::rc::Rc;

use crate::event::StoreFailed;
use crate::record::{Place, Record, Standing, Stored, standing};
use crate::token::RefreshToken;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Look {
    pub(super) stored: Stored,
    /// Of this session.
    pub(super) place: Place,
}

impl Look {
    pub(super) fn new() -> Self {
        Self {
            stored: Stored::Empty,
            place: Place::Unread,
        }
    }

    pub(super) fn failed(&mut self, failed: StoreFailed) {
        self.stored = match failed {
            StoreFailed::Once => Stored::Silent,
            StoreFailed::ForGood => Stored::Unusable,
        };
    }

    /// Whether the store did not answer.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self.stored, Stored::Silent | Stored::Unusable)
    }

    /// Whether the session is, or was, what is stored.
    pub(super) fn has_stored(&self) -> bool {
        self.place == Place::Stored
    }

    /// Of the stored refresh token; 0 for none.
    pub(super) fn fingerprint(&self) -> i64 {
        let token = self.stored.live();
        let token = token.and_then(|record| record.refresh_token.as_ref());
        token.map_or(0, RefreshToken::fingerprint)
    }

    pub(super) fn standing(&self, sid: &str, generation: i64) -> Standing {
        standing(sid, generation, self.place, &self.stored)
    }

    /// The stored record, if it is of this session.
    pub(super) fn live(&self, sid: &str) -> Option<&Rc<Record>> {
        self.stored.live().filter(|record| record.sid == sid)
    }

    /// Another record of the same generation that is stored: two holders were answered, and that one was first.
    pub(super) fn other_twin(&self, ours: &Record) -> Option<Rc<Record>> {
        let is_twin = |other: &&Rc<Record>| {
            other.generation == ours.generation && other.refresh_token != ours.refresh_token
        };
        self.live(&ours.sid).filter(is_twin).cloned()
    }
}
