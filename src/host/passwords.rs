//! Password operations without a user store. The host can compute the jobs of several callers together.

use super::{Step, start};
use crate::{
    http::Refusal,
    password::{self, Cost, PasswordHash, Rounds},
};

/// Hashes a password as [`password::hash`] does; the host computes the bcrypt hash.
///
/// ```
/// use edgegate::{Answer, Question, Step, host::passwords, password::{self, Cost, work_out}};
///
/// let step = passwords::hash("correct horse", Cost::new(10)?);
/// let Step::Ask(Question::Work { jobs, .. }, pending) = step else { panic!("it asks for work") };
/// let answer = work_out(&jobs, &|| false).map_or(Answer::Busy, Answer::Worked);
/// let Some(Ok(hash)) = pending.answer(answer).done() else { panic!("it is done") };
/// assert!(password::verify("correct horse", &hash)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn hash(password: &str, cost: Cost) -> Step<Result<String, Refusal>> {
    let prepared = password::prepare(password, cost);
    start(|host| async move {
        let (new, job) = prepared?;
        let [hashed] = host.work(&mut Rounds::default(), [job]).await?;
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
    start(|host| async move {
        let (job, stored) = prepared?;
        let [hashed] = host.work(&mut Rounds::default(), [job]).await?;
        Ok(stored.is(&hashed))
    })
}
