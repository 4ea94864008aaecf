//! Argon2 (RFC 9106) for one thread of wasm, with the shape of code that V8 needs; see HACKING.md.
//!
//! The functions have the names of the RFC: `H'` is [`variable_hash`], `G` is [`fill`], `P` is [`rounds`].
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "every index and sum is bounded by the cost, which was checked"
)]

mod memory;
#[cfg(test)]
mod tests;
mod vector;

use core::{array, cell::Cell, hint::black_box};

use blake2::{
    Blake2bVarCore,
    digest::{
        block_api::{UpdateCore as _, VariableOutputCore as _},
        block_buffer::LazyBuffer,
    },
};
use zeroize::Zeroizing;

use self::{
    memory::{Blocks, keep_order, touch},
    vector::V,
};
use super::{Input, Variant, Version};
use crate::Error;

/// Vectors of a block.
const VECTORS: usize = 64;

/// Bytes of a block.
const BLOCK_BYTES: usize = VECTORS * 16;

/// The parts of a pass; lanes do not read the part that others are writing.
const SLICES: usize = 4;

/// 1024 bytes. Cells, because a step reads and writes several blocks, some of which may be the same.
#[repr(C, align(64))]
struct Block([Cell<V>; VECTORS]);

impl Block {
    fn set_bytes(&self, bytes: &[u8; BLOCK_BYTES]) {
        let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        for (vector, [low, high]) in self.0.iter().zip(bytes.as_chunks::<8>().0.as_chunks::<2>().0) {
            vector.set(V::new(word(low), word(high)));
        }
    }

    #[inline(always)]
    fn word(&self, word: usize) -> u64 {
        self.0[word / 2].get().words()[word % 2]
    }

    fn to_bytes(&self) -> Zeroizing<[u8; BLOCK_BYTES]> {
        let mut bytes = Zeroizing::new([0; BLOCK_BYTES]);
        let words = self.0.iter().flat_map(|vector| vector.get().words());
        for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }
}

/// The expression for 0 to 7, as an array: a loop would stay a loop at the optimisation level of the wasm.
macro_rules! eight {
    ($v:ident => $value:expr) => {
        [
            {
                const $v: usize = 0;
                $value
            },
            {
                const $v: usize = 1;
                $value
            },
            {
                const $v: usize = 2;
                $value
            },
            {
                const $v: usize = 3;
                $value
            },
            {
                const $v: usize = 4;
                $value
            },
            {
                const $v: usize = 5;
                $value
            },
            {
                const $v: usize = 6;
                $value
            },
            {
                const $v: usize = 7;
                $value
            },
        ]
    };
}

/// Computes the tag of an input whose cost was checked.
pub(super) fn compute(input: &Input<'_>, tag: &mut [u8]) -> Result<(), Error> {
    let cost = input.cost;
    let lanes = cost.lanes as usize;
    let segment = cost.memory_kib as usize / (SLICES * lanes);
    let layout = Layout { lanes, segment, lane: SLICES * segment };
    let blocks = Blocks::new(layout.zero() + 1 + 2 * SCRATCH)?;
    let first = initial_hash(input, tag.len());
    for lane in 0..lanes {
        for column in 0..2 {
            let mut bytes = Zeroizing::new([0; BLOCK_BYTES]);
            variable_hash(&[&*first, &(column as u32).to_le_bytes(), &(lane as u32).to_le_bytes()], &mut *bytes);
            blocks[lane * layout.lane + column].set_bytes(&bytes);
        }
    }
    for pass in 0..cost.passes as usize {
        for slice in 0..SLICES {
            for lane in (0..lanes).step_by(2) {
                fill_segments(&blocks, &layout, Position { pass, slice, lane, index: 0 }, input);
            }
        }
    }
    let last = &blocks[layout.lane - 1];
    for lane in 1..lanes {
        for (vector, other) in last.0.iter().zip(&blocks[(lane + 1) * layout.lane - 1].0) {
            vector.set(vector.get().xor(other.get()));
        }
    }
    variable_hash(&[&*last.to_bytes()], tag);
    Ok(())
}

