//! Against the `bcrypt` crate, the oracle. `cargo +nightly miri test --lib miri` runs what is small enough for it.

use wasm_bindgen_test::wasm_bindgen_test;

use super::{Busy, Job, bcrypt, run};

const GO: &dyn Fn() -> bool = &|| false;

/// A job without a refusal cost.
fn plain(cost: u32, salt: [u8; 16], key: &[u8]) -> Job<'_> {
    Job { cost, refusal_cost: cost, expected: None, salt, key }
}

struct Own {
    cost: u32,
    salt: [u8; 16],
    key: Vec<u8>,
}

impl Own {
    fn random(random: &mut Random, length: usize) -> Self {
        let mut salt = [0; 16];
        salt.fill_with(|| random.byte());
        // Most have the minimum cost, so that ten thousand take seconds.
        let cost = [4, 4, 4, 4, 4, 4, 5, 5, 5, 6][usize::from(random.byte()) % 10];
        Self { cost, salt, key: (0..length).map(|_| random.byte()).collect() }
    }

    fn job(&self) -> Job<'_> {
        plain(self.cost, self.salt, &self.key)
    }

    fn expected(&self) -> [u8; 24] {
        ::bcrypt::bcrypt(self.cost, self.salt, &self.key)
    }
}

/// Xorshift: the same jobs in every run.
struct Random(u64);

impl Random {
    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.to_be_bytes()[1]
    }
}

fn check<const N: usize>(random: &mut Random, lengths: &mut impl Iterator<Item = usize>) -> usize {
    let own: [Own; N] = core::array::from_fn(|_| Own::random(random, lengths.next().unwrap()));
    let hashes = bcrypt(own.each_ref().map(Own::job), GO).unwrap();
    for (lane, (hash, own)) in hashes.iter().zip(&own).enumerate() {
        assert_eq!(*hash, own.expected(), "lane {lane} of {N}: cost {} key {:?}", own.cost, own.key);
    }
    N
}

#[wasm_bindgen_test(unsupported = test)]
#[cfg_attr(miri, ignore)]
fn ten_thousand_random_jobs_in_lanes_of_unequal_cost() {
    let (mut random, mut lengths) = (Random(0x9e37_79b9_7f4a_7c15), (1..=72).cycle());
    let mut done = 0;
    while done < 10_000 {
        done += check::<1>(&mut random, &mut lengths);
        done += check::<2>(&mut random, &mut lengths);
        done += check::<3>(&mut random, &mut lengths);
        done += check::<4>(&mut random, &mut lengths);
    }
}

