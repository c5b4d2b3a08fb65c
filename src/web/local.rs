//! localStorage as a register, best effort: nothing there is atomic between tabs.

use gloo_storage::{LocalStorage, Storage};
use wasm_bindgen::JsValue;

pub(super) fn read(key: &str) -> Result<JsValue, JsValue> {
    let text = LocalStorage::raw().get_item(key)?;
    Ok(text.map_or(JsValue::NULL, Into::into))
}

pub(super) fn compare_and_set(
    key: &str,
    expected: Option<&str>,
    next: &str,
) -> Result<JsValue, JsValue> {
    let storage = LocalStorage::raw();
    if storage.get_item(key)?.as_deref() != expected {
        return Ok(JsValue::FALSE);
    }
    storage.set_item(key, next)?;
    Ok(JsValue::TRUE)
}
