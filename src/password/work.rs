//! bcrypt as independent jobs, so that a host can compute several together.

use std::{collections::BinaryHeap, fmt};

use zeroize::Zeroizing;

use super::Busy;
#[cfg(feature = "lanes")]
use super::eksblowfish;
use crate::limits::{LANES, PASSWORD_MAX_BYTES};

/// One bcrypt hash to compute. The password is wiped on drop, and `Debug` shows the cost only.
///
/// ```
/// use edgegate::{Question, Step, host::passwords, password::Cost};
///
/// let Step::Ask(Question::Work { jobs, .. }, _) = passwords::hash("correct horse", Cost::new(10)?) else { panic!() };
/// assert_eq!(jobs.len(), 1);
/// assert!(!format!("{jobs:?}").contains("horse"));
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
#[derive(Clone)]
pub struct Job {
    pub(super) cost: u32,
    salt: [u8; 16],
    /// 1 to 72 bytes, on the heap: moving the job leaves no copy of them.
    key: Zeroizing<Vec<u8>>,
}

/// The result of a [`Job`]: the first 23 of the 24 bytes that bcrypt computes. `Debug` shows none of them.
///
/// ```
/// use edgegate::{Answer, Question, Step, host::passwords, password::work_out};
///
/// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// let Step::Ask(Question::Work { jobs, .. }, pending) = passwords::verify("U*", stored) else { panic!() };
/// let hashed = work_out(&jobs, &|| false)?;
/// assert_eq!(pending.answer(Answer::Worked(hashed)).done(), Some(Ok(false)));
/// # Ok::<(), edgegate::password::Busy>(())
/// ```
#[derive(Clone, Copy)]
pub struct Hashed(pub(super) [u8; 23]);

/// The bcrypt rounds that a login computed in sequence: a hash of cost c takes 2^c. Jobs computed together count once.
///
/// The count is deterministic, so a test can prove that two refusals take the same work. A measured time cannot.
///
/// ```
/// assert_eq!(edgegate::password::Rounds::default().get(), 0);
/// ```
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rounds(u64);

/// Computes all jobs, up to four together, and returns the results in the order of the jobs.
///
/// `stop` is called before every round, about every 50 microseconds; without the feature `lanes`, before every hash.
///
/// # Errors
/// [`Busy`] when `stop` returns true. The hashes computed so far are discarded.
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

/// The indices of these costs, by ascending cost. Jobs of equal cost are grouped: a lane that ends early is idle while the
/// others continue.
pub(super) fn by_cost(costs: Vec<u32>) -> Vec<usize> {
    let heap: BinaryHeap<(u32, usize)> = costs.into_iter().zip(0..).collect();
    heap.into_sorted_vec().into_iter().map(|(_, index)| index).collect()
}

/// Computes at most [`LANES`] jobs. The first results belong to the jobs; the rest are meaningless.
#[cfg(feature = "lanes")]
pub(super) fn work_out_group(jobs: &[&Job], stop: &dyn Fn() -> bool) -> Result<[Hashed; LANES], Busy> {
    let lanes: Vec<_> =
        jobs.iter().take(LANES).map(|job| eksblowfish::Job { cost: job.cost, salt: job.salt, key: &job.key }).collect();
    let mut hashes = [[0; 24]; LANES];
    eksblowfish::run(&lanes, &mut hashes, stop)?;
    Ok(hashes.map(Hashed::from))
}

/// As above, one job after the other.
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
    /// Only the first 72 bytes of the password count. A cost above 31, bcrypt's maximum, counts as 31.
    pub(super) fn new(cost: u32, salt: [u8; 16], password: &[u8]) -> Self {
        // The capacity prevents a reallocation, which would leave a copy that is not wiped.
        let mut key = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX_BYTES));
        // bcrypt includes the terminating NUL of the C string, if there is room for it.
        key.extend(password.iter().copied().chain([0]).take(PASSWORD_MAX_BYTES));
        Self { cost: cost.min(31), salt, key }
    }

    /// A job whose result is discarded.
    pub(crate) fn dummy(cost: u32, password: &str) -> Self {
        Self::new(cost, [0; 16], password.as_bytes())
    }

    /// Computes this job alone, without a `stop`.
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
    /// Returns the number of rounds.
    ///
    /// ```
    /// assert_eq!(edgegate::password::Rounds::default().get(), 0);
    /// ```
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// Adds jobs that were computed together.
    pub(crate) fn add(&mut self, jobs: &[Job]) {
        let longest = jobs.iter().map(|job| 1 << job.cost).max().unwrap_or(0);
        self.0 = self.0.saturating_add(longest);
    }

    /// The cost of the next job needed to reach 2^`goal` rounds; `None` when they are reached.
    pub(crate) fn missing(self, goal: u32) -> Option<u32> {
        // After one hash of cost c, hashes of cost c, c + 1, ..., goal - 1 add up to exactly 2^goal.
        let next = if self.0 == 0 { goal } else { self.0.trailing_zeros() };
        (self.0 < 1 << goal).then_some(next)
    }
}
