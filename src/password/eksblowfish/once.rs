//! The parts of a hash that run once or are cheap: safe code, not unrolled.

use super::{Lane, P_WORDS, tables};

/// The first 72 bytes of `bytes` repeated without end, as big-endian words.
pub(super) fn repeated(bytes: &[u8]) -> [u32; P_WORDS] {
    let mut cycle = bytes.iter().cycle();
    core::array::from_fn(|_| (0..4).fold(0, |word, _| word << 8 | u32::from(*cycle.next().unwrap_or(&0))))
}

pub(super) fn mix(lane: &mut Lane, words: &[u32; P_WORDS]) {
    for (p, word) in lane.iter_mut().zip(words) {
        *p ^= word;
    }
}

/// The first key schedule, from the digits of pi.
pub(super) fn salted_expand(lane: &mut Lane, key: &[u32; P_WORDS], salt: &[u32; P_WORDS]) {
    lane[..P_WORDS].copy_from_slice(&tables::P);
    lane[P_WORDS..].copy_from_slice(tables::S.as_flattened());
    mix(lane, key);
    let (mut l, mut r) = (0, 0);
    for i in (0..lane.len()).step_by(2) {
        (l, r) = encrypt(lane, l ^ salt[i % 4], r ^ salt[i % 4 + 1]);
        (lane[i], lane[i + 1]) = (l, r);
    }
}

/// Encrypts `OrpheanBeholderScryDoubt` 64 times.
pub(super) fn magic(lane: &Lane) -> [u8; 24] {
    let mut hash = *b"OrpheanBeholderScryDoubt";
    for block in hash.as_chunks_mut::<8>().0 {
        let word = u64::from_be_bytes(*block);
        let (mut l, mut r) = ((word >> 32) as u32, word as u32);
        for _ in 0..64 {
            (l, r) = encrypt(lane, l, r);
        }
        *block = (u64::from(l) << 32 | u64::from(r)).to_be_bytes();
    }
    hash
}

fn encrypt(lane: &Lane, mut l: u32, mut r: u32) -> (u32, u32) {
    let s = |b: usize, x: u32| lane[P_WORDS + b * 256 + (x & 0xff) as usize];
    for p in &lane[..16] {
        l ^= p;
        r ^= (s(0, l >> 24).wrapping_add(s(1, l >> 16)) ^ s(2, l >> 8)).wrapping_add(s(3, l));
        (l, r) = (r, l);
    }
    (r ^ lane[17], l ^ lane[16])
}
