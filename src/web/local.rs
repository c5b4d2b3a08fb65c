//! localStorage, as gloo finds it.

use gloo_storage::{LocalStorage, Storage as _};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

/// The page's localStorage; traps where there is none.
#[wasm_bindgen(js_name = pageStorage)]
pub fn page_storage() -> Storage {
    LocalStorage::raw()
}
