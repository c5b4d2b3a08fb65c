//! localStorage: read and written here, believed or not by `pkg-template/local.js`.

use gloo_storage::{LocalStorage, Storage as _};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::platform::has_global;

/// The text under a key, or null. Throws where there is no localStorage.
#[wasm_bindgen]
pub fn kept(key: &JsValue) -> Result<JsValue, JsValue> {
    let text = storage()?.get_item(&text(key))?;
    Ok(text.map_or(JsValue::NULL, Into::into))
}

/// Writes the text under a key; null removes it. Throws where that is not possible.
#[wasm_bindgen]
pub fn keep(key: &JsValue, next: &JsValue) -> Result<bool, JsValue> {
    let (storage, key) = (storage()?, text(key));
    match next.as_string() {
        Some(next) => storage.set_item(&key, &next),
        None => storage.remove_item(&key),
    }?;
    Ok(true)
}

/// gloo's `raw` panics where there is none.
fn storage() -> Result<Storage, JsValue> {
    if has_global("localStorage") {
        Ok(LocalStorage::raw())
    } else {
        Err(JsValue::UNDEFINED)
    }
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}
