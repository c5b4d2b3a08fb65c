//! The tokens that a session has in hand.

use std::rc::Rc;

use crate::record::Record;
use crate::token::RefreshToken;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hand(Tokens);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tokens {
    /// The session is not open.
    None,
    /// It is being opened with tokens that were granted elsewhere, this refresh token among them.
    Adopted(Option<RefreshToken>),
    /// The refresh token that it is being opened with.
    Foreign(RefreshToken),
    /// The session's own.
    Record(Rc<Record>),
}

impl Hand {
    pub(super) fn empty() -> Self {
        Self(Tokens::None)
    }

    pub(super) fn put(&mut self, tokens: Tokens) {
        self.0 = tokens;
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.0
    }

    pub(super) fn record(&self) -> Option<&Rc<Record>> {
        match &self.0 {
            Tokens::Record(record) => Some(record),
            Tokens::None | Tokens::Adopted(_) | Tokens::Foreign(_) => None,
        }
    }

    pub(super) fn foreign(&self) -> Option<&RefreshToken> {
        match &self.0 {
            Tokens::Foreign(token) => Some(token),
            Tokens::None | Tokens::Adopted(_) | Tokens::Record(_) => None,
        }
    }

    /// What would be sent.
    pub(super) fn refresh_token(&self) -> Option<&RefreshToken> {
        match &self.0 {
            Tokens::None | Tokens::Adopted(_) => None,
            Tokens::Foreign(token) => Some(token),
            Tokens::Record(record) => record.refresh_token.as_ref(),
        }
    }

    /// The one that the session has, or is being opened with.
    pub(super) fn newest(&self) -> Option<&RefreshToken> {
        match &self.0 {
            Tokens::Adopted(token) => token.as_ref(),
            Tokens::None | Tokens::Foreign(_) | Tokens::Record(_) => self.refresh_token(),
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
}
