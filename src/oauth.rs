//! Token requests and what their answers mean, in pairs of pure functions.
//!
//! Owns the wire: which fields are sent, what a valid answer looks like, which answer is
//! which error. Knows nothing of sessions, time or how bytes travel. RFC 6749 sections
//! 3.2, 4.3, 5 and 6 and appendix B, RFC 7009, RFC 9110 section 10.2.3 (Retry-After).

use std::{fmt, rc::Rc};

use crate::config::Config;
use crate::error::{Code, Error, ServerError};
use crate::token::{AccessToken, LONGEST_LIFETIME, RefreshToken, TokenSet};

/// The longest Retry-After believed, in seconds: one hour.
const LONGEST_RETRY_AFTER: f64 = 3_600.0;
const LONGEST_DESCRIPTION: usize = 256;

/// A form-encoded POST. Its body holds secrets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// The endpoint.
    pub url: String,
    /// Value of the `tenant` header, where there is one.
    pub tenant: Option<String>,
    /// `application/x-www-form-urlencoded`.
    pub body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "POST {} [redacted]", self.url)
    }
}

/// The password grant (RFC 6749 section 4.3.2).
pub fn password_request(config: &Config, username: &str, password: &str) -> Request {
    request(
        config,
        &config.token_endpoint,
        &[
            ("grant_type", "password"),
            ("client_id", &config.public_key),
            ("username", username),
            ("password", password),
            ("scope", &config.scope),
        ],
    )
}

/// The refresh grant (RFC 6749 section 6).
pub fn refresh_request(config: &Config, refresh_token: &RefreshToken) -> Request {
    request(
        config,
        &config.token_endpoint,
        &[
            ("grant_type", "refresh_token"),
            ("client_id", &config.public_key),
            ("refresh_token", refresh_token.reveal()),
        ],
    )
}

/// A revocation (RFC 7009 section 2.1), where the server has an endpoint for it.
pub fn revocation_request(config: &Config, refresh_token: &RefreshToken) -> Option<Request> {
    let url = config.revocation_endpoint.as_ref()?;
    Some(request(
        config,
        url,
        &[
            ("token", refresh_token.reveal()),
            ("token_type_hint", "refresh_token"),
            ("client_id", &config.public_key),
        ],
    ))
}

fn request(config: &Config, url: &str, fields: &[(&str, &str)]) -> Request {
    let mut body = String::new();
    for (name, value) in fields {
        if value.is_empty() {
            continue;
        }
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        push_form_encoded(&mut body, value);
    }
    Request {
        url: url.into(),
        tenant: config.tenant.clone(),
        body,
    }
}

/// Appends `text` in `application/x-www-form-urlencoded` form (RFC 6749 appendix B).
pub fn push_form_encoded(form: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            form.push(char::from(byte));
        } else if byte == b' ' {
            form.push('+');
        } else {
            form.push('%');
            for digit in [byte >> 4, byte & 15] {
                form.push(char::from(if digit < 10 {
                    b'0' + digit
                } else {
                    b'A' - 10 + digit
                }));
            }
        }
    }
}

/// One member of a JSON object, as far as this crate cares.
#[derive(Clone, Debug, Default, PartialEq)]
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

impl Member {
    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Number(_) | Self::Other => None,
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

/// The members of a token response or of an error response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// Section 5.1.
    pub access_token: Member,
    /// Section 5.1.
    pub token_type: Member,
    /// Section 5.1.
    pub expires_in: Member,
    /// Section 5.1.
    pub refresh_token: Member,
    /// Section 5.1.
    pub scope: Member,
    /// Section 5.2.
    pub error: Member,
    /// Section 5.2.
    pub error_description: Member,
}

/// What came back for one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Headers, and a body that was read to its end.
    Answer {
        /// The HTTP status; 0 for a redirect that the browser hides.
        status: u16,
        /// Retry-After in seconds from now.
        retry_after: Option<f64>,
        /// A JSON object in an `application/json` body of at most 64 KiB of UTF-8, or nothing usable.
        members: Option<Box<Members>>,
    },
    /// The connection failed.
    Network,
    /// The deadline passed.
    Timeout,
}

