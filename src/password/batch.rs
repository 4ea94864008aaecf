//! Many passwords, computed in steps.

use std::fmt;

use super::{
    Busy, Cost, HashError, Hashed, Job, PasswordError, PasswordHash, prepare,
    work::{by_cost, work_out_group},
};
use crate::limits::LANES;

/// Many passwords to hash or to verify, computed up to four at a time. The host can do other work between steps.
///
/// All inputs are checked before any hash is computed. The copies of the passwords are wiped after their step and on
/// drop. `Debug` shows counts only.
///
/// ```
/// use edgegate::password::{Batch, Cost, PasswordError};
///
/// let mut batch = Batch::hash(&["correct", "horse", ""], Cost::new(10)?);
/// assert_eq!(batch.refusal(), Some(&PasswordError::Empty));
/// while batch.step(&|| false) {
///     std::thread::yield_now();
/// }
/// assert!(matches!(batch.results().as_slice(), [Ok(_), Ok(_), Err(PasswordError::Empty)]));
/// # Ok::<(), PasswordError>(())
/// ```
pub struct Batch<T, E> {
    /// By descending cost. [`Batch::step`] takes from the end.
    waiting: Vec<Waiting<T>>,
    /// One for each input; `None` while it waits, or if it was stopped.
    results: Vec<Option<Result<T, E>>>,
}

struct Waiting<T> {
    index: usize,
    job: Job,
    finish: Box<dyn FnOnce(&Hashed) -> T + Send>,
}

impl Batch<String, PasswordError> {
    /// Prepares new passwords to hash, as [`hash`](super::hash) does.
    ///
    /// ```
    /// # use edgegate::password::{Batch, Cost};
    /// let mut batch = Batch::hash(&["correct", "horse"], Cost::new(10)?);
    /// while batch.step(&|| false) {}
    /// assert!(batch.results().iter().all(|hash| hash.as_ref().is_ok_and(|hash| hash.starts_with("$2b$10$"))));
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn hash(passwords: &[impl AsRef<str>], cost: Cost) -> Self {
        Self::new(passwords.iter().map(|password| {
            let (new, job) = prepare(password.as_ref(), cost)?;
            Ok((job, move |hashed: &Hashed| new.finish(hashed)))
        }))
    }
}

impl Batch<bool, HashError> {
    /// Prepares passwords to verify against stored hashes, as [`verify`](super::verify) does.
    ///
    /// ```
    /// use edgegate::password::{Batch, HashError};
    ///
    /// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    /// let mut batch = Batch::verify(&[("U*U", stored), ("U*", stored), ("U*U", "no hash")]);
    /// while batch.step(&|| false) {}
    /// assert_eq!(batch.results(), [Ok(true), Ok(false), Err(HashError::Malformed)]);
    /// ```
    #[must_use]
    pub fn verify(pairs: &[(impl AsRef<[u8]>, impl AsRef<str>)]) -> Self {
        Self::new(pairs.iter().map(|(password, stored)| {
            let stored = PasswordHash::parse(stored.as_ref())?;
            Ok((stored.job(password.as_ref()), move |hashed: &Hashed| stored.is(hashed)))
        }))
    }
}

impl<T, E> Batch<T, E> {
    fn new<F>(inputs: impl Iterator<Item = Result<(Job, F), E>>) -> Self
    where
        F: FnOnce(&Hashed) -> T + Send + 'static,
    {
        let (mut waiting, mut results) = (Vec::new(), Vec::new());
        for (index, input) in inputs.enumerate() {
            match input {
                Ok((job, finish)) => {
                    waiting.push(Some(Waiting { index, job, finish: Box::new(finish) }));
                    results.push(None);
                }
                Err(refusal) => results.push(Some(Err(refusal))),
            }
        }
        let order = by_cost(waiting.iter().flatten().map(|waiting| waiting.job.longest()).collect());
        let falling = order.into_iter().rev().filter_map(|at| waiting.get_mut(at)?.take());
        Self { waiting: falling.collect(), results }
    }

    /// Returns the first error so far. Before the first step it shows whether an input was refused, for callers that
    /// want all results or none.
    ///
    /// ```
    /// # use edgegate::password::{Batch, HashError};
    /// let batch = Batch::verify(&[("U*U", "no hash")]);
    /// assert_eq!(batch.refusal(), Some(&HashError::Malformed));
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<&E> {
        self.results.iter().flatten().find_map(|result| result.as_ref().err())
    }

    /// Computes the next hashes, up to four, and returns whether more remain.
    ///
    /// `stop` is called as in [`work_out`](super::work_out). A stopped hash is not tried again.
    ///
    /// ```
    /// # use edgegate::password::Batch;
    /// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    /// let mut batch = Batch::verify(&[("U*U", stored); 5]);
    /// assert!(batch.step(&|| false)); // four
    /// assert!(!batch.step(&|| false)); // one
    /// ```
    pub fn step(&mut self, stop: &dyn Fn() -> bool) -> bool {
        let group = self.waiting.split_off(self.waiting.len().saturating_sub(LANES));
        let jobs: Vec<&Job> = group.iter().map(|waiting| &waiting.job).collect();
        let hashes = work_out_group(&jobs, stop);
        for (waiting, hashed) in group.into_iter().zip(hashes.into_iter().flatten()) {
            if let Some(result) = self.results.get_mut(waiting.index) {
                *result = Some(Ok((waiting.finish)(&hashed)));
            }
        }
        !self.waiting.is_empty()
    }

    /// Returns the results in the order of the inputs. An input that still waits or was stopped gives [`Busy`].
    ///
    /// ```
    /// # use edgegate::password::{Batch, HashError};
    /// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    /// let mut batch = Batch::verify(&[("U*U", stored)]);
    /// batch.step(&|| true);
    /// assert_eq!(batch.results(), [Err(HashError::Busy)]);
    /// ```
    #[must_use]
    pub fn results(self) -> Vec<Result<T, E>>
    where
        E: From<Busy>,
    {
        self.results.into_iter().map(|result| result.unwrap_or_else(|| Err(Busy.into()))).collect()
    }
}

impl<T, E> fmt::Debug for Batch<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Batch")
            .field("inputs", &self.results.len())
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
