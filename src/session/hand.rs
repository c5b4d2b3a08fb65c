//! The tokens that a session has in hand.

use std::rc::Rc;

use crate::record::Record;
use crate::token::RefreshToken;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hand {
    /// None: the session is not open.
    Empty,
    /// The refresh token that the session is being opened with.
    Foreign(RefreshToken),
    /// The session's own.
    Record(Rc<Record>),
}

impl Hand {
    pub(super) fn record(&self) -> Option<&Rc<Record>> {
        match self {
            Self::Record(record) => Some(record),
            Self::Empty | Self::Foreign(_) => None,
        }
    }

    pub(super) fn foreign(&self) -> Option<&RefreshToken> {
        match self {
            Self::Foreign(token) => Some(token),
            Self::Empty | Self::Record(_) => None,
        }
    }

    /// What would be sent.
    pub(super) fn refresh_token(&self) -> Option<&RefreshToken> {
        match self {
            Self::Empty => None,
            Self::Foreign(token) => Some(token),
            Self::Record(record) => record.refresh_token.as_ref(),
        }
    }

    /// Of what would be sent; 0 for nothing.
    pub(super) fn fingerprint(&self) -> i64 {
        let token = self.refresh_token();
        token.map_or(0, RefreshToken::fingerprint)
    }

    pub(super) fn generation(&self) -> i64 {
        self.record().map_or(0, |record| record.generation)
    }

    /// Whether it is this very record.
    pub(super) fn is(&self, record: &Rc<Record>) -> bool {
        self.record().is_some_and(|ours| Rc::ptr_eq(ours, record))
    }
}
