//! Eksblowfish, the core of bcrypt, for up to [`LANES`] independent hashes in one loop.
//!
//! One hash is a chain of dependent loads. Independent hashes use the load latency of each other: three take little
//! more time than one. The shape of the code is what V8 needs for that; see HACKING.md.
#![expect(unsafe_code, reason = "the hot loop: S-boxes at a fixed address, without bounds checks")]
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "every index and sum is bounded by a const"
)]

mod once;
mod tables;
#[cfg(test)]
mod tests;

use core::hint::assert_unchecked;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, Zeroizing};

use self::{
    memory::{StateGuard, StatePointer},
    once::{magic, mix, repeated, salted_expand},
};
use super::Busy;
use crate::limits::LANES;

#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    /// Base-two logarithm of the number of rounds of the hash. The caller checks the range; a value above 31 counts as 31.
    pub(super) cost: u32,
    /// Base-two logarithm of the rounds that the lane takes, if that is more and the hash is not the expected one.
    pub(super) refusal_cost: u32,
    /// The hash that ends the lane as soon as it is computed.
    pub(super) expected: Option<&'a [u8; 23]>,
    /// The salt, decoded.
    pub(super) salt: [u8; 16],
    /// The password with its terminating NUL. It is repeated and cut to 72 bytes; an empty key counts as one NUL.
    pub(super) key: &'a [u8],
}

/// What a lane has computed.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    pub(super) hash: [u8; 24],
    /// The rounds that the lane took.
    pub(super) rounds: u64,
}