/// H0, the hash of the password and all parameters.
fn initial_hash(input: &Input<'_>, tag_length: usize) -> Zeroizing<[u8; 64]> {
    let version = if input.version == Version::V10 { 0x10 } else { 0x13 };
    let variant = match input.variant {
        Variant::D => 0,
        Variant::I => 1,
        Variant::Id => 2,
    };
    let cost = input.cost;
    let numbers = [cost.lanes, tag_length as u32, cost.memory_kib, cost.passes, version, variant].map(u32::to_le_bytes);
    let [password, salt] = [input.password, input.salt].map(|part| (part.len() as u32).to_le_bytes());
    // Neither a secret nor associated data.
    let none = [0; 4];
    blake2b(&[numbers.as_flattened(), &password, input.password, &salt, input.salt, &none, &none], 64)
}

/// A hash of any length: a chain of BLAKE2b, of which each link gives 32 bytes and the last one up to 64.
fn variable_hash(parts: &[&[u8]], output: &mut [u8]) {
    let length = (output.len() as u32).to_le_bytes();
    let mut all = [&[][..]; 4];
    for (to, from) in all.iter_mut().zip([&length[..]].iter().chain(parts)) {
        *to = from;
    }
    let mut rest = output;
    let mut link = blake2b(&all, rest.len().min(64));
    while rest.len() > 64 {
        let (now, later) = rest.split_at_mut(32);
        now.copy_from_slice(&link[..32]);
        rest = later;
        link = blake2b(&[&*link], rest.len().min(64));
    }
    rest.copy_from_slice(&link[..rest.len()]);
}

/// The first `length` bytes of the result are the hash, at most 64.
fn blake2b(parts: &[&[u8]], length: usize) -> Zeroizing<[u8; 64]> {
    let mut bytes = Zeroizing::new([0; 64]);
    if let Ok(mut hash) = Blake2bVarCore::new(length) {
        let mut buffer = LazyBuffer::new(&[]);
        parts.iter().for_each(|part| buffer.digest_blocks(part, |blocks| hash.update_blocks(blocks)));
        hash.finalize_variable_core(&mut buffer, (&mut *bytes).into());
    }
    bytes
}

/// How the memory is divided, in blocks.
struct Layout {
    lanes: usize,
    /// Blocks of a lane in one slice.
    segment: usize,
    /// Blocks of a lane.
    lane: usize,
}

/// The block that is filled.
#[derive(Clone, Copy)]
struct Position {
    pass: usize,
    slice: usize,
    lane: usize,
    index: usize,
}

impl Layout {
    /// A block of zeros behind the memory.
    fn zero(&self) -> usize {
        self.lanes * self.lane
    }

    /// The block that the pseudo-random word of a position refers to.
    #[inline(always)]
    fn reference(&self, at: Position, word: u64) -> usize {
        let Position { pass, slice, lane, index } = at;
        let is_first = pass == 0 && slice == 0;
        let lane_of_reference = if is_first { lane } else { (word >> 32) as u32 as usize % self.lanes };
        let finished = if pass == 0 { slice * self.segment } else { self.lane - self.segment };
        let area = if lane_of_reference == lane { finished + index - 1 } else { finished - usize::from(index == 0) };
        let x = word & 0xffff_ffff;
        let y = (area as u64 * ((x * x) >> 32)) >> 32;
        let start = if pass == 0 { 0 } else { (slice + 1) * self.segment };
        // The window begins at most at the end of the lane, and is shorter than the lane.
        let mut column = start + area - 1 - y as usize;
        if column >= self.lane {
            column -= self.lane;
        }
        lane_of_reference * self.lane + column
    }
}

/// Blocks of scratch behind the memory and the block of zeros, for each of the two lanes that are filled together.
const SCRATCH: usize = 4;

/// The blocks that [`fill`] takes.
#[derive(Clone, Copy)]
struct Step<'a> {
    previous: &'a Block,
    reference: &'a Block,
    /// What is added to the result: the block that is overwritten, or that of zeros.
    old: &'a Block,
    current: &'a Block,
    /// Scratch: the sum of `previous` and `reference`, and that sum after the rounds on its rows.
    sum: &'a Block,
    rows: &'a Block,
}

