//! What JavaScript callers hand in, as `pkg-template/core/options.js` has checked it.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::views::members;
use crate::config::Config;
use crate::oauth::token_set;
use crate::token::{LONGEST_LIFETIME, TokenSet};

/// What `clientOptions` has made of a client's arguments: public key, scope, whether there is a revocation endpoint (1 or
/// 0), timeout and reuse window.
pub(super) fn config(values: &Array) -> Config {
    let number = |index| number(&values.get(index)) as i64;
    Config {
        public_key: text(&values.get(0)),
        scope: text(&values.get(1)),
        can_revoke: number(2) == 1,
        timeout: number(3),
        reuse_window: number(4),
    }
}

pub(super) fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

fn number(value: &JsValue) -> f64 {
    value.as_f64().unwrap_or_default()
}

/// Seconds, as milliseconds.
pub(super) fn min_validity(value: &JsValue) -> i64 {
    ((number(value) * 1_000.0) as i64).min(LONGEST_LIFETIME)
}

/// The token set in an array of the members of a token response, if they are valid.
pub(super) fn tokens(values: &JsValue) -> Option<TokenSet> {
    token_set(&members(values.unchecked_ref(), 0))
}