/// Whether a media type is `application/json`, whatever its parameters (RFC 9110 section 8.3.1).
pub fn is_json(content_type: &str) -> bool {
    const JSON: &[u8] = b"application/json";
    let bytes = content_type.as_bytes();
    let (Some(media_type), Some(rest)) = (bytes.get(..JSON.len()), bytes.get(JSON.len()..)) else {
        return false;
    };
    let parameters = rest.iter().find(|&&byte| byte != b' ' && byte != b'\t');
    media_type.eq_ignore_ascii_case(JSON) && matches!(parameters, None | Some(b';'))
}

/// Judges the answer to a token request (RFC 6749 sections 5.1 and 5.2).
pub fn token_response(reply: &Reply) -> Result<TokenSet, Error> {
    let (status, retry_after, members) = match reply {
        Reply::Answer {
            status,
            retry_after,
            members,
        } => (*status, *retry_after, members.as_deref()),
        Reply::Network => return Err(Error::new(Code::Network, "the server did not answer")),
        Reply::Timeout => {
            return Err(Error::new(
                Code::Timeout,
                "the server did not answer in time",
            ));
        }
    };
    let (code, text) = match status {
        200 => match members.and_then(token_set) {
            Some(tokens) => return Ok(tokens),
            None => (Code::InvalidResponse, "the answer is no token response"),
        },
        429 => (Code::RateLimited, "the server asks for fewer requests"),
        408 | 425 | 500.. => (Code::Unavailable, "the server cannot answer now"),
        400..500 => (Code::Refused, "the server refused the request"),
        0..200 | 201..400 => (Code::InvalidResponse, "the answer is no token response"),
    };
    let mut error = Error::new(code, text);
    error.status = Some(status);
    match code {
        Code::RateLimited | Code::Unavailable => error.retry_after = seconds(retry_after),
        Code::Refused => {
            error.server = members.and_then(server_error).map(Rc::new);
            let said = error.server.as_ref().map(|server| server.error.as_str());
            if said == Some("invalid_grant") {
                error.code = Code::InvalidGrant;
                error.text = "the server refused the credentials";
            }
        }
        _ => {}
    }
    Err(error)
}

fn server_error(members: &Members) -> Option<ServerError> {
    Some(ServerError {
        error: sanitised(members.error.text()?)?,
        description: members.error_description.text().and_then(sanitised),
    })
}

/// The token set in `members`, if they are a valid one. Only what the RFC defines is looked at.
pub fn token_set(members: &Members) -> Option<TokenSet> {
    if !members.token_type.text()?.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let refresh_token = match &members.refresh_token {
        Member::Missing => None,
        Member::Text(text) => Some(RefreshToken::parse(text)?),
        Member::Number(_) | Member::Other => return None,
    };
    Some(TokenSet {
        access_token: AccessToken::parse(members.access_token.text()?)?,
        refresh_token,
        lifetime: lifetime(&members.expires_in),
        scope: members.scope.text().and_then(sanitised),
    })
}

/// `expires_in` in milliseconds: an integer or a string of digits, clamped to one year.
fn lifetime(expires_in: &Member) -> Option<i64> {
    let seconds = match expires_in {
        Member::Number(number) if number.trunc() == *number => *number,
        Member::Text(text)
            if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            text.bytes()
                .fold(0.0, |seconds, byte| seconds * 10.0 + f64::from(byte - b'0'))
        }
        Member::Number(_) | Member::Text(_) | Member::Missing | Member::Other => return None,
    };
    Some(((seconds * 1_000.0) as i64).clamp(0, LONGEST_LIFETIME))
}

fn seconds(retry_after: Option<f64>) -> Option<u32> {
    retry_after.map(|seconds| seconds.clamp(0.0, LONGEST_RETRY_AFTER).ceil() as u32)
}

/// The characters that RFC 6749 section 5.2 allows in an error, cut to 256.
fn sanitised(text: &str) -> Option<String> {
    let clean: String = text
        .bytes()
        .filter(|&byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
        .take(LONGEST_DESCRIPTION)
        .map(char::from)
        .collect();
    (!clean.is_empty()).then_some(clean)
}
