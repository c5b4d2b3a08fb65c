//! What a session and its requests need of a client's options.
//!
//! Every member is valid: `pkg-template/core/options.js` has checked it, where the platform's own
//! URL parser and expressions do that. Knows nothing of requests or sessions.

/// One client application at one authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// Asked for where a session begins; empty for none.
    pub scope: String,
    /// Whether the grant that opens the session can be sent again by itself, where there is no refresh token.
    pub repeats_grant: bool,
    /// Whether the server has an endpoint for revocations (RFC 7009).
    pub can_revoke: bool,
    /// How long one token request may take, body included, in milliseconds, at most an hour.
    pub timeout: i64,
    /// How long after it was first sent a refresh token whose answer was lost is sent again, in milliseconds, at most an hour.
    pub reuse_window: i64,
}
