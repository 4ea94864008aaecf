//! bcrypt as independent jobs, so that a host can compute several together.

use std::{collections::BinaryHeap, fmt};

#[cfg(not(feature = "lanes"))]
use subtle::ConstantTimeEq as _;
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
/// let Step::Ask(Question::Work { job }, _) = passwords::hash("correct horse", Cost::new(10)?) else { panic!() };
/// assert_eq!(job.work_out(&|| false)?.rounds(), 1 << 10);
/// assert!(!format!("{job:?}").contains("horse"));
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
#[derive(Clone)]
pub struct Job {
    cost: u32,
    /// A hash that is not the expected one takes the rounds of this cost, if that is higher.
    refusal_cost: u32,
    expected: Option<[u8; 23]>,
    salt: [u8; 16],
    /// 1 to 72 bytes, on the heap: moving the job leaves no copy of them.
    key: Zeroizing<Vec<u8>>,
}

/// The result of a [`Job`]: the first 23 of the 24 bytes that bcrypt computes. `Debug` shows none of them.
///
/// ```
/// use edgegate::{Answer, Question, Step, host::passwords};
///
/// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// let Step::Ask(Question::Work { job }, pending) = passwords::verify("U*", stored) else { panic!() };
/// let hashed = job.work_out(&|| false)?;
/// assert_eq!(hashed.rounds(), 1 << 5);
/// assert_eq!(pending.answer(Answer::Worked(hashed), 0).done(), Some(Ok(false)));
/// # Ok::<(), edgegate::password::Busy>(())
/// ```
#[derive(Clone, Copy)]
pub struct Hashed {
    pub(super) hash: [u8; 23],
    rounds: u64,
}

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
/// let (mut jobs, mut callers) = (Vec::new(), Vec::new());
/// for password in ["U*U", "U*"] {
///     let Step::Ask(Question::Work { job }, pending) = passwords::verify(password, stored) else { panic!() };
///     jobs.push(job);
///     callers.push(pending);
/// }
/// let hashes = work_out(&jobs, &|| false)?;
/// let verdicts = callers.into_iter().zip(hashes).map(|(caller, hashed)| caller.answer(Answer::Worked(hashed), 0).done());
/// assert_eq!(verdicts.collect::<Vec<_>>(), [Some(Ok(true)), Some(Ok(false))]);
/// # Ok::<(), edgegate::password::Busy>(())
/// ```
pub fn work_out(jobs: &[Job], stop: &dyn Fn() -> bool) -> Result<Vec<Hashed>, Busy> {
    let mut results = vec![Hashed { hash: [0; 23], rounds: 0 }; jobs.len()];
    for group in by_cost(jobs.iter().map(Job::longest).collect()).chunks(LANES) {
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
pub(super) fn work_out_group<'j>(jobs: &[&'j Job], stop: &dyn Fn() -> bool) -> Result<[Hashed; LANES], Busy> {
    let lane = |job: &&'j Job| eksblowfish::Job {
        cost: job.cost,
        refusal_cost: job.refusal_cost,
        expected: job.expected.as_ref(),
        salt: job.salt,
        key: &job.key,
    };
    let lanes: Vec<_> = jobs.iter().take(LANES).map(lane).collect();
    Ok(eksblowfish::run(&lanes, stop)?.map(|outcome| Hashed::new(outcome.hash, outcome.rounds)))
}

/// As above, one job after the other.
#[cfg(not(feature = "lanes"))]
pub(super) fn work_out_group(jobs: &[&Job], stop: &dyn Fn() -> bool) -> Result<[Hashed; LANES], Busy> {
    let mut results = [Hashed { hash: [0; 23], rounds: 0 }; LANES];
    for (result, job) in results.iter_mut().zip(jobs) {
        let compute = |cost| if stop() { Err(Busy) } else { Ok(bcrypt::bcrypt(cost, job.salt, &job.key)) };
        *result = Hashed::new(compute(job.cost)?, 1 << job.cost);
        if job.expected.is_none_or(|expected| !bool::from(result.hash.ct_eq(&expected))) {
            // After one hash of cost c, hashes of cost c, c + 1, ..., up to the refusal cost minus one, add up to it.
            for cost in job.cost..job.refusal_cost {
                compute(cost)?;
                result.rounds = 2 << cost;
            }
        }
    }
    Ok(results)
}

impl Job {
    /// Only the first 72 bytes of the password count. A cost above 31, bcrypt's maximum, counts as 31.
    pub(super) fn new(cost: u32, salt: [u8; 16], password: &[u8]) -> Self {
        // The capacity prevents a reallocation, which would leave a copy that is not wiped.
        let mut key = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX_BYTES));
        // bcrypt includes the terminating NUL of the C string, if there is room for it.
        key.extend(password.iter().copied().chain([0]).take(PASSWORD_MAX_BYTES));
        let cost = cost.min(31);
        Self { cost, refusal_cost: cost, expected: None, salt, key }
    }

    /// A job whose result is discarded.
    pub(crate) fn dummy(cost: u32, password: &str) -> Self {
        Self::new(cost, [0; 16], password.as_bytes())
    }

    /// The same job, which takes the rounds of `cost` unless the hash is the expected one.
    pub(super) fn refuse_at(self, cost: u32, expected: [u8; 23]) -> Self {
        Self { refusal_cost: cost.clamp(self.cost, 31), expected: Some(expected), ..self }
    }

    /// Computes this job alone; `stop` as in [`work_out`].
    ///
    /// # Errors
    /// [`Busy`] when `stop` returns true.
    ///
    /// ```
    /// use edgegate::{Question, Step, host::passwords, password::Cost};
    ///
    /// let Step::Ask(Question::Work { job }, _) = passwords::hash("secret", Cost::new(10)?) else { panic!() };
    /// assert!(job.work_out(&|| true).is_err());
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    pub fn work_out(&self, stop: &dyn Fn() -> bool) -> Result<Hashed, Busy> {
        work_out_group(&[self], stop).map(|[hashed, ..]| hashed)
    }

    /// The cost of its longest way.
    pub(super) fn longest(&self) -> u32 {
        self.refusal_cost
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

impl Hashed {
    fn new([hash @ .., _]: [u8; 24], rounds: u64) -> Self {
        Self { hash, rounds }
    }

    /// Returns how many rounds of bcrypt the job took. The count is deterministic, so that a test can show that two refusals
    /// take the same work; a measured time cannot.
    ///
    /// ```
    /// use edgegate::{Question, Step, host::passwords, password::Cost};
    ///
    /// let Step::Ask(Question::Work { job }, _) = passwords::hash("secret", Cost::new(10)?) else { panic!() };
    /// assert_eq!(job.work_out(&|| false)?.rounds(), 1024);
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn rounds(&self) -> u64 {
        self.rounds
    }
}
