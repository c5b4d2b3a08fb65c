//! The edge: the only code that knows JavaScript.
//!
//! Owns the conversion of arguments, errors and snapshots, and performs the outputs of a
//! [`crate::session::Session`]: each is an asynchronous function from an output to the next
//! input. It holds no decision, and between calls no JavaScript value: the [`Port`], through
//! which everything of the application's is reached, comes in with each call.

mod arguments;
mod driver;
mod local;
mod platform;
mod views;

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

pub use driver::{Engine, Wish};
pub use local::page_storage;
pub use platform::Port;

// SAFETY: the module is built without threads.
#[global_allocator]
static ALLOCATOR: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };
