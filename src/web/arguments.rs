//! What JavaScript callers hand in, checked before anything else happens.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::views::{error_to_js, member, members, token_members};
use crate::config::{Config, Options};
use crate::error::Error;
use crate::oauth::{Member, token_set};
use crate::token::{AccessToken, LONGEST_LIFETIME, RefreshToken, TokenSet};

const LONGEST_CREDENTIAL: usize = 4_096;
const LONGEST_TOKEN: usize = 16_384;

/// The arguments of `initializeWithTenant`, valid.
#[wasm_bindgen]
pub struct Settings(pub(super) Rc<Config>);

#[wasm_bindgen]
impl Settings {
    /// Takes the values of [`NAMES`] in their order. Throws a `MeshyError` that names the argument at fault.
    #[wasm_bindgen(constructor)]
    pub fn new(values: &Array) -> Result<Settings, JsValue> {
        match parse(&members(values)) {
            Ok(config) => Ok(Self(Rc::new(config))),
            Err(error) => Err(error_to_js(&error)),
        }
    }

    /// Names the session in a store.
    #[wasm_bindgen(getter)]
    pub fn key(&self) -> JsValue {
        self.0.key.as_str().into()
    }
}

const NAMES: [&str; 8] = [
    "accountName",
    "publicKey",
    "tenant",
    "authUrl",
    "tokenEndpoint",
    "revocationEndpoint",
    "scope",
    "slot",
];

fn parse(values: &[Member; NAMES.len() + 1]) -> Result<Config, Error> {
    let mut texts = [None; NAMES.len()];
    for (index, (text, name)) in texts.iter_mut().zip(NAMES).enumerate() {
        *text = values[index].text();
        let optional = index > 1 && values[index] == Member::Missing;
        if text.is_none() && !optional {
            return Err(Error::argument(name, "must be a string"));
        }
    }
    let [
        account,
        public_key,
        tenant,
        auth_url,
        token_endpoint,
        revocation_endpoint,
        scope,
        slot,
    ] = texts;
    let timeout = &values[NAMES.len()];
    Config::parse(
        account.unwrap_or_default(),
        tenant.unwrap_or_default(),
        public_key.unwrap_or_default(),
        &Options {
            auth_url,
            token_endpoint,
            revocation_endpoint,
            scope,
            slot,
            timeout: (*timeout != Member::Missing).then(|| timeout.number().unwrap_or(f64::NAN)),
        },
    )
}

/// A user name or password: any Unicode.
pub(super) fn credential(value: &JsValue, argument: &'static str) -> Result<String, Error> {
    match member(value) {
        Member::Text(text) if (1..=LONGEST_CREDENTIAL).contains(&text.len()) => Ok(text),
        _ => Err(Error::argument(
            argument,
            "must be a string of 1 to 4096 bytes of UTF-8",
        )),
    }
}

pub(super) fn refresh_token(value: &JsValue) -> Result<RefreshToken, Error> {
    member(value)
        .text()
        .filter(|text| text.len() <= LONGEST_TOKEN)
        .and_then(RefreshToken::parse)
        .ok_or_else(|| {
            Error::argument(
                "refreshToken",
                "must be a string of 1 to 16384 visible ASCII characters",
            )
        })
}

pub(super) fn rejected(value: &JsValue) -> Result<Option<AccessToken>, Error> {
    match member(value) {
        Member::Missing => Ok(None),
        Member::Text(text) => Ok(AccessToken::parse(&text)),
        Member::Number(_) | Member::Other => Err(Error::argument("rejected", "must be a string")),
    }
}

/// Seconds, as milliseconds.
pub(super) fn min_validity(value: &JsValue) -> Result<i64, Error> {
    match member(value) {
        Member::Missing => Ok(0),
        Member::Number(seconds) if seconds >= 0.0 => {
            Ok(((seconds * 1_000.0) as i64).min(LONGEST_LIFETIME))
        }
        _ => Err(Error::argument(
            "minValidity",
            "must be a number of seconds, 0 or more",
        )),
    }
}

pub(super) fn tokens(value: &JsValue) -> Result<TokenSet, Error> {
    token_members(value)
        .and_then(|members| token_set(&members))
        .ok_or_else(|| Error::argument("tokens", "must be the members of a Bearer token response"))
}
