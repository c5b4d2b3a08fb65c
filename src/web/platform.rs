//! What the platform offers, declared: its clocks and the port.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What one session needs of its application, passed into every call and kept by none.
    #[derive(Clone)]
    pub type Port;

    /// With an `Answer`, and the access token or the error that belongs to it.
    #[wasm_bindgen(method)]
    pub(super) fn settle(this: &Port, caller: u32, answer: u32, value: JsValue);
    /// Resolves to the members of the stored entry, or to nothing.
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Port) -> Promise;
    /// Resolves to whether an entry of these members has taken the place of what was read or written last.
    #[wasm_bindgen(method, js_name = compareAndSet)]
    pub(super) fn compare_and_set(this: &Port, members: JsValue) -> Promise;
    /// Resolves to whether the lock is held, within so many milliseconds.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Port, within: f64, renewing: f64) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn unlock(this: &Port);
    /// Resolves to the status of the answer, Retry-After and the members of a token response.
    #[wasm_bindgen(method)]
    pub(super) fn grant(this: &Port) -> Promise;
    /// The same.
    #[wasm_bindgen(method)]
    pub(super) fn refresh(this: &Port, token: &str) -> Promise;
    /// Settles when the revocation was answered, or will not be.
    #[wasm_bindgen(method)]
    pub(super) fn revoke(this: &Port, token: &str) -> Promise;
    /// In how many milliseconds to ask for `Command::Wake`, after each command and answer anew; in a year or more: never. The process
    /// must live on until then where that is needed, or a caller waits; and before it exits it waits while the session is busy.
    #[wasm_bindgen(method)]
    pub(super) fn wake(this: &Port, after: f64, is_needed: bool, is_busy: bool);
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Port, view: JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(super) fn monotonic() -> f64;
}
