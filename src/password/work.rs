//! bcrypt as independent jobs, so that a host can compute several side by side.

use std::{collections::BinaryHeap, fmt};

use zeroize::Zeroizing;

use super::Busy;
#[cfg(feature = "lanes")]
use super::eksblowfish;
use crate::limits::{LANES, PASSWORD_MAX_BYTES};

/// One bcrypt hash to work out. The password inside is wiped on drop, and `Debug` shows the cost only.
#[derive(Clone)]
pub struct Job {
    pub(super) cost: u32,
    salt: [u8; 16],
    /// 1 to 72 bytes, on the heap: a job that is moved leaves no copy of them behind.
    key: Zeroizing<Vec<u8>>,
}

/// The result of a [`Job`]: the 23 bytes that bcrypt stores, all but the last that it computes. `Debug` shows none.
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
/// `stop` is asked before every round, some 50 microseconds apart; without the feature `lanes`, before every hash.
///
/// # Errors
/// [`Busy`] once `stop` says so; what was worked out until then is lost.
///
/// ```
/// use edgegate::{Answer, Question, Step, host::passwords, password::work_out};
///
/// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// let Step::Ask(Question::Work { jobs, .. }, pending) = passwords::verify("U*U", stored) else { panic!() };
/// let worked = work_out(&jobs, &|| false)?;
/// assert_eq!(pending.answer(Answer::Worked(worked)).done(), Some(Ok(true)));
/// # Ok::<(), edgegate::password::Busy>(())
/// ```
pub fn work_out(jobs: &[Job], stop: &dyn Fn() -> bool) -> Result<Vec<Hashed>, Busy> {
    let mut results = vec![Hashed([0; 23]); jobs.len()];
    for group in by_cost(jobs.iter().map(|job| job.cost).collect()).chunks(LANES) {
        let jobs: Vec<&Job> = group.iter().filter_map(|index| jobs.get(*index)).collect();
        for (index, hashed) in group.iter().zip(work_out_group(&jobs, stop)?) {
            if let Some(result) = results.get_mut(*index) {
                *result = hashed;
            }
        }
    }
    Ok(results)
}

/// The indices of these costs, by rising cost. Jobs of one cost belong together: a lane that ends early does nothing while the
/// others go on.
pub(super) fn by_cost(costs: Vec<u32>) -> Vec<usize> {
    let heap: BinaryHeap<(u32, usize)> = costs.into_iter().zip(0..).collect();
    heap.into_sorted_vec().into_iter().map(|(_, index)| index).collect()
}

/// Works out at most [`LANES`] jobs. The first results belong to the jobs; the rest have no meaning.
#[cfg(feature = "lanes")]
pub(super) fn work_out_group(jobs: &[&Job], stop: &dyn Fn() -> bool) -> Result<[Hashed; LANES], Busy> {
    let lanes: Vec<_> =
        jobs.iter().take(LANES).map(|job| eksblowfish::Job { cost: job.cost, salt: job.salt, key: &job.key }).collect();
    let mut hashes = [[0; 24]; LANES];
    eksblowfish::run(&lanes, &mut hashes, stop)?;
    Ok(hashes.map(Hashed::from))
}

/// The same, one after the other.
#[cfg(not(feature = "lanes"))]
pub(super) fn work_out_group(jobs: &[&Job], stop: &dyn Fn() -> bool) -> Result<[Hashed; LANES], Busy> {
    let mut hashes = [[0; 24]; LANES];
    for (hash, job) in hashes.iter_mut().zip(jobs) {
        if stop() {
            return Err(Busy);
        }
        *hash = bcrypt::bcrypt(job.cost, job.salt, &job.key);
    }
    Ok(hashes.map(Hashed::from))
}

impl Job {
    /// Of the password the first 72 bytes count. A cost above 31, bcrypt's greatest, counts as 31.
    pub(super) fn new(cost: u32, salt: [u8; 16], password: &[u8]) -> Self {
        // With this capacity the key is never moved: a move would leave a copy that is not wiped.
        let mut key = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX_BYTES));
        // bcrypt reads the password with the NUL that ends a C string, if there is room for it.
        key.extend(password.iter().copied().chain([0]).take(PASSWORD_MAX_BYTES));
        Self { cost: cost.min(31), salt, key }
    }

    /// Work whose result is of no use.
    pub(crate) fn dummy(cost: u32, password: &str) -> Self {
        Self::new(cost, [0; 16], password.as_bytes())
    }

    /// Works out this job alone, without a stop.
    pub(super) fn work_out(&self) -> Result<Hashed, Busy> {
        work_out_group(&[self], &|| false).map(|[hashed, ..]| hashed)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Job").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hashed").finish_non_exhaustive()
    }
}

impl From<[u8; 24]> for Hashed {
    fn from([hash @ .., _]: [u8; 24]) -> Self {
        Self(hash)
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
