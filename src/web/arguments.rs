//! What JavaScript hands in, by name, as `pkg-template/core/options.js` has checked it.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::views::members;
use crate::config::Config;
use crate::oauth::token_set;
use crate::token::{AccessToken, LONGEST_LIFETIME, RefreshToken, TokenSet};

#[wasm_bindgen]
extern "C" {
    /// Named values: the settings of a session, or the arguments of a command.
    pub type Arguments;

    #[wasm_bindgen(method, indexing_getter)]
    fn get(this: &Arguments, name: &str) -> JsValue;
}

impl Arguments {
    pub(super) fn config(&self) -> Config {
        Config {
            scope: self.text("scope"),
            repeats_grant: self.flag("repeats"),
            can_revoke: self.flag("revocationEndpoint"),
            timeout: self.number("timeout") as i64,
            reuse_window: self.number("reuseWindow") as i64,
        }
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).as_string().unwrap_or_default()
    }

    fn number(&self, name: &str) -> f64 {
        self.get(name).as_f64().unwrap_or_default()
    }

    /// `refreshToken`, if it is one.
    pub(super) fn refresh_token(&self) -> Option<RefreshToken> {
        RefreshToken::parse(&self.text("refreshToken"))
    }

    /// The token set in `members`, an array of the members of a token response, if they are valid.
    pub(super) fn tokens(&self) -> Option<TokenSet> {
        token_set(&members(self.get("members").unchecked_ref::<Array>(), 0))
    }

    /// `minValidity`, given in seconds, in milliseconds.
    pub(super) fn min_validity(&self) -> i64 {
        ((self.number("minValidity") * 1_000.0) as i64).min(LONGEST_LIFETIME)
    }

    /// Whether `name` is truthy.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_truthy()
    }

    /// `rejected`, if it is an access token.
    pub(super) fn rejected(&self) -> Option<AccessToken> {
        AccessToken::parse(&self.text("rejected"))
    }
}
