//! What needs `unsafe`: memory that begins as zeros, and accesses that the compiler must not remove.
#![expect(unsafe_code, reason = "64 MiB of zeros without writing them, and volatile accesses")]

use alloc::alloc::{alloc_zeroed, dealloc};
use core::{alloc::Layout, cell::Cell, mem::MaybeUninit, ops::Deref, ptr::NonNull, slice};

use super::{Block, vector::V};
use crate::Error;

/// Blocks that begin as zeros.
pub(super) struct Blocks {
    pointer: NonNull<Block>,
    layout: Layout,
    count: usize,
}

impl Blocks {
    /// `count` is at least 1.
    pub(super) fn new(count: usize) -> Result<Self, Error> {
        let layout = Layout::array::<Block>(count.max(1)).map_err(|_| Error::NoMemory)?;
        // SAFETY: the size is not zero.
        let pointer = unsafe { alloc_zeroed(layout) };
        Ok(Self { pointer: NonNull::new(pointer.cast()).ok_or(Error::NoMemory)?, layout, count })
    }
}

impl Deref for Blocks {
    type Target = [Block];

    fn deref(&self) -> &[Block] {
        // SAFETY: the memory was allocated for `count` blocks, begins as zeros, which are a valid block, and is borrowed as `self` is.
        unsafe { slice::from_raw_parts(self.pointer.as_ptr(), self.count) }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.pointer.as_ptr().cast(), self.layout) }
    }
}

/// A store that V8 does not move: it keeps the two rounds beside each other.
#[inline(always)]
pub(super) fn keep_order(vector: V) {
    let mut place = MaybeUninit::<V>::uninit();
    // SAFETY: the place is valid for writes, and dropped unread.
    unsafe { (&raw mut place).cast::<V>().write_volatile(vector) }
}

/// A load whose result nobody needs.
#[inline(always)]
pub(super) fn touch(vector: &Cell<V>) {
    // SAFETY: it is valid for reads. A word is enough.
    unsafe { vector.as_ptr().cast::<u64>().read_volatile() };
}
