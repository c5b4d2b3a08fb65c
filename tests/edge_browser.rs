//! The edge in a browser, and what only browsers have.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used)]

mod edge;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

use meshydb_client::web::{keep, kept};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn what_local_storage_keeps_is_what_was_written_until_it_is_removed() {
    let key = "meshydb-client:edge".into();
    assert!(kept(&key).is_null());
    assert!(keep(&key, &"text".into()));
    assert_eq!(kept(&key), "text");
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    assert_eq!(
        storage.get_item("meshydb-client:edge").unwrap().as_deref(),
        Some("text")
    );
    assert!(keep(&key, &JsValue::NULL));
    assert!(kept(&key).is_null());
}
