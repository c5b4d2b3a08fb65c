//! The module's memory, in blocks of few sizes.
//!
//! One that is freed is overwritten, so that no password or token is left in it, and waits in the list
//! of its size for the next of that size.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32;
use std::cell::UnsafeCell;
use std::ptr;

const PAGE: usize = 65_536;
/// A power of two, so that no index is looked at.
const LISTS: usize = 128;

struct Memory(UnsafeCell<Blocks>);

struct Blocks {
    /// Of each size, the first free block.
    free: [*mut Free; LISTS],
    /// What no block has taken yet.
    next: usize,
    end: usize,
}

// SAFETY: the module is built without threads.
unsafe impl Sync for Memory {}

#[global_allocator]
static MEMORY: Memory = Memory(UnsafeCell::new(Blocks {
    free: [ptr::null_mut(); LISTS],
    next: 0,
    end: 0,
}));

/// A free block, as far as it is not zeros: the next one of its list.
struct Free(*mut Free);

/// The list of the blocks for that layout, and how many bytes they have: four sizes to each power of two, all multiples of eight.
fn list(layout: Layout) -> (usize, usize) {
    let last = layout.size().max(32) - 1;
    let shift = usize::BITS - 3 - last.leading_zeros();
    let quarter = last >> shift;
    (shift as usize * 4 + quarter, (quarter + 1) << shift)
}

// SAFETY: a block is in a list, given out, or beyond `next`; what is in a list is of the list's size; all are multiples of eight.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe {
            let blocks = &mut *self.0.get();
            let (list, size) = list(layout);
            let free = &mut blocks.free[list & (LISTS - 1)];
            if layout.align() > 8 {
                return ptr::null_mut();
            }
            if !free.is_null() {
                let block = *free;
                *free = (*block).0;
                return block.cast();
            }
            if blocks.end - blocks.next < size {
                let grown = wasm32::memory_grow(0, size.div_ceil(PAGE));
                if grown == usize::MAX {
                    return ptr::null_mut();
                }
                if grown * PAGE != blocks.end {
                    blocks.next = grown * PAGE;
                }
                blocks.end = wasm32::memory_size(0) * PAGE;
            }
            let block = blocks.next;
            blocks.next += size;
            ptr::with_exposed_provenance_mut(block)
        }
    }

    #[expect(clippy::cast_ptr_alignment, reason = "all are multiples of eight")]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe {
            block.write_bytes(0, layout.size());
            let free = &mut (*self.0.get()).free[list(layout).0 & (LISTS - 1)];
            let block = block.cast::<Free>();
            block.write(Free(*free));
            *free = block;
        }
    }
}