#[cfg(test)]
fn bcrypt<const N: usize>(jobs: [Job<'_>; N], stop: &dyn Fn() -> bool) -> Result<[[u8; 24]; N], Busy> {
    const { assert!(0 < N && N <= LANES) };
    let results = run(&jobs, stop)?;
    Ok(core::array::from_fn(|lane| results[lane].hash))
}

/// The P-array and the four S-boxes, in the order in which a key schedule rewrites them.
type Lane = [u32; P_WORDS + 4 * 256];
const P_WORDS: usize = 18;
const LANE_BYTES: usize = size_of::<Lane>();
const P_BYTES: usize = P_WORDS * 4;

#[repr(C, align(64))]
struct State {
    lanes: [Lane; LANES],
    scratch: u32,
}
const EMPTY: State = State { lanes: [[0; P_WORDS + 4 * 256]; LANES], scratch: 0 };

/// Computes all `jobs` together, at most [`LANES`], and returns the results in their order. `stop` is called before each
/// round of the cost loop (about every 50 us); when it returns true, no job gets a result.
#[inline(never)]
pub(super) fn run(jobs: &[Job<'_>], stop: &dyn Fn() -> bool) -> Result<[Outcome; LANES], Busy> {
    let mut guard = StateGuard::acquire().ok_or(Busy)?;
    let mut words = Zeroizing::new([[[0; P_WORDS]; 2]; LANES]);
    for ((job, words), lane) in jobs.iter().zip(words.iter_mut()).zip(&mut guard.state().lanes) {
        *words = [repeated(job.key), repeated(&job.salt)];
        salted_expand(lane, &words[0], &words[1]);
    }
    let mut results = [Outcome { hash: [0; 24], rounds: 0 }; LANES];
    // The running lanes are always the first ones: the last one takes the place of one that ends.
    let mut running: [usize; LANES] = core::array::from_fn(|lane| lane);
    let (mut active, mut rounds) = (jobs.len().min(LANES), 0u64);
    while active > 0 {
        let until = running[..active].iter().map(|job| jobs[*job].next_stage(rounds)).min().unwrap_or(rounds);
        while rounds < until {
            if stop() {
                return Err(Busy);
            }
            for half in 0..2 {
                for (lane, words) in guard.state().lanes.iter_mut().zip(words.iter()).take(active) {
                    mix(lane, &words[half]);
                }
                // SAFETY: the pointer leads to the state of `guard`, and nothing else uses that state during the
                // schedule.
                unsafe { KEY_SCHEDULES[active - 1](guard.pointer()) };
            }
            rounds += 1;
        }
        for lane in (0..active).rev() {
            let (job, result) = (&jobs[running[lane]], &mut results[running[lane]]);
            if rounds == job.hash_rounds() {
                result.hash = magic(&guard.state().lanes[lane]);
            }
            if job.ends(rounds, &result.hash) {
                result.rounds = rounds;
                active -= 1;
                guard.state().lanes.swap(lane, active);
                words.swap(lane, active);
                running.swap(lane, active);
            }
        }
    }
    Ok(results)
}

impl Job<'_> {
    fn hash_rounds(&self) -> u64 {
        1 << self.cost.min(31)
    }

    /// The number of rounds after which the lane is looked at next.
    fn next_stage(&self, rounds: u64) -> u64 {
        if rounds < self.hash_rounds() { self.hash_rounds() } else { 1 << self.refusal_cost.min(31) }
    }

    /// Whether the lane ends after so many rounds, of which the hash was the result if there were enough.
    fn ends(&self, rounds: u64, hash: &[u8; 24]) -> bool {
        let is_expected = || self.expected.is_some_and(|expected| hash[..23].ct_eq(expected).into());
        rounds >= self.hash_rounds() && (rounds >= 1 << self.refusal_cost.min(31) || is_expected())
    }
}

/// Stops LLVM's reassociation: every word is at most this one, which LLVM cannot know because it is a volatile read.
static MAX: u32 = u32::MAX;

/// One Blowfish round of lane `K`, the lanes being `RUN`: `(r ^ P[i]) ^ F(l)`, with one xor on the chain behind `F`.
///
/// # Safety
/// `base` points to a `State`; `K < LANES`, `i < 18` and `max == u32::MAX`.
#[inline(always)]
unsafe fn round<const K: usize, const RUN: usize>(base: *mut u8, l: u32, r: u32, i: usize, max: u32) -> u32 {
    // SAFETY: an index is masked to 0..=1020 in steps of 4 inside one S-box of 1024 bytes, and `base` is aligned for u32.
    let s = |b: usize, x: u32| unsafe {
        base.add(K * LANE_BYTES + P_BYTES + b * 1024).add((x & 0x3fc) as usize).cast::<u32>().read()
    };
    // SAFETY: `i` is below 18, inside the P-array of lane `K`.
    let rp = r ^ unsafe { base.add(K * LANE_BYTES + i * 4).cast::<u32>().read() };
    // SAFETY: no u32 is above u32::MAX. It is a second use of `rp`, for which InstCombine leaves the order of the xors
    // alone; otherwise it makes `r ^ (P[i] ^ F(l))` of them, and the chain is 10 % longer. It costs no instruction.
    unsafe { assert_unchecked(rp <= max) };
    let alone = RUN == 1 && cfg!(target_arch = "wasm32");
    if alone {
        // A single lane needs all four indices before its first load: V8 from 13.6 on is 5 % slower otherwise. Only a
        // second use of an index stops LLVM and wasm-opt from moving it into its load.
        // SAFETY: the scratch word after the lanes is reserved for this.
        let store = |x: u32| unsafe { base.add(LANES * LANE_BYTES).cast::<u32>().write_volatile(x) };
        store((l >> 22 & 0x3fc).wrapping_add(l >> 14 & 0x3fc));
        store((l >> 6 & 0x3fc).wrapping_add(l << 2 & 0x3fc));
    }
    let x = rp ^ (s(0, l >> 22).wrapping_add(s(1, l >> 14)) ^ s(2, l >> 6)).wrapping_add(s(3, l << 2));
    if !alone {
        // SAFETY: the scratch word after the lanes is reserved for this. The store keeps the lanes interleaved: without
        // it LLVM's wasm backend (and V8's TurboFan) computes all 16 rounds of one lane after another.
        unsafe { base.add(LANES * LANE_BYTES).cast::<u32>().write_volatile(x) };
    }
    x
}

/// Key schedules of 1 to `LANES` lanes, unrolled by hand: the same code at every `opt-level`. Each is a separate call,
/// 2^(cost+1) times for a hash, because V8 replaces its baseline code only between calls.
macro_rules! key_schedules {
    ($($name:ident $run:literal: $($k:literal $l:ident $r:ident),+;)+) => {$(
        /// # Safety
        /// `state` points to a `State` that nothing else uses meanwhile.
        #[inline(never)]
        unsafe fn $name(state: StatePointer) {
            let base = state.base();
            // SAFETY: it is a reference to a static; volatile only to hide its value.
            let max = unsafe { (&raw const MAX).read_volatile() };
            $(let (mut $l, mut $r) = (0u32, 0u32);)+
            for out in (0..LANE_BYTES).step_by(8) {
                // SAFETY: `base` points to a `State` by this function's contract, `i` runs over 0..=17, `max` is
                // u32::MAX, and `out + 8` is at most LANE_BYTES (521 pairs of words).
                unsafe {
                    $($l ^= base.add($k * LANE_BYTES).cast::<u32>().read();)+
                    key_schedules!(@ base max $run $($k $l $r),+; 1 2);
                    key_schedules!(@ base max $run $($k $l $r),+; 3 4);
                    key_schedules!(@ base max $run $($k $l $r),+; 5 6);
                    key_schedules!(@ base max $run $($k $l $r),+; 7 8);
                    key_schedules!(@ base max $run $($k $l $r),+; 9 10);
                    key_schedules!(@ base max $run $($k $l $r),+; 11 12);
                    key_schedules!(@ base max $run $($k $l $r),+; 13 14);
                    key_schedules!(@ base max $run $($k $l $r),+; 15 16);
                    $(
                        let lane = base.add($k * LANE_BYTES);
                        ($l, $r) = ($r ^ lane.add(17 * 4).cast::<u32>().read(), $l);
                        lane.add(out).cast::<u32>().write($l);
                        lane.add(out + 4).cast::<u32>().write($r);
                    )+
                }
            }
        }
    )+};
    (@ $base:ident $max:ident $run:literal $($k:literal $l:ident $r:ident),+; $i:literal $j:literal) => {
        $($r = round::<$k, $run>($base, $l, $r, $i, $max);)+
        $($l = round::<$k, $run>($base, $r, $l, $j, $max);)+
    };
}
key_schedules! {
    expand1 1: 0 l0 r0;
    expand2 2: 0 l0 r0, 1 l1 r1;
    expand3 3: 0 l0 r0, 1 l1 r1, 2 l2 r2;
    expand4 4: 0 l0 r0, 1 l1 r1, 2 l2 r2, 3 l3 r3;
}

/// By number of lanes. A table, because wasm-opt inlines a function with a single caller.
const KEY_SCHEDULES: [unsafe fn(StatePointer); LANES] = [expand1, expand2, expand3, expand4];

impl Drop for StateGuard {
    fn drop(&mut self) {
        let state = self.state();
        state.lanes.zeroize();
        state.scratch.zeroize();
        self.release();
    }
}

/// In wasm the state has a fixed address, so that every load has a constant offset.
#[cfg(target_arch = "wasm32")]
mod memory {
    use super::{EMPTY, State};
    use core::cell::UnsafeCell;
    use core::sync::atomic::{AtomicBool, Ordering};

    struct Shared(UnsafeCell<State>);
    // SAFETY: only a `StateGuard` accesses it, and `IN_USE` admits one at a time (`stop` may hash, and so may a
    // thread).
    unsafe impl Sync for Shared {}
    static SHARED: Shared = Shared(UnsafeCell::new(EMPTY));
    static IN_USE: AtomicBool = AtomicBool::new(false);

    /// Exclusive use of the state. Dropping it wipes the state and releases it.
    pub(super) struct StateGuard(());

    impl StateGuard {
        pub(super) fn acquire() -> Option<Self> {
            // `then_some` would make and drop a guard even where the state is in use.
            (!IN_USE.swap(true, Ordering::Acquire)).then(|| StateGuard(()))
        }
        pub(super) fn state(&mut self) -> &mut State {
            // SAFETY: `self` is the only guard, and borrowed mutably as long as the result.
            unsafe { &mut *SHARED.0.get() }
        }
        pub(super) fn pointer(&mut self) -> StatePointer {
            StatePointer(())
        }
        pub(super) fn release(&mut self) {
            IN_USE.store(false, Ordering::Release);
        }
    }

    /// Zero-sized: the address is a constant.
    pub(super) struct StatePointer(());

    impl StatePointer {
        #[inline(always)]
        pub(super) fn base(self) -> *mut u8 {
            SHARED.0.get().cast()
        }
    }
}

/// Natively each call has its own state, so threads do not wait for each other.
#[cfg(not(target_arch = "wasm32"))]
mod memory {
    use super::{EMPTY, State};

    /// The state of this call. Dropping it wipes the state.
    pub(super) struct StateGuard(Box<State>);

    impl StateGuard {
        pub(super) fn acquire() -> Option<Self> {
            Some(StateGuard(Box::new(EMPTY)))
        }
        pub(super) fn state(&mut self) -> &mut State {
            &mut self.0
        }
        pub(super) fn pointer(&mut self) -> StatePointer {
            StatePointer((&raw mut *self.0).cast())
        }
        pub(super) fn release(&mut self) {}
    }

    pub(super) struct StatePointer(*mut u8);

    impl StatePointer {
        #[inline(always)]
        pub(super) fn base(self) -> *mut u8 {
            self.0
        }
    }
}
