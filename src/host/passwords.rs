//! Password operations without a user store. The host can compute the jobs of several callers together.

use super::{Step, start};
use crate::{
    http::Refusal,
    password::{self, Cost, PasswordHash},
};

/// Hashes a password as [`password::hash`] does; the host computes the bcrypt hash.
///
/// ```
/// use edgegate::{Answer, Question, Step, host::passwords, password::{self, Cost}};
///
/// let step = passwords::hash("correct horse", Cost::new(10)?);
/// let Step::Ask(Question::Work { job }, pending) = step else { panic!("it asks for work") };
/// let answer = job.work_out(&|| false).map_or(Answer::Busy, Answer::Worked);
/// let Some(Ok(hash)) = pending.answer(answer, 0).done() else { panic!("it is done") };
/// assert!(password::verify("correct horse", &hash)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn hash(password: &str, cost: Cost) -> Step<Result<String, Refusal>> {
    let prepared = password::prepare(password, cost);
    start(0, |host| async move {
        let (new, job) = prepared?;
        let hashed = host.work(job).await?;
        Ok(new.finish(&hashed))
    })
}

/// Verifies a password as [`password::verify`] does; the host computes the bcrypt hash.
///
/// ```
/// use edgegate::{Refusal, host::passwords, password::HashError};
///
/// let step = passwords::verify("correct horse", "no hash");
/// assert_eq!(step.done(), Some(Err(Refusal::StoredHash(HashError::Malformed))));
/// ```
#[must_use]
pub fn verify(password: &str, stored: &str) -> Step<Result<bool, Refusal>> {
    let prepared = PasswordHash::parse(stored).map(|stored| (stored.job(password.as_bytes()), stored));
    start(0, |host| async move {
        let (job, stored) = prepared?;
        let hashed = host.work(job).await?;
        Ok(stored.is(&hashed))
    })
}