/// Fills the segments of a lane and of the next one, if there is one: while the loads of one are waited for, the other is computed.
fn fill_segments(blocks: &[Block], layout: &Layout, first: Position, input: &Input<'_>) {
    let is_pair = first.lane + 1 < layout.lanes;
    let begin = if first.pass == 0 && first.slice == 0 { 2 } else { 0 };
    for index in begin..layout.segment {
        let at = Position { index, ..first };
        let one = step(blocks, layout, at, input, 0);
        if is_pair {
            let other = step(blocks, layout, Position { lane: at.lane + 1, ..at }, input, 1);
            fill(&[one, other], 1, 0);
        } else {
            fill_one(one);
        }
    }
}

/// The step that fills a block, with the scratch of this number.
#[inline(always)]
fn step<'a>(blocks: &'a [Block], layout: &Layout, at: Position, input: &Input<'_>, scratch: usize) -> Step<'a> {
    let Position { pass, slice, lane, index } = at;
    let zero = &blocks[layout.zero()];
    let [counter, addresses, sum, rows] =
        array::from_fn(|block| &blocks[layout.zero() + 1 + SCRATCH * scratch + block]);
    let base = lane * layout.lane + slice * layout.segment;
    let current = &blocks[base + index];
    let previous = if slice == 0 && index == 0 { base + layout.lane - 1 } else { base + index - 1 };
    let previous = &blocks[previous];
    let old = if pass > 0 && input.version == Version::V13 { current } else { zero };
    let is_independent = match input.variant {
        Variant::D => false,
        Variant::I => true,
        Variant::Id => pass == 0 && slice < SLICES / 2,
    };
    let word = if is_independent {
        if index % GROUP == 0 || (pass == 0 && slice == 0 && index == 2) {
            let (passes, variant) = (input.cost.passes as usize, input.variant as usize);
            let numbers = [pass, lane, slice, layout.zero(), passes, variant, index / GROUP + 1, 0];
            for (vector, [low, high]) in counter.0.iter().zip(numbers.as_chunks::<2>().0) {
                vector.set(V::new(*low as u64, *high as u64));
            }
            let step = Step { previous: zero, reference: counter, old: zero, current: addresses, sum, rows };
            fill_one(step);
            fill_one(Step { reference: addresses, ..step });
        }
        addresses.word(index % GROUP)
    } else {
        previous.word(0)
    };
    Step { previous, reference: &blocks[layout.reference(at, word)], old, current, sum, rows }
}

/// Addresses in a block.
const GROUP: usize = BLOCK_BYTES / 8;

/// Fills one block: its even rows and columns beside its odd ones.
fn fill_one(step: Step<'_>) {
    fill(&[step; 2], 2, 1);
}

