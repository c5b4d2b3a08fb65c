//! localStorage as a register, best effort: nothing there is atomic between tabs.

use gloo_storage::{LocalStorage, Storage};
use wasm_bindgen::JsValue;

pub(super) fn read(key: &str) -> Result<JsValue, JsValue> {
    let text = LocalStorage::raw().get_item(key)?;
    Ok(text.map_or(JsValue::NULL, Into::into))
}

pub(super) fn compare_and_set(
    key: &str,
    expected: &JsValue,
    next: &JsValue,
) -> Result<JsValue, JsValue> {
    let storage = LocalStorage::raw();
    let same = storage.get_item(key)? == expected.as_string();
    if same {
        storage.set_item(key, &next.as_string().unwrap_or_default())?;
    }
    Ok(same.into())
}
