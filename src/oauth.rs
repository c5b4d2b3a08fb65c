//! What the answers to token requests mean.
//!
//! Owns what a valid answer looks like, and which answer is which error. Knows nothing of
//! sessions, time or how bytes travel: `pkg-template/core/post.js` writes the forms. RFC 6749
//! section 5, RFC 9110 section 10.2.3 (Retry-After).

use std::fmt;

use crate::error::{Code, Error};
use crate::token::{AccessToken, LONGEST_LIFETIME, RefreshToken, TokenSet};

/// The longest Retry-After believed, in seconds: one hour.
const LONGEST_RETRY_AFTER: f64 = 3_600.0;

/// One member of a JSON object, as far as this crate cares.
#[derive(Clone, Default, PartialEq)]
pub enum Member {
    /// Not an own property.
    #[default]
    Missing,
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// Any other value.
    Other,
}

impl fmt::Debug for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Missing => "missing",
            Self::Text(_) => "[redacted]",
            Self::Number(_) => "a number",
            Self::Other => "another value",
        })
    }
}

impl Member {
    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Number(_) | Self::Other => None,
        }
    }

    /// The refresh token that it is, or that there is none, as an empty one says, too; nothing if it is something else.
    pub fn refresh_token(&self) -> Option<Option<RefreshToken>> {
        match self {
            Self::Missing => Some(None),
            Self::Text(text) if text.is_empty() => Some(None),
            Self::Text(text) => RefreshToken::parse(text).map(Some),
            Self::Number(_) | Self::Other => None,
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Missing | Self::Text(_) | Self::Other => None,
        }
    }
}

/// What came back for one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status; 0 for a redirect that the browser hides.
    pub status: u16,
    /// Retry-After, in seconds from now.
    pub retry_after: Option<f64>,
    /// Of the JSON object that the body is, if it is one of at most 64 KiB of UTF-8: `access_token`, `token_type`,
    /// `expires_in`, `refresh_token`, `scope`, `error`. The last two as they may be shown.
    pub members: [Member; 6],
}

/// What it means that no answer came: the connection failed, or the deadline passed.
pub fn no_answer(late: bool) -> Error {
    if late {
        Error::new(Code::Timeout, "the server did not answer in time")
    } else {
        Error::new(Code::Network, "the server did not answer")
    }
}

/// Judges the answer to a token request (RFC 6749 sections 5.1 and 5.2).
pub fn token_response(answer: &Answer) -> Result<TokenSet, Error> {
    let (code, text) = match answer.status {
        200 | 201 => match token_set(&answer.members) {
            Some(tokens) => return Ok(tokens),
            None if names_error(&answer.members) => {
                (Code::Refused, "the server refused the request")
            }
            None => (Code::InvalidResponse, "the answer is no token response"),
        },
        429 => (Code::RateLimited, "the server asks for fewer requests"),
        408 | 425 | 500.. => (Code::Unavailable, "the server cannot answer now"),
        400..500 => (Code::Refused, "the server refused the request"),
        0..200 | 202..400 => (Code::InvalidResponse, "the answer is no token response"),
    };
    let mut error = Error::new(code, text);
    error.status = Some(answer.status);
    if error.retryable() {
        error.retry_after = seconds(answer.retry_after);
    } else if code == Code::Refused {
        let [.., name] = &answer.members;
        if name.text() == Some("invalid_grant") {
            error.code = Code::InvalidGrant;
            error.text = "the server refused the credentials";
        }
    }
    Err(error)
}

/// Whether a member says what is wrong, as an error response does, whatever its status.
fn names_error([.., error]: &[Member; 6]) -> bool {
    error.text().is_some()
}

/// The token set in the members of an [`Answer`], if they are a valid one. Only what the RFC defines is looked at.
pub fn token_set(members: &[Member; 6]) -> Option<TokenSet> {
    let [
        access_token,
        token_type,
        expires_in,
        refresh_token,
        scope,
        ..,
    ] = members;
    if !token_type.text()?.eq_ignore_ascii_case("bearer") {
        return None;
    }
    Some(TokenSet {
        access_token: AccessToken::parse(access_token.text()?)?,
        refresh_token: refresh_token.refresh_token()?,
        lifetime: lifetime(expires_in),
        scope: scope.text().map(Into::into),
    })
}

/// `expires_in` in milliseconds: the whole seconds of a number, clamped to one year.
fn lifetime(expires_in: &Member) -> Option<i64> {
    let seconds = expires_in.number().filter(|seconds| seconds.is_finite())?;
    Some(((seconds.floor() * 1_000.0) as i64).clamp(0, LONGEST_LIFETIME))
}

fn seconds(retry_after: Option<f64>) -> Option<u32> {
    retry_after.map(|seconds| seconds.clamp(0.0, LONGEST_RETRY_AFTER).ceil() as u32)
}
