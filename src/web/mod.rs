//! The edge: the only code that knows JavaScript.
//!
//! Owns the conversion of arguments, errors and snapshots, and performs the outputs of a
//! [`crate::session::Session`]: each is a promise, and the function that makes the next input
//! of what it settles to. It holds no decision, and between calls no JavaScript value: the
//! [`Port`], through which everything of the application's is reached, comes in with each call.

mod arguments;
mod driver;
mod local;
mod memory;
mod platform;
mod views;

pub use arguments::Arguments;
pub use driver::{Answer, Command, Engine};
pub use local::page_storage;
pub use platform::Port;
