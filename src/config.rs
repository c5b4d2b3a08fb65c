//! Options, parsed once into endpoints, the storage key and limits.
//!
//! Owns every rule about what a caller may configure; after [`Config::parse`] nothing is
//! checked again. Knows nothing of requests or sessions. RFC 6749 appendix A, RFC 8252
//! sections 7.3 and 8.3 (loopback), RFC 9110 section 5.5 (header values).

use std::ops::RangeInclusive;

use crate::error::Error;
use crate::oauth::push_form_encoded;

const AUTH_URL: &str = "https://auth.meshydb.com";
const SCOPE: &str = "meshy.api offline_access";
const SLOT: &str = "default";
const TIMEOUT: f64 = 10_000.0;
const TIMEOUTS: RangeInclusive<f64> = 1.0..=3_600_000.0;
const REUSE_WINDOW: f64 = 5_000.0;
const REUSE_WINDOWS: RangeInclusive<f64> = 0.0..=3_600_000.0;
const LONGEST_TEXT: usize = 1_024;
const LONGEST_ACCOUNT: usize = 128;

/// What each argument must be, in the order in which they are checked.
const RULES: [(&str, &str); 7] = [
    (
        "accountName",
        "must be 1 to 128 letters, digits, '.', '_', '~' or '-', the first a letter or digit",
    ),
    (
        "tenant",
        "must be up to 1024 ASCII characters without control characters or spaces around them",
    ),
    ("publicKey", "must be 1 to 1024 visible ASCII characters"),
    (
        "scope",
        "must be up to 1024 characters of scope names and spaces between them",
    ),
    ("slot", "must have 1 to 1024 bytes of UTF-8"),
    ("timeout", "must be 1 to 3600000 milliseconds"),
    ("reuseWindow", "must be 0 to 3600000 milliseconds"),
];

/// What a caller may set, as given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Base URL of the authorization server.
    pub auth_url: Option<&'a str>,
    /// The whole URL of the token endpoint; nothing else defaults to `MeshyDB`'s then.
    pub token_endpoint: Option<&'a str>,
    /// The whole URL of the revocation endpoint.
    pub revocation_endpoint: Option<&'a str>,
    /// Space separated.
    pub scope: Option<&'a str>,
    /// Which of several signed-in users in one store.
    pub slot: Option<&'a str>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    /// Milliseconds.
    pub reuse_window: Option<f64>,
}

/// One client application at one authorization server. Every member is valid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The `client_id` of RFC 6749.
    pub public_key: String,
    /// Value of the `tenant` header; empty for none.
    pub tenant: String,
    /// Where token requests go.
    pub token_endpoint: String,
    /// Where revocations go; empty where the server has no such place.
    pub revocation_endpoint: String,
    /// Asked for in the password grant; empty for none.
    pub scope: String,
    /// How long one token request may take, body included, in milliseconds.
    pub timeout: i64,
    /// How long after it was first sent a refresh token whose answer was lost is sent again, in milliseconds.
    pub reuse_window: i64,
    /// Names the session in a store: an injective encoding of everything that tells sessions apart.
    pub key: String,
}

impl Config {
    /// Checks every argument before anything is sent.
    pub fn parse(
        account: &str,
        tenant: &str,
        public_key: &str,
        options: &Options<'_>,
    ) -> Result<Self, Error> {
        let elsewhere = options.token_endpoint.is_some();
        let auth_url = options.auth_url.unwrap_or(AUTH_URL);
        let scope = options.scope.unwrap_or(if elsewhere { "" } else { SCOPE });
        let slot = options.slot.unwrap_or(SLOT);
        let timeout = options.timeout.unwrap_or(TIMEOUT);
        let reuse_window = options.reuse_window.unwrap_or(REUSE_WINDOW);
        let valid = [
            is_account(account),
            is_header_value(tenant),
            is_visible(public_key),
            is_scope(scope),
            is_name(slot),
            TIMEOUTS.contains(&timeout),
            REUSE_WINDOWS.contains(&reuse_window),
        ];
        for (valid, (argument, rule)) in valid.into_iter().zip(&RULES) {
            if !valid {
                return Err(Error::argument(argument, rule));
            }
        }

        let base = auth_url.strip_suffix('/').unwrap_or(auth_url);
        let own = |name| concat(&[base, "/", account, "/connect/", name]);
        let token_endpoint = options
            .token_endpoint
            .map_or_else(|| own("token"), Into::into);
        let revocation_endpoint = match options.revocation_endpoint {
            Some(url) => url.into(),
            None if elsewhere => String::new(),
            None => own("revocation"),
        };
        let mut key = String::from("meshydb-client");
        for part in [&token_endpoint, account, tenant, public_key, slot] {
            key.push(':');
            push_form_encoded(&mut key, part);
        }
        Ok(Self {
            public_key: public_key.into(),
            tenant: tenant.into(),
            token_endpoint,
            revocation_endpoint,
            scope: scope.into(),
            timeout: timeout as i64,
            reuse_window: reuse_window as i64,
            key,
        })
    }
}

fn is_account(account: &str) -> bool {
    let leading = account
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    leading && account.len() <= LONGEST_ACCOUNT && consists_of(account.as_bytes(), b"._~-")
}

fn is_header_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    is_printable(value) && bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ')
}

fn is_visible(text: &str) -> bool {
    is_name(text) && is_printable(text) && text.bytes().all(|byte| byte != b' ')
}

fn is_scope(scope: &str) -> bool {
    is_printable(scope) && scope.bytes().all(|byte| byte != b'"' && byte != b'\\')
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_TEXT
}

fn consists_of(bytes: &[u8], others: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || others.iter().any(|other| other == byte))
}

fn is_printable(text: &str) -> bool {
    text.len() <= LONGEST_TEXT && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn concat(parts: &[&str]) -> String {
    let mut whole = String::new();
    for part in parts {
        whole.push_str(part);
    }
    whole
}
