//! The edge in a browser, and what only browsers have.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used)]

mod edge;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

use meshydb_client::web::page_storage;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_storage_of_the_page_is_found() {
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    storage.set_item("meshydb-client:edge", "text").unwrap();
    let found = page_storage().get_item("meshydb-client:edge");
    assert_eq!(found.unwrap().as_deref(), Some("text"));
    page_storage().remove_item("meshydb-client:edge").unwrap();
    assert_eq!(storage.get_item("meshydb-client:edge").unwrap(), None);
}
