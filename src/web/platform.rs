//! What the platform offers, declared: the hand-written JavaScript and the port.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal};

#[wasm_bindgen]
extern "C" {
    /// What one session needs of its application, passed into every call and kept by none.
    #[derive(Clone)]
    pub type Port;

    #[wasm_bindgen(method, getter)]
    pub(super) fn fetch(this: &Port) -> Function;
    #[wasm_bindgen(method, getter)]
    pub(super) fn store(this: &Port) -> Store;
    #[wasm_bindgen(method)]
    pub(super) fn settle(this: &Port, caller: u32, token: Option<&str>, error: JsValue);
    /// Resolves to whether the lock is held, within so many milliseconds.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Port, key: &str, within: f64) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn unlock(this: &Port);
    /// In how many milliseconds to ask for `Wish::Woke`; instead of what was said before.
    #[wasm_bindgen(method)]
    pub(super) fn wake(this: &Port, after: Option<f64>);
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Port, view: JsValue, error: JsValue);

    pub(super) type Store;

    #[wasm_bindgen(method, catch)]
    pub(super) fn read(this: &Store, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = compareAndSet)]
    pub(super) fn compare_and_set(
        this: &Store,
        key: &str,
        expected: &JsValue,
        next: &JsValue,
    ) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/pkg-template/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = meshyError)]
    pub(super) fn meshy_error(details: JsValue) -> JsValue;
    #[wasm_bindgen(js_name = hasGlobal)]
    pub(super) fn has_global(name: &str) -> bool;
    pub(super) fn monotonic() -> f64;
    pub(super) fn within(promise: &Promise, ms: f64, late: Option<&AbortController>) -> Promise;
    #[wasm_bindgen(js_name = requestInit)]
    pub(super) fn request_init(
        body: &str,
        tenant: Option<&str>,
        signal: Option<AbortSignal>,
        keepalive: bool,
    ) -> JsValue;
    #[wasm_bindgen(js_name = readAnswer)]
    pub(super) fn read_answer(response: &Promise, limit: u32) -> Promise;
    #[wasm_bindgen(catch, js_name = ownMembers)]
    pub(super) fn own_members(source: &JsValue, names: &str) -> Result<Option<Array>, JsValue>;
    #[wasm_bindgen(js_name = writeRecord)]
    pub(super) fn write_record(text: &JsValue, names: &str, members: JsValue) -> JsValue;
}
