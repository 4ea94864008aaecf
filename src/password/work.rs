//! bcrypt as work to be done: jobs that know nothing of one another, so that a host may do several side by side.

use zeroize::Zeroizing;

pub use super::eksblowfish::Busy;
use super::eksblowfish::{self, LANES};
use crate::limits::PASSWORD_MAX_BYTES;

/// One bcrypt hash to work out.
#[derive(Clone)]
pub struct Job {
    cost: u32,
    salt: [u8; 16],
    key: Zeroizing<[u8; PASSWORD_MAX_BYTES]>,
    length: usize,
}

/// What a [`Job`] comes to: the 23 bytes that bcrypt stores (of its 24, the last was never kept).
#[derive(Clone, Copy)]
pub struct Hashed(pub(super) [u8; 23]);

/// How long a login has worked, in rounds one after the other: a hash of cost c takes 2^c, and what is worked out beside
/// it takes next to nothing.
///
/// Counting proves what a clock only suggests: that two refusals take the same time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rounds(u64);

/// Works out all jobs, up to four side by side. The results stand in the order of the jobs.
///
/// `stop` is asked before every round, some 50 microseconds apart.
///
/// # Errors
/// [`Busy`] once `stop` says so; what was worked out until then is lost.
pub fn work_out(jobs: &[Job], stop: &dyn Fn() -> bool) -> Result<Vec<Hashed>, Busy> {
    // Jobs of one cost belong together: a lane that ends early leaves the others alone.
    let of_cost = |cost| jobs.iter().enumerate().filter(move |(_, job)| job.cost == cost);
    let order: Vec<(usize, &Job)> = (0..=31).flat_map(of_cost).collect();
    let mut results = vec![Hashed([0; 23]); jobs.len()];
    for group in order.chunks(LANES) {
        let lanes: Vec<_> = group.iter().map(|(_, job)| job.lane()).collect();
        let mut hashes = [[0; 24]; LANES];
        eksblowfish::run(&lanes, &mut hashes, stop)?;
        for ((at, _), hash) in group.iter().zip(&hashes) {
            if let Some(result) = results.get_mut(*at) {
                *result = Hashed::from(*hash);
            }
        }
    }
    Ok(results)
}

impl Job {
    /// `cost` is at most 31. Of the password the first 72 bytes count.
    pub(super) fn new(cost: u32, salt: [u8; 16], password: &[u8]) -> Self {
        // The key is the password with the NUL that ends a C string, if there is room for it.
        let mut key = Zeroizing::new([0; PASSWORD_MAX_BYTES]);
        for (to, from) in key.iter_mut().zip(password) {
            *to = *from;
        }
        Self { cost, salt, key, length: password.len().saturating_add(1).min(PASSWORD_MAX_BYTES) }
    }

    /// Work whose result is of no use.
    pub(crate) fn dummy(cost: u32, password: &str) -> Self {
        Self::new(cost, [0; 16], password.as_bytes())
    }

    fn lane(&self) -> eksblowfish::Job<'_> {
        eksblowfish::Job { cost: self.cost, salt: self.salt, key: self.key.get(..self.length).unwrap_or_default() }
    }
}

impl Rounds {
    /// As a number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// Adds jobs that were done side by side.
    pub(crate) fn add(&mut self, jobs: &[Job]) {
        let longest = jobs.iter().map(|job| 1 << job.cost).max().unwrap_or(0);
        self.0 = self.0.saturating_add(longest);
    }

    /// The cost of the next job on the way to 2^`goal` rounds; nothing when they are done.
    pub(crate) fn missing(self, goal: u32) -> Option<u32> {
        // After one hash of cost c, those of cost c, c + 1, ... up to the goal's, less one, add up to it exactly.
        let next = if self.0 == 0 { goal } else { self.0.trailing_zeros() };
        (self.0 < 1 << goal).then_some(next)
    }
}

impl From<[u8; 24]> for Hashed {
    fn from([hash @ .., _]: [u8; 24]) -> Self {
        Self(hash)
    }
}
