//! The tokens that a session has in hand, and the sends of the refresh token among them.

use std::rc::Rc;

use super::burst::Burst;
use crate::record::Record;
use crate::token::RefreshToken;

/// A burst goes with its refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hand {
    tokens: Tokens,
    pub(super) burst: Burst,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tokens {
    /// The session is not open.
    None,
    /// The refresh token that it is being opened with.
    Foreign(RefreshToken),
    /// The session's own.
    Record(Rc<Record>),
}

impl Hand {
    pub(super) fn empty() -> Self {
        Self {
            tokens: Tokens::None,
            burst: Burst::default(),
        }
    }

    /// Takes these tokens instead. A record in which the refresh token stays the same changes nothing about its sends.
    pub(super) fn put(&mut self, tokens: Tokens) {
        let before = self.fingerprint();
        self.tokens = tokens;
        if self.fingerprint() != before {
            self.burst = Burst::default();
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn record(&self) -> Option<&Rc<Record>> {
        match &self.tokens {
            Tokens::Record(record) => Some(record),
            Tokens::None | Tokens::Foreign(_) => None,
        }
    }

    pub(super) fn foreign(&self) -> Option<&RefreshToken> {
        match &self.tokens {
            Tokens::Foreign(token) => Some(token),
            Tokens::None | Tokens::Record(_) => None,
        }
    }

    /// What would be sent.
    pub(super) fn refresh_token(&self) -> Option<&RefreshToken> {
        match &self.tokens {
            Tokens::None => None,
            Tokens::Foreign(token) => Some(token),
            Tokens::Record(record) => record.refresh_token.as_ref(),
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
