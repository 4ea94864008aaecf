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

use core::hint::black_box;

use blake2::{
    Blake2bVarCore,
    digest::{
        block_api::{UpdateCore as _, VariableOutputCore as _},
        block_buffer::LazyBuffer,
    },
};
use zeroize::Zeroizing;

use self::{
    memory::{Blocks, keep_order},
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

/// 1024 bytes.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Block([V; VECTORS]);

impl Block {
    fn from_bytes(bytes: &[u8; BLOCK_BYTES]) -> Self {
        let word = |at: usize| bytes[at * 8..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Self(core::array::from_fn(|at| V::new(word(2 * at), word(2 * at + 1))))
    }

    fn word(&self, word: usize) -> u64 {
        self.0[word / 2].words()[word % 2]
    }

    fn to_bytes(self) -> Zeroizing<[u8; BLOCK_BYTES]> {
        let mut bytes = Zeroizing::new([0; BLOCK_BYTES]);
        let words = self.0.iter().flat_map(|vector| vector.words());
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
    // Behind the memory: a block of zeros, the input and the output of the addresses.
    let zero = lanes * layout.lane;
    let mut blocks = Blocks::new(zero + 3)?;
    let first = initial_hash(input, tag.len());
    for lane in 0..lanes {
        for column in 0..2 {
            let mut bytes = Zeroizing::new([0; BLOCK_BYTES]);
            variable_hash(&[&*first, &(column as u32).to_le_bytes(), &(lane as u32).to_le_bytes()], &mut *bytes);
            blocks[lane * layout.lane + column] = Block::from_bytes(&bytes);
        }
    }
    for pass in 0..cost.passes as usize {
        for slice in 0..SLICES {
            for lane in 0..lanes {
                let independent = match input.variant {
                    Variant::D => false,
                    Variant::I => true,
                    Variant::Id => pass == 0 && slice < SLICES / 2,
                };
                let at = Position { pass, slice, lane, index: 0 };
                fill_segment(&mut blocks, &layout, at, input, independent, zero);
            }
        }
    }
    let mut last = blocks[layout.lane - 1];
    for lane in 1..lanes {
        let other = blocks[(lane + 1) * layout.lane - 1];
        for (vector, other) in last.0.iter_mut().zip(other.0) {
            *vector = vector.xor(other);
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

/// Which blocks [`fill`] takes, and where the result is written.
struct Step {
    previous: usize,
    reference: usize,
    /// What is added to the result: the block that is overwritten, or that of zeros.
    old: usize,
    current: usize,
    /// The position behind this one, and the block and the word that tell its reference.
    next: Option<(Position, usize, usize)>,
}

fn fill_segment(
    blocks: &mut [Block],
    layout: &Layout,
    mut at: Position,
    input: &Input<'_>,
    independent: bool,
    zero: usize,
) {
    // LLVM would unroll a loop whose end it knows, and V8 would compute all rounds at once, with too few registers.
    let pairs = black_box(4);
    let (counter, addresses) = (zero + 1, zero + 2);
    let base = at.lane * layout.lane + at.slice * layout.segment;
    let begin = if at.pass == 0 && at.slice == 0 { 2 } else { 0 };
    let add_old = at.pass > 0 && input.version == Version::V13;
    // What `fill` writes before it reads; an array of its own would be zeroed for each block.
    let mut scratch = [Block([V::ZERO; VECTORS]); 2];
    let mut reference = 0;
    for index in begin..layout.segment {
        at.index = index;
        let current = base + index;
        let previous = if at.slice == 0 && index == 0 { base + layout.lane - 1 } else { current - 1 };
        let is_new_group = independent && index % GROUP == 0;
        if is_new_group || (independent && index == begin) {
            let numbers = [at.pass, at.lane, at.slice, zero, input.cost.passes as usize, input.variant as usize];
            let mut words = [0; 8];
            for (word, number) in words.iter_mut().zip(numbers) {
                *word = number as u64;
            }
            words[6] = (index / GROUP + 1) as u64;
            for (vector, [low, high]) in blocks[counter].0.iter_mut().zip(words.as_chunks::<2>().0) {
                *vector = V::new(*low, *high);
            }
            let step = Step { previous: zero, reference: counter, old: zero, current: addresses, next: None };
            fill(blocks, &mut scratch, layout, &step, pairs);
            fill(blocks, &mut scratch, layout, &Step { reference: addresses, ..step }, pairs);
        }
        if index == begin || is_new_group {
            let (block, word) = if independent { (addresses, index % GROUP) } else { (previous, 0) };
            reference = layout.reference(at, blocks[block].word(word));
        }
        let (block, word) = if independent { (addresses, (index + 1) % GROUP) } else { (current, 0) };
        let is_known = index + 1 < layout.segment && !(independent && word == 0);
        let next = is_known.then_some((Position { index: index + 1, ..at }, block, word));
        let old = if add_old { current } else { zero };
        reference = fill(blocks, &mut scratch, layout, &Step { previous, reference, old, current, next }, pairs);
    }
}

/// Addresses in a block.
const GROUP: usize = BLOCK_BYTES / 8;

/// Fills a block, and returns the reference of the next one. `pairs` is 4.
///
/// V8 replaces its baseline code of a function when it is called again: this one is called for each block.
#[inline(never)]
fn fill(blocks: &mut [Block], scratch: &mut [Block; 2], layout: &Layout, step: &Step, pairs: usize) -> usize {
    let [sum, rows] = scratch;
    for pair in 0..pairs {
        // Slices that begin at the pair, so that all indices are constants: V8 computes an address for each that is not.
        let first = (16 * pair) & 48;
        let (previous, reference) = (&blocks[step.previous].0[first..], &blocks[step.reference].0[first..]);
        let (sum, rows) = (&mut sum.0[first..], &mut rows.0[first..]);
        eight!(V => sum[V] = previous[V].xor(reference[V]));
        eight!(V => sum[8 + V] = previous[8 + V].xor(reference[8 + V]));
        let states = rounds([eight!(V => sum[V]), eight!(V => sum[8 + V])]);
        eight!(V => rows[V] = states[0][V]);
        eight!(V => rows[8 + V] = states[1][V]);
    }
    let mut next = 0;
    for pair in 0..pairs {
        let first = (2 * pair) & 6;
        let (sum, rows, old) = (&sum.0[first..], &rows.0[first..], &blocks[step.old].0[first..]);
        let states = rounds([eight!(ROW => rows[8 * ROW]), eight!(ROW => rows[8 * ROW + 1])]);
        let states = [
            eight!(ROW => states[0][ROW].xor(sum[8 * ROW]).xor(old[8 * ROW])),
            eight!(ROW => states[1][ROW].xor(sum[8 * ROW + 1]).xor(old[8 * ROW + 1])),
        ];
        let current = &mut blocks[step.current].0[first..];
        eight!(ROW => current[8 * ROW] = states[0][ROW]);
        eight!(ROW => current[8 * ROW + 1] = states[1][ROW]);
        if pair == 0
            && let Some((at, block, word)) = step.next
        {
            // The first word of the result is final, and tells the next reference.
            next = layout.reference(at, blocks[block].word(word));
        }
    }
    next
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

/// V8 computes what follows afterwards.
#[inline(always)]
fn in_order(state: [V; 8]) -> [V; 8] {
    keep_order(state[0]);
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
