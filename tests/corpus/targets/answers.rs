use meshydb_client::error::{Code, Error};
use meshydb_client::oauth::Member;
use meshydb_client::token::{LONGEST_LIFETIME, RefreshToken, TokenSet};

use super::bytes::Bytes;
use super::support::{Json, TOKEN_RESPONSE, judge};

const STATUSES: [u16; 16] = [
    0, 200, 201, 204, 301, 400, 400, 401, 403, 404, 408, 425, 429, 500, 503, 599,
];

/// A 200 or 201 of any body is a token set where RFC 6749 section 5.1 says so, and an error that ends nothing where not.
pub fn token_answer(bytes: &[u8]) {
    answer(&mut Bytes(bytes), 200);
}

/// Any other status is an error of the code that belongs to it, and ends a session in one case alone.
pub fn error_answer(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let status = if bytes.byte() < 224 {
        bytes.pick(&STATUSES)
    } else {
        bytes.short()
    };
    answer(&mut bytes, status);
}

fn answer(bytes: &mut Bytes<'_>, status: u16) {
    let retry_after = bytes.flag().then(|| f64::from_bits(bytes.word()));
    let retry_after = retry_after.filter(|seconds| !seconds.is_nan());
    let body = (bytes.byte() < 240).then(|| bytes.json(&TOKEN_RESPONSE));
    let result = judge(status, body.as_ref(), retry_after);
    let shown = format!("{result:?}");
    let members = body.as_ref().map(Json::members).unwrap_or_default();
    match &result {
        Ok(tokens) => granted(status, &members, tokens, &shown),
        Err(error) => {
            assert!(!is_read(status) || !is_grant(&members));
            refused(status, &members, error);
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}

fn granted(status: u16, members: &[Member; 6], tokens: &TokenSet, shown: &str) {
    assert!(is_read(status));
    assert!(is_grant(members));
    let [access_token, _, expires_in, refresh_token, ..] = members;
    assert_eq!(access_token.text(), Some(tokens.access_token.reveal()));
    let given = tokens.refresh_token.as_ref().map(RefreshToken::reveal);
    assert_eq!(refresh_token.text().filter(|text| !text.is_empty()), given);
    assert_eq!(tokens.lifetime, lifetime(expires_in));
    assert!(
        tokens.scope.is_some() || !shown.contains("canary"),
        "{shown}"
    );
}

fn refused(status: u16, members: &[Member; 6], error: &Error) {
    let [.., said] = members;
    let is_dead = said.text() == Some("invalid_grant");
    let expected = match status {
        429 => Code::RateLimited,
        408 | 425 | 500.. => Code::Unavailable,
        200 | 201 | 400..500 if is_dead => Code::InvalidGrant,
        200 | 201 if said.text().is_none() => Code::InvalidResponse,
        200 | 201 | 400..500 => Code::Refused,
        _ => Code::InvalidResponse,
    };
    assert_eq!(error.code, expected);
    assert_eq!(error.status, Some(status));
    assert_eq!(
        error.ends_session(),
        is_dead && matches!(status, 400 | 401 | 403)
    );
    assert!(error.retry_after.is_none_or(|seconds| seconds <= 3_600));
    assert!(error.retry_after.is_none() || error.retryable());
}

fn is_read(status: u16) -> bool {
    matches!(status, 200 | 201)
}

fn is_grant(members: &[Member; 6]) -> bool {
    let [access_token, token_type, _, refresh_token, ..] = members;
    let is_visible =
        |text: &str| !text.is_empty() && text.chars().all(|c| ('!'..='~').contains(&c));
    token_type.text().map(str::to_ascii_lowercase) == Some("bearer".into())
        && access_token.text().is_some_and(is_visible)
        && match refresh_token {
            Member::Missing => true,
            Member::Text(text) => text.is_empty() || is_visible(text),
            Member::Number(_) | Member::Other => false,
        }
}

fn lifetime(expires_in: &Member) -> Option<i64> {
    let seconds = expires_in.number().filter(|number| number.is_finite())?;
    let seconds = seconds.floor();
    let longest = LONGEST_LIFETIME as f64;
    Some((seconds * 1_000.0).max(0.0).min(longest) as i64)
}
