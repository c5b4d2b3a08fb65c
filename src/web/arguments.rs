//! What JavaScript callers hand in, checked before anything else happens.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::platform::own_members;
use super::views::{TOKEN_RESPONSE, member, members, token_members};
use crate::config::{Config, Options};
use crate::error::Error;
use crate::oauth::{Member, token_set};
use crate::token::{AccessToken, LONGEST_LIFETIME, RefreshToken, TokenSet};

/// The arguments that are strings, where they are given, in the order in which they come in.
const TEXTS: [&str; 5] = ["accountName", "publicKey", "tenant", "scope", "slot"];
const LONGEST_CREDENTIAL: usize = 4_096;
const LONGEST_TOKEN: usize = 16_384;

/// The arguments of `initializeWithTenant`: account, public key, tenant and options in this order. The URLs are valid.
pub(super) fn config(values: &Array) -> Result<Config, Error> {
    let values = members(values);
    let [
        account,
        public_key,
        tenant,
        scope,
        slot,
        auth_url,
        token_endpoint,
        revocation_endpoint,
        timeout,
        reuse_window,
    ] = values.as_slice()
    else {
        return Err(Error::argument("options", "must be an object"));
    };
    for (value, argument) in values.iter().zip(TEXTS) {
        if let Member::Number(_) | Member::Other = value {
            return Err(Error::argument(argument, "must be a string"));
        }
    }
    let options = Options {
        auth_url: auth_url.text(),
        token_endpoint: token_endpoint.text(),
        revocation_endpoint: revocation_endpoint.text(),
        scope: scope.text(),
        slot: slot.text(),
        timeout: milliseconds(timeout),
        reuse_window: milliseconds(reuse_window),
    };
    let [account, tenant, public_key] =
        [account, tenant, public_key].map(|value| value.text().unwrap_or_default());
    Config::parse(account, tenant, public_key, &options)
}

/// What is no number is out of every range.
fn milliseconds(value: &Member) -> Option<f64> {
    (*value != Member::Missing).then(|| value.number().unwrap_or(f64::NAN))
}

/// A user name or password: any Unicode.
pub(super) fn credential(value: &JsValue, argument: &'static str) -> Result<String, Error> {
    match member(value) {
        Member::Text(text) if (1..=LONGEST_CREDENTIAL).contains(&text.len()) => Ok(text),
        Member::Missing | Member::Text(_) | Member::Number(_) | Member::Other => Err(
            Error::argument(argument, "must be a string of 1 to 4096 bytes of UTF-8"),
        ),
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
        Member::Text(_) | Member::Number(_) | Member::Other => Err(Error::argument(
            "minValidity",
            "must be a number of seconds, 0 or more",
        )),
    }
}

pub(super) fn tokens(value: &JsValue) -> Result<TokenSet, Error> {
    let values = members(&own_members(value, TOKEN_RESPONSE));
    token_members(&values)
        .and_then(token_set)
        .ok_or_else(|| Error::argument("tokens", "must be the members of a Bearer token response"))
}