#[wasm_bindgen_test(unsupported = test)]
#[cfg_attr(miri, ignore)]
fn every_order_of_costs_and_all_lanes_crossed() {
    let keys: [&[u8]; 4] = [b"a\0", b"bb\0", b"ccc\0", b"\xff\x80\0"];
    for costs in 0..81_u32 {
        let own: [Own; 4] = core::array::from_fn(|lane| Own {
            cost: 4 + costs / 3_u32.pow(u32::try_from(lane).unwrap()) % 3,
            salt: [u8::try_from(lane).unwrap(); 16],
            key: keys[(lane + costs as usize) % 4].to_vec(),
        });
        let hashes = bcrypt(own.each_ref().map(Own::job), GO).unwrap();
        assert_eq!(hashes, own.each_ref().map(Own::expected), "costs {costs}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
#[cfg_attr(miri, ignore)]
fn every_byte_value() {
    for byte in 0..=255 {
        let own = Own { cost: 4, salt: [byte; 16], key: vec![byte, b'x', byte, 0] };
        assert_eq!(bcrypt([own.job()], GO), Ok([own.expected()]), "{byte}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
#[cfg_attr(miri, ignore)]
fn a_stop_ends_it_between_rounds() {
    let asked = core::cell::Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) == 5;
    let job = |cost| plain(cost, [0; 16], b"\0");
    assert_eq!(bcrypt([job(31), job(4)], &stop), Err(Busy));
    assert_eq!(asked.get(), 6, "a cost of 31 would have taken hours");
    assert_eq!(bcrypt([job(4)], GO), Ok([::bcrypt::bcrypt(4, [0; 16], b"\0")]), "and leaves nothing behind");
}

/// In wasm the state is shared: the inner call is refused and leaves the outer call's state unchanged.
#[wasm_bindgen_test(unsupported = test)]
#[cfg_attr(miri, ignore)]
fn a_stop_that_hashes_does_not_change_the_running_hash() {
    let job = plain(4, [3; 16], b"outer\0");
    let expected = Ok([::bcrypt::bcrypt(job.cost, job.salt, job.key)]);
    let inner = core::cell::RefCell::new(Vec::new());
    let stop = || {
        inner.borrow_mut().push(bcrypt([Job { key: b"inner\0", ..job }], GO));
        false
    };
    assert_eq!(bcrypt([job], &stop), expected);
    let shared = cfg!(target_arch = "wasm32");
    let answer = if shared { Err(Busy) } else { Ok([::bcrypt::bcrypt(job.cost, job.salt, b"inner\0")]) };
    assert_eq!(inner.into_inner(), vec![answer; 1 << job.cost]);
    assert_eq!(bcrypt([job], GO), expected, "the state is free again");
}

/// Every combination of four lanes whose hash is of cost 4 or 5, and that end at once, or at cost 4 to 6.
#[wasm_bindgen_test(unsupported = test)]
#[cfg_attr(miri, ignore)]
fn refusals_go_on_and_expected_hashes_end_at_once() {
    let hashes: [[u8; 24]; 2] = [4, 5].map(|cost| ::bcrypt::bcrypt(cost, [9; 16], b"key\0"));
    let expected = hashes.map(|hash| *hash.first_chunk().unwrap());
    let kinds: Vec<Job<'_>> = (0..2)
        .flat_map(|which| {
            let job = |refusal_cost, expected| Job { refusal_cost, expected, ..plain(4 + which, [9; 16], b"key\0") };
            let own = &expected[usize::try_from(which).unwrap()];
            let other = &expected[usize::try_from(1 - which).unwrap()];
            [job(4, None), job(6, None), job(6, Some(own)), job(6, Some(other)), job(5, Some(other))]
        })
        .collect();
    for pick in 0..kinds.len().pow(4) {
        let jobs: [Job<'_>; 4] =
            core::array::from_fn(|lane| kinds[pick / kinds.len().pow(u32::try_from(lane).unwrap()) % kinds.len()]);
        for (lane, (outcome, job)) in run(&jobs, GO).unwrap().iter().zip(jobs).enumerate() {
            let cost = usize::try_from(job.cost - 4).unwrap();
            assert_eq!(outcome.hash, hashes[cost], "{pick} {lane}");
            let ends = if job.expected == Some(&expected[cost]) { job.cost } else { job.cost.max(job.refusal_cost) };
            assert_eq!(outcome.rounds, 1 << ends, "{pick} {lane}");
        }
    }
}

/// A cost of 0 is one round.
#[wasm_bindgen_test(unsupported = test)]
fn miri_lanes_do_not_touch_one_another() {
    let job = |cost, n: u8| plain(cost, [n; 16], if n == 1 { b"a\0" } else { b"bc\0" });
    let [alone] = bcrypt([job(0, 1)], GO).unwrap();
    let [a, b, c, d] = bcrypt([job(0, 1), job(1, 2), job(0, 2), job(0, 1)], GO).unwrap();
    assert_eq!((alone, alone), (a, d));
    assert!(b != c && a != c);
    assert_eq!(bcrypt([job(9, 1); 3], &|| true), Err(Busy));
    assert_eq!(bcrypt([plain(0, [7; 16], &[])], GO), bcrypt([plain(0, [7; 16], &[0])], GO));
}