/// Fills the block of each step: row `stride * i` of the first one beside row `stride * i + offset` of the other one, then the columns
/// in the same way.
///
/// V8 replaces its baseline code of a function when it is called again: this one is called for each block.
#[inline(never)]
fn fill(steps: &[Step<'_>; 2], stride: usize, offset: usize) {
    // LLVM would unroll a loop whose end it knows, and V8 would compute all rounds at once, with too few registers.
    let pairs = black_box(8 / stride);
    let [one, other] = *steps;
    for pair in 0..pairs {
        let at = [(stride * pair) & 7, (stride * pair + offset) & 7];
        let sums = [one.added_row(at[0]), other.added_row(at[1])];
        let states = rounds(sums);
        // The next row begins to be loaded while this one is computed.
        one.touch_row((at[0] + stride) & 7);
        other.touch_row((at[1] + stride) & 7);
        one.end_row(at[0], sums[0], states[0]);
        other.end_row(at[1], sums[1], states[1]);
    }
    for pair in 0..pairs {
        let at = [(stride * pair) & 7, (stride * pair + offset) & 7];
        let states = rounds([one.column(at[0]), other.column(at[1])]);
        one.end_column(at[0], states[0]);
        other.end_column(at[1], states[1]);
    }
}

/// Slices begin at the row or column, so that all indices are constants: V8 computes an address for each that is not.
impl Step<'_> {
    #[inline(always)]
    fn added_row(&self, row: usize) -> [V; 8] {
        let (previous, reference) = (&self.previous.0[8 * row..], &self.reference.0[8 * row..]);
        eight!(V => previous[V].get().xor(reference[V].get()))
    }

    /// A row is two cache lines, which are loaded together.
    #[inline(always)]
    fn touch_row(&self, row: usize) {
        touch(&self.reference.0[8 * row]);
    }

    #[inline(always)]
    fn end_row(&self, row: usize, sum: [V; 8], state: [V; 8]) {
        let (sums, rows) = (&self.sum.0[8 * row..], &self.rows.0[8 * row..]);
        eight!(V => sums[V].set(sum[V]));
        eight!(V => rows[V].set(state[V]));
    }

    #[inline(always)]
    fn column(&self, column: usize) -> [V; 8] {
        let rows = &self.rows.0[column..];
        eight!(ROW => rows[8 * ROW].get())
    }

    #[inline(always)]
    fn end_column(&self, column: usize, state: [V; 8]) {
        let (sum, old) = (&self.sum.0[column..], &self.old.0[column..]);
        let state = eight!(ROW => state[ROW].xor(sum[8 * ROW].get()).xor(old[8 * ROW].get()));
        let current = &self.current.0[column..];
        eight!(ROW => current[8 * ROW].set(state[ROW]));
    }
}

/// Two rounds P beside each other, each of 16 words. One alone would wait for its own results, and three need more registers
/// than there are.
#[inline(always)]
fn rounds(states: [[V; 8]; 2]) -> [[V; 8]; 2] {
    let [one, other] = quarters(states);
    let [one, other] = quarters([diagonals(one), diagonals(other)]);
    [columns(one), columns(other)]
}

/// The diagonals of the 4 by 4 words become columns.
#[inline(always)]
fn diagonals([a0, a1, b0, b1, c0, c1, d0, d1]: [V; 8]) -> [V; 8] {
    [a0, a1, b0.high_low(b1), b1.high_low(b0), c1, c0, d1.high_low(d0), d0.high_low(d1)]
}

/// The reverse of [`diagonals`].
#[inline(always)]
fn columns([a0, a1, b0, b1, c0, c1, d0, d1]: [V; 8]) -> [V; 8] {
    [a0, a1, b1.high_low(b0), b0.high_low(b1), c1, c0, d0.high_low(d1), d1.high_low(d0)]
}

/// Four quarter rounds of each state, on the columns.
#[inline(always)]
fn quarters([one, other]: [[V; 8]; 2]) -> [[V; 8]; 2] {
    let one = in_order(half::<32, 24>(one));
    let other = in_order(half::<32, 24>(other));
    let one = in_order(half::<16, 63>(one));
    let other = in_order(half::<16, 63>(other));
    [one, other]
}

/// V8 computes what follows afterwards. Of the eight vectors this one was the fastest, by 6 %.
#[inline(always)]
fn in_order(state: [V; 8]) -> [V; 8] {
    keep_order(state[4]);
    state
}

#[inline(always)]
fn half<const FIRST: u32, const SECOND: u32>([a0, a1, b0, b1, c0, c1, d0, d1]: [V; 8]) -> [V; 8] {
    let [a0, a1] = multiply_add([a0, a1], [b0, b1]);
    let (d0, d1) = (d0.xor(a0).rotated::<FIRST>(), d1.xor(a1).rotated::<FIRST>());
    let [c0, c1] = multiply_add([c0, c1], [d0, d1]);
    let (b0, b1) = (b0.xor(c0).rotated::<SECOND>(), b1.xor(c1).rotated::<SECOND>());
    [a0, a1, b0, b1, c0, c1, d0, d1]
}

/// `a + b + 2 * low(a) * low(b)` of each word.
#[inline(always)]
fn multiply_add(a: [V; 2], b: [V; 2]) -> [V; 2] {
    let products = V::products(a, b);
    [a[0].plus(b[0]).plus(products[0].plus(products[0])), a[1].plus(b[1]).plus(products[1].plus(products[1]))]
}
