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

/// What a request is for, and with that to which endpoint it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The password grant, at the token endpoint (RFC 6749 section 4.3).
    Password,
    /// The refresh grant, at the token endpoint (RFC 6749 section 6).
    Refresh,
    /// A revocation, at the revocation endpoint (RFC 7009 section 2).
    Revocation,
}

impl Purpose {
    /// Its public name: the grant type, where it is a grant.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Refresh => "refresh_token",
            Self::Revocation => "revocation",
        }
    }
}

/// A POST of `application/x-www-form-urlencoded`, with the `tenant` header where a tenant is configured.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// What it is for.
    pub purpose: Purpose,
    /// The password or the token in it.
    pub secret: String,
    /// The form, which holds secrets.
    pub body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} [redacted]", self.purpose)
    }
}

/// The password grant (RFC 6749 section 4.3.2).
pub fn password_request(config: &Config, username: &str, password: &str) -> Request {
    request(
        Purpose::Password,
        password,
        &[
            ("grant_type", Purpose::Password.as_str()),
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
        Purpose::Refresh,
        refresh_token.reveal(),
        &[
            ("grant_type", Purpose::Refresh.as_str()),
            ("client_id", &config.public_key),
            ("refresh_token", refresh_token.reveal()),
        ],
    )
}

/// A revocation (RFC 7009 section 2.1), where the server has an endpoint for it.
pub fn revocation_request(config: &Config, refresh_token: &RefreshToken) -> Option<Request> {
    config.can_revoke.then(|| {
        request(
            Purpose::Revocation,
            refresh_token.reveal(),
            &[
                ("token", refresh_token.reveal()),
                ("token_type_hint", "refresh_token"),
                ("client_id", &config.public_key),
            ],
        )
    })
}

fn request(purpose: Purpose, secret: &str, fields: &[(&str, &str)]) -> Request {
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
        purpose,
        secret: secret.into(),
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

    /// The refresh token that it is, or that there is none; nothing if it is something else.
    pub fn refresh_token(&self) -> Option<Option<RefreshToken>> {
        match self {
            Self::Missing => Some(None),
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
    /// `expires_in`, `refresh_token`, `scope`, if its media type is `application/json`, `error`, `error_description`.
    pub members: [Member; 7],
}

/// What it means that no answer came: the connection failed, or the deadline passed.
pub fn no_answer(late: bool) -> Error {
    if late {
        Error::new(Code::Timeout, "the server did not answer in time")
    } else {
        Error::new(Code::Network, "the server did not answer")
    }
}

/// Judges the answer to a token request with this secret in it (RFC 6749 sections 5.1 and 5.2).
pub fn token_response(answer: &Answer, secret: &str) -> Result<TokenSet, Error> {
    let (code, text) = match answer.status {
        200 => match token_set(&answer.members) {
            Some(tokens) => return Ok(tokens),
            None => (Code::InvalidResponse, "the answer is no token response"),
        },
        429 => (Code::RateLimited, "the server asks for fewer requests"),
        408 | 425 | 500.. => (Code::Unavailable, "the server cannot answer now"),
        400..500 => (Code::Refused, "the server refused the request"),
        0..200 | 201..400 => (Code::InvalidResponse, "the answer is no token response"),
    };
    let mut error = Error::new(code, text);
    error.status = Some(answer.status);
    if error.retryable() {
        error.retry_after = seconds(answer.retry_after);
    } else if code == Code::Refused {
        let [.., name, description] = &answer.members;
        let server = server_error(name, description);
        error.server = server.filter(|server| !server.reveals(secret)).map(Rc::new);
        if name.text() == Some("invalid_grant") {
            error.code = Code::InvalidGrant;
            error.text = "the server refused the credentials";
        }
    }
    Err(error)
}

/// As many characters of a secret in a row are too many to be shown.
const TELLING: usize = 6;

impl ServerError {
    /// Whether a part of the secret can be read in it: as it is shown, or form-encoded.
    fn reveals(&self, secret: &str) -> bool {
        let shown: Vec<u8> = secret.bytes().filter(is_shown).collect();
        let reveals = |text: &String| {
            has_part(text.as_bytes(), &shown) || has_part(&form_decoded(text), secret.as_bytes())
        };
        reveals(&self.error) || self.description.as_ref().is_some_and(reveals)
    }
}

/// Whether so much of the secret is in the text in a row.
fn has_part(text: &[u8], secret: &[u8]) -> bool {
    let telling = secret.len().min(TELLING);
    let mut text = text;
    while telling > 0 && text.len() >= telling {
        let mut rest = secret;
        while rest.len() >= telling {
            let same = text
                .iter()
                .zip(rest)
                .take_while(|(one, other)| one == other);
            if same.count() >= telling {
                return true;
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        text = text.get(1..).unwrap_or_default();
    }
    false
}

fn form_decoded(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(mut byte) = bytes.next() {
        let mut rest = bytes.clone();
        let mut digit = || char::from(rest.next()?).to_digit(16);
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(), digit())
        {
            byte = (high * 16 + low) as u8;
            bytes = rest;
        } else if byte == b'+' {
            byte = b' ';
        }
        decoded.push(byte);
    }
    decoded
}

fn server_error(error: &Member, description: &Member) -> Option<ServerError> {
    Some(ServerError {
        error: sanitised(error.text()?)?,
        description: description.text().and_then(sanitised),
    })
}

/// The token set in the members of an [`Answer`], if they are a valid one. Only what the RFC defines is looked at.
pub fn token_set(members: &[Member; 7]) -> Option<TokenSet> {
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
        scope: scope.text().and_then(sanitised),
    })
}

/// `expires_in` in milliseconds: an integer or a string of digits, clamped to one year.
fn lifetime(expires_in: &Member) -> Option<i64> {
    let seconds = match expires_in {
        Member::Number(number) if number.fract() == 0.0 => *number,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a filter's argument")]
fn is_shown(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

/// The characters that RFC 6749 section 5.2 allows in an error, cut to 256.
fn sanitised(text: &str) -> Option<String> {
    let clean: String = text
        .bytes()
        .filter(is_shown)
        .take(LONGEST_DESCRIPTION)
        .map(char::from)
        .collect();
    (!clean.is_empty()).then_some(clean)
}
