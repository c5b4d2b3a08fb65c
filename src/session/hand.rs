//! The tokens that a session has in hand.

use std::rc::Rc;

use crate::record::Record;
use crate::token::{Now, RefreshToken};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hand {
    tokens: Tokens,
    /// Whether a grant that all holders have renews a record without a refresh token.
    repeats_grant: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tokens {
    /// The session is not open.
    None,
    /// It is being opened by a grant.
    Grant(Grant),
    /// It is being opened with tokens that were granted elsewhere, this refresh token among them.
    Adopted(Option<RefreshToken>),
    /// The refresh token that it is being opened with.
    Foreign(RefreshToken),
    /// The session's own.
    Record(Rc<Record>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Grant {
    /// For this session, whatever is stored.
    Own,
    /// That one holder sends for all, unless a session is stored.
    Shared,
}

/// Stands for the grant of all holders where a refresh token's fingerprint would.
pub(super) const GRANT: i64 = 1;

impl Hand {
    pub(super) fn empty(repeats_grant: bool) -> Self {
        Self {
            tokens: Tokens::None,
            repeats_grant,
        }
    }

    pub(super) fn put(&mut self, tokens: Tokens) {
        self.tokens = tokens;
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn record(&self) -> Option<&Rc<Record>> {
        match &self.tokens {
            Tokens::Record(record) => Some(record),
            Tokens::None | Tokens::Grant(_) | Tokens::Adopted(_) | Tokens::Foreign(_) => None,
        }
    }

    pub(super) fn foreign(&self) -> Option<&RefreshToken> {
        match &self.tokens {
            Tokens::Foreign(token) => Some(token),
            Tokens::None | Tokens::Grant(_) | Tokens::Adopted(_) | Tokens::Record(_) => None,
        }
    }

    /// What would be sent.
    pub(super) fn refresh_token(&self) -> Option<&RefreshToken> {
        match &self.tokens {
            Tokens::None | Tokens::Grant(_) | Tokens::Adopted(_) => None,
            Tokens::Foreign(token) => Some(token),
            Tokens::Record(record) => record.refresh_token.as_ref(),
        }
    }

    /// The one that the session has, or is being opened with.
    pub(super) fn newest(&self) -> Option<&RefreshToken> {
        match &self.tokens {
            Tokens::Adopted(token) => token.as_ref(),
            Tokens::None | Tokens::Grant(_) | Tokens::Foreign(_) | Tokens::Record(_) => {
                self.refresh_token()
            }
        }
    }

    /// Whether there is anything to send.
    pub(super) fn is_sendable(&self) -> bool {
        self.has_shared_grant() || self.refresh_token().is_some()
    }

    /// Whether a grant would be sent that all holders have.
    pub(super) fn has_shared_grant(&self) -> bool {
        match &self.tokens {
            Tokens::Grant(grant) => *grant == Grant::Shared,
            Tokens::Record(record) => self.repeats_grant && record.refresh_token.is_none(),
            Tokens::None | Tokens::Adopted(_) | Tokens::Foreign(_) => false,
        }
    }

    /// Whether the session goes on with a record: its access token has not expired for good, or there will be another.
    pub(super) fn can_go_on_with(&self, record: &Record, now: &Now) -> bool {
        self.repeats_grant || record.lapses_at() > now.monotonic
    }

    /// When the access token expires for good.
    pub(super) fn lapses_at(&self) -> i64 {
        match self.record() {
            Some(record) if !self.repeats_grant => record.lapses_at(),
            _ => i64::MAX,
        }
    }

    /// Whether other holders may have what would be sent, though it is in no store.
    pub(super) fn is_everyones(&self) -> bool {
        self.has_shared_grant() || self.foreign().is_some()
    }

    /// Of what would be sent; 0 for nothing.
    pub(super) fn fingerprint(&self) -> i64 {
        if self.has_shared_grant() {
            return GRANT;
        }
        let token = self.refresh_token();
        token.map_or(0, RefreshToken::fingerprint)
    }

    pub(super) fn generation(&self) -> i64 {
        self.record().map_or(0, |record| record.generation)
    }
}
