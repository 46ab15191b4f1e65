//! What happens where memory runs out all the same.
//!
//! What a request takes is counted before it is taken ([`fokker::memory`]). What a library makes of a damaged file is not, and another
//! process may have taken the rest: then the run has failed, which is said as any failure is, where Rust's own way is to abort.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;

/// The system's allocator, which ends the process in order where there is no more.
pub struct OrFail;

// SAFETY: all work is the system allocator's; nothing is returned where it returns null.
unsafe impl GlobalAlloc for OrFail {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        there(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        there(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        there(unsafe { System.realloc(pointer, layout, size) }, size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn there(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        fail(size);
    }
    pointer
}

/// Says so, without any memory, and ends the process with exit status 1.
#[cold]
fn fail(size: usize) -> ! {
    // Nobody is left to be told if this cannot be written.
    let _ = writeln!(
        std::io::stderr(),
        "error: out of memory: {size} bytes more could not be had; checkpoints and finished rows are kept (--resume); with a lower \
         --memory what is too large is refused at once"
    );
    std::process::exit(1)
}
