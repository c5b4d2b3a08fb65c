//! What the platform offers, declared: the hand-written JavaScript and the port.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What one session needs of its application, passed into every call and kept by none.
    #[derive(Clone)]
    pub type Port;

    /// With a token, an error, or neither.
    #[wasm_bindgen(method)]
    pub(super) fn settle(this: &Port, caller: u32, token: JsValue, error: JsValue);
    /// Resolves to whether the lock is held, within so many milliseconds.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Port, within: f64) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn unlock(this: &Port);
    /// In how many milliseconds to ask for `Wish::Woke`, instead of what was said before; in a year or more: never.
    #[wasm_bindgen(method)]
    pub(super) fn wake(this: &Port, after: f64);
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Port, view: JsValue, error: JsValue);
}

#[wasm_bindgen(module = "/pkg-template/core/platform.js")]
extern "C" {
    pub(super) fn monotonic() -> f64;
    pub(super) fn load(port: &Port) -> Promise;
    pub(super) fn swap(port: &Port, members: JsValue) -> Promise;
    pub(super) fn post(port: &Port, body: &str, is_revocation: bool) -> Promise;
}
