//! The heap of the module: a stack of allocations behind the static data. None is given back before the end of
//! the call, and none outlives it.
//!
//! All of it that is free is zeros: new pages are, and [`wipe`] makes it so again. So memory that has to begin as zeros, of which
//! Argon2 and scrypt need 64 MiB, is not written.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32::{memory_grow, memory_size},
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

const PAGE: usize = 65_536;

unsafe extern "C" {
    /// The linker's end of the static data.
    static __heap_base: u8;
}

/// The end of the last allocation, 0 before the first.
struct Heap {
    end: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap { end: AtomicUsize::new(0) };

impl Heap {
    /// The begin and end of the next allocation, for which the memory has grown.
    fn place(&self, layout: Layout) -> Option<(usize, usize)> {
        let begin = self.end.load(Relaxed).max(base()).checked_next_multiple_of(layout.align())?;
        let end = begin.checked_add(layout.size())?;
        let missing = end.div_ceil(PAGE).saturating_sub(memory_size::<0>());
        (missing == 0 || memory_grow::<0>(missing) != usize::MAX).then_some((begin, end))
    }
}

fn base() -> usize {
    (&raw const __heap_base).addr()
}

/// Whether the next allocations of so many bytes in all will succeed.
pub(crate) fn has_room(bytes: usize) -> bool {
    Layout::from_size_align(bytes, 64).is_ok_and(|layout| HEAP.place(layout).is_some())
}

/// Overwrites all memory that was allocated since the last time. The caller has no allocation.
pub(super) fn wipe() {
    let end = HEAP.end.swap(0, Relaxed);
    // SAFETY: the memory between the static data and `end` belongs to this allocator, and no allocation lives.
    unsafe { ptr::without_provenance_mut::<u8>(base()).write_bytes(0, end.saturating_sub(base())) };
}

// SAFETY: allocations are disjoint, because each begins behind the end of the last one, inside the memory.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((begin, end)) = self.place(layout) else { return ptr::null_mut() };
        self.end.store(end, Relaxed);
        ptr::without_provenance_mut(begin)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the contract is the same. All free memory is zeros.
        unsafe { self.alloc(layout) }
    }
}
