//! The inputs and outputs of a session.
//!
//! Owns the vocabulary between a session and its edge: plain values, each input the end
//! of something that an output began or that a caller asked for. Knows nothing of how any
//! of it is performed.

use crate::error::Error;
use crate::record::Entry;
use crate::token::{AccessToken, LONGEST_LIFETIME, RefreshToken, TokenSet};

/// The store did not answer, or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreFailed {
    /// It may not the next time.
    Once,
    /// It says itself that it cannot be used.
    ForGood,
}

/// More than any token lives: whatever token comes after the one in hand is wanted.
pub const ANOTHER: i64 = 2 * LONGEST_LIFETIME;

/// How a session begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Opening {
    /// With the answer to a grant, whose parameters the edge has.
    Login,
    /// With what is stored; otherwise with the answer to a grant that one holder sends for all.
    RestoreOrLogin,
    /// With a refresh token: goes on with the stored session if it is one of its tokens.
    Resume(RefreshToken),
    /// With tokens from any other grant: goes on with the stored session if they are some of its own.
    Adopt(TokenSet),
    /// With what is stored, or not at all.
    Restore,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The first input of every session.
    Open {
        /// Settled when the session is open, or not to be had.
        caller: u32,
        /// From what.
        opening: Opening,
    },
    /// A caller wants an access token.
    Call {
        /// Settled with it.
        caller: u32,
        /// Milliseconds that the token must live on, or [`ANOTHER`].
        min_validity: i64,
        /// A token that will not do.
        rejected: Option<AccessToken>,
        /// Whether that is known by a 401 alone.
        unauthorized: bool,
    },
    /// A caller has gone. It is not settled any more.
    Abort(u32),
    /// The answer to [`Output::Read`].
    Read(Result<Entry, StoreFailed>),
    /// The answer to [`Output::CompareAndSet`]: whether it was done.
    CompareAndSet(Result<bool, StoreFailed>),
    /// The answer to [`Output::Lock`]: whether it is held now.
    Locked(bool),
    /// The answer to [`Output::Grant`] or [`Output::Refresh`].
    Replied(Result<TokenSet, Error>),
    /// The end of an [`Output::Revoke`], whatever the answer.
    Revoked,
    /// The stored record may have changed.
    Hint,
    /// The network may be back.
    Online,
    /// The moment that [`Session::wake_at`](crate::session::Session::wake_at) names has come.
    Woke,
    /// The user signs out.
    SignOut {
        /// Settled when the end is in the store and the revocation was answered, or when the store has failed for too long.
        caller: u32,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Read the store.
    Read,
    /// Replace what was read or written last.
    CompareAndSet(Entry),
    /// Take the lock of the key, if there is one.
    Lock {
        /// Milliseconds to wait for it at most.
        within: i64,
        /// The generation whose stored refresh token any other holder may send as well; 0 for none.
        renewing: i64,
    },
    /// Give the lock back.
    Unlock,
    /// Send the grant that opens the session (RFC 6749 section 4.3).
    Grant,
    /// Send a refresh request (RFC 6749 section 6).
    Refresh(RefreshToken),
    /// Send a revocation (RFC 7009 section 2.1).
    Revoke(RefreshToken),
    /// Answer a caller; an opening that found nothing has no token.
    Settle {
        /// Which one.
        caller: u32,
        /// With what.
        result: Result<Option<AccessToken>, Error>,
    },
    /// What [`Session`](crate::session::Session) shows has changed.
    Changed,
}

/// What a session shows of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<'a> {
    /// `active`, `refreshing`, `waiting` or `ended`.
    pub state: &'static str,
    /// Epoch milliseconds, where the server said so.
    pub expires_at: Option<i64>,
    /// What the server granted.
    pub scope: &'a str,
    /// Counts rotations.
    pub generation: i64,
    /// Why the session ended, or why the last refresh failed.
    pub error: Option<&'a Error>,
    /// The store fails, and the session lives in memory.
    pub degraded: bool,
}
