//! What can go wrong, as one value.
//!
//! Owns the error codes, which of them are worth retrying and which one proves
//! that a refresh token is dead. Knows nothing of requests, records or JavaScript.
//! Texts are fixed: what the server said is added by `pkg-template/core/port.js`.
//! RFC 6749 section 5.2, RFC 6750 section 3.1.

use std::ops::{Deref, DerefMut};

/// The discriminant of [`Error`], spelled as JavaScript sees it by [`Code::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The server refused the user's credentials or a refresh token.
    InvalidGrant,
    /// Any other OAuth error, or a 4xx that explains nothing.
    Refused,
    /// 429.
    RateLimited,
    /// 5xx, 408 or 425.
    Unavailable,
    /// No answer: offline, DNS, TLS, CORS.
    Network,
    /// No answer within the deadline.
    Timeout,
    /// The answer is no token response.
    InvalidResponse,
    /// The session is over; [`Error::reason`] says why.
    SessionEnded,
    /// This platform, or a record of another version, cannot be used.
    Unsupported,
}

impl Code {
    /// The code's public name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::Refused => "refused",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::InvalidResponse => "invalid_response",
            Self::SessionEnded => "session_ended",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `signout`, here or elsewhere.
    SignedOut,
    /// The server refused the refresh token that is still the stored one.
    InvalidGrant,
    /// The same, after an answer was lost: the server may have rotated the token then.
    ResponseLost,
    /// Another login took the session's place in the store.
    Replaced,
    /// The record was removed from the store.
    Removed,
    /// Its access token has expired, and there is no way to renew it.
    Expired,
}

impl Reason {
    const ALL: [Self; 6] = [
        Self::SignedOut,
        Self::InvalidGrant,
        Self::ResponseLost,
        Self::Replaced,
        Self::Removed,
        Self::Expired,
    ];

    /// The reason's public name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::InvalidGrant => "invalid_grant",
            Self::ResponseLost => "response_lost",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::Expired => "expired",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// What every rejected call carries. A pointer in size, since every result has room for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Error(Box<Details>);

/// The members of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Details {
    /// What kind of failure.
    pub code: Code,
    /// Why the session ended, for [`Code::SessionEnded`].
    pub reason: Option<Reason>,
    /// One sentence for the developer.
    pub text: &'static str,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Seconds after which the server wants to be asked again.
    pub retry_after: Option<u32>,
    /// Whether the request certainly never left.
    pub never_sent: bool,
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Error {
    /// An error of `code` with its sentence and nothing else.
    pub fn new(code: Code, text: &'static str) -> Self {
        Self(Box::new(Details {
            code,
            reason: None,
            text,
            status: None,
            retry_after: None,
            never_sent: false,
        }))
    }

    /// The end of a session.
    pub fn ended(reason: Reason) -> Self {
        let text = match reason {
            Reason::SignedOut => "the user signed out",
            Reason::InvalidGrant => "the server refused the refresh token",
            Reason::ResponseLost => "an answer was lost, and with it the next refresh token",
            Reason::Replaced => "another login took its place",
            Reason::Removed => "its record was removed from the store",
            Reason::Expired => "the access token has expired, and there is no refresh token",
        };
        let mut error = Self::new(Code::SessionEnded, text);
        error.reason = Some(reason);
        error
    }

    /// Whether the same call may succeed later without anything being changed.
    pub fn retryable(&self) -> bool {
        match self.code {
            Code::RateLimited | Code::Unavailable | Code::Network | Code::Timeout => true,
            Code::InvalidGrant
            | Code::Refused
            | Code::InvalidResponse
            | Code::SessionEnded
            | Code::Unsupported => false,
        }
    }

    /// Whether the server may have acted although no token response came: the connection broke, the deadline passed, a 2xx
    /// was no token response, or a gateway answered for it.
    pub fn is_unanswered(&self) -> bool {
        match self.code {
            Code::Network | Code::Timeout | Code::Unavailable => !self.never_sent,
            Code::InvalidResponse => matches!(self.status, Some(200..300)),
            Code::InvalidGrant
            | Code::Refused
            | Code::RateLimited
            | Code::SessionEnded
            | Code::Unsupported => false,
        }
    }

    /// Whether the server, or what answers for it, asks for a pause.
    pub fn asks_for_pause(&self) -> bool {
        self.retry_after.is_some()
            || !matches!(self.status, None | Some(200..300 | 500..=502 | 504..))
    }

    /// Whether this answer to a refresh says that the refresh token is dead: `invalid_grant` (RFC 6749 section 5.2), with
    /// 400 or one of the two that servers use instead.
    pub fn ends_session(&self) -> bool {
        self.code == Code::InvalidGrant && matches!(self.status, Some(400 | 401 | 403))
    }
}
