//! The edge in a browser, and what only browsers have.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used)]

mod edge;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

use edge::{Fixture, TOKENS, answering, misbehaving, settings};
use meshydb_client::web::Wish;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn local_storage_is_a_register() {
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    let key = settings(&[]).key().as_string().unwrap();
    let login = Fixture::new(
        &answering(200, "application/json", TOKENS),
        JsValue::UNDEFINED,
    );
    assert_eq!(login.login(1).await, "access-1");
    assert!(
        storage
            .get_item(&key)
            .unwrap()
            .unwrap()
            .contains("refresh-1")
    );

    let restored = Fixture::new(&misbehaving("rejects"), JsValue::UNDEFINED);
    restored.ask(Wish::Restore, 1, &JsValue::UNDEFINED, &JsValue::UNDEFINED);
    assert_eq!(restored.outcome(1).await, "access-1");
    restored.ask(Wish::SignOut, 2, &JsValue::UNDEFINED, &JsValue::UNDEFINED);
    restored.outcome(2).await;
    assert!(
        !storage
            .get_item(&key)
            .unwrap()
            .unwrap()
            .contains("refresh-1")
    );
    storage.remove_item(&key).unwrap();
}
