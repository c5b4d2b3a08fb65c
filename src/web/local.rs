//! localStorage: read and written here, believed or not by `pkg-template/local.js`.

use gloo_storage::{LocalStorage, Storage as _};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::platform::has_global;

/// The text under a key; null if there is none, or no localStorage.
#[wasm_bindgen]
pub fn kept(key: &JsValue) -> JsValue {
    let text = storage().and_then(|storage| storage.get_item(&text(key)).ok()?);
    text.map_or(JsValue::NULL, Into::into)
}

/// Writes the text under a key, or removes it if that is null; says whether that was possible.
#[wasm_bindgen]
pub fn keep(key: &JsValue, next: &JsValue) -> bool {
    let key = text(key);
    storage().is_some_and(|storage| {
        let written = match next.as_string() {
            Some(next) => storage.set_item(&key, &next),
            None => storage.remove_item(&key),
        };
        written.is_ok()
    })
}

/// gloo's `raw` panics where there is none.
fn storage() -> Option<Storage> {
    has_global("localStorage").then(LocalStorage::raw)
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}
