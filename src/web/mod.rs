//! The edge: the only code that knows JavaScript.
//!
//! Owns the conversion of arguments, errors and snapshots, and performs the outputs of a
//! [`crate::session::Session`]: each is a promise, and the function that makes the next input
//! of what it settles to. It holds no decision, and between calls no JavaScript value: the
//! [`Port`], through which everything of the application's is reached, comes in with each call.

mod arguments;
mod driver;
mod local;
mod platform;
mod views;

use std::alloc::{GlobalAlloc, Layout};

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

pub use arguments::Arguments;
pub use driver::{Answer, Command, Engine};
pub use local::page_storage;
pub use platform::Port;

/// Overwrites what is freed, so that no password or token is left in it.
struct Wiping(AssumeSingleThreaded<FreeListAllocator>);

// SAFETY: the inner allocator's; a block that is freed has no other pointer when it is overwritten.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe {
            block.write_bytes(0, layout.size());
            self.0.dealloc(block, layout);
        }
    }
}

// SAFETY: the module is built without threads.
#[global_allocator]
static ALLOCATOR: Wiping = Wiping(unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) });
