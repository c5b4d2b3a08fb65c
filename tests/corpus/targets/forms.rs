use meshydb_client::config::Config;
use meshydb_client::oauth::{password_request, refresh_request, revocation_request};
use meshydb_client::token::RefreshToken;

use super::bytes::Bytes;
use super::support::config;

/// A form says what went into it and nothing else, whatever that is, and shows none of it.
pub fn request_form(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let config = Config {
        public_key: bytes.text(),
        scope: bytes.text(),
        can_revoke: bytes.flag(),
        ..config()
    };
    let (key, scope) = (config.public_key.as_str(), config.scope.as_str());
    let (username, password) = (bytes.text(), bytes.text());
    let request = password_request(&config, &username, &password);
    let fields = [
        ("grant_type", "password"),
        ("client_id", key),
        ("username", &username),
        ("password", &password),
        ("scope", scope),
    ];
    assert_form(&request.body, &fields);
    assert_eq!(format!("{request:?}"), "Password [redacted]");
    let Some(token) = RefreshToken::parse(&bytes.text()) else {
        return;
    };
    assert_eq!(format!("{token:?}"), "RefreshToken([redacted])");
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", key),
        ("refresh_token", token.reveal()),
    ];
    assert_form(&refresh_request(&config, &token).body, &fields);
    let revocation = revocation_request(&config, &token);
    assert_eq!(revocation.is_some(), config.can_revoke);
    let fields = [
        ("token", token.reveal()),
        ("token_type_hint", "refresh_token"),
        ("client_id", key),
    ];
    if let Some(request) = revocation {
        assert_form(&request.body, &fields);
    }
}

fn assert_form(body: &str, fields: &[(&str, &str)]) {
    assert!(body.bytes().all(|byte| byte.is_ascii_graphic()), "{body}");
    let found: Vec<_> = body
        .split('&')
        .map(|field| field.split_once('=').unwrap())
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let expected: Vec<_> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = rest.split_at(2);
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
