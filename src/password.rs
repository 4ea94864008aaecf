//! Passwords: hashing, verifying, and what a login may learn.
//!
//! bcrypt reads at most 72 bytes of a password. Verification keeps that rule, as every stored hash was made under it;
//! creating a longer password is an error, never a silent cut.

mod busy;
#[cfg(feature = "lanes")]
mod eksblowfish;
mod work;
mod stored;

use std::fmt;

pub(crate) use self::stored::NewHash;
pub use self::{
    busy::Busy,
    stored::{HashError, PasswordHash},
    work::{Hashed, Job, Rounds, work_out},
};
use crate::limits::{HASH_COSTS, PASSWORD_MAX_BYTES};

/// The cost of a new hash: the hash takes 2^cost rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost(u32);

/// Why a password was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// There is no password.
    Empty,
    /// It is longer than the 72 bytes that bcrypt reads.
    TooLong,
    /// It holds a NUL, at which other implementations of bcrypt stop reading.
    Nul,
    /// The cost is outside [`HASH_COSTS`].
    Cost,
    /// The system gave no randomness.
    Randomness,
    /// The work was stopped.
    Busy,
}

/// Hashes a new password with a random salt, as `$2b$`.
///
/// # Errors
/// Each of [`PasswordError`].
///
/// ```
/// use edgegate::password::{self, Cost, PasswordError};
///
/// let hash = password::hash("correct horse", Cost::new(10)?)?;
/// assert!(password::verify("correct horse", &hash)?);
/// assert!(!password::verify("battery staple", &hash)?);
/// assert_eq!(password::hash(&"x".repeat(73), Cost::new(10)?), Err(PasswordError::TooLong));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hash(password: &str, cost: Cost) -> Result<String, PasswordError> {
    let (new, job) = prepare(password, cost)?;
    Ok(new.finish(&job.work_out()?))
}

/// Whether this is the password of this stored hash (`$2a$`, `$2b$`, `$2y$`). Of the password, the first 72 bytes count.
///
/// # Errors
/// [`HashError`] when the stored hash cannot be used; a wrong password is `Ok(false)`.
pub fn verify(password: impl AsRef<[u8]>, stored: &str) -> Result<bool, HashError> {
    let stored = PasswordHash::parse(stored)?;
    Ok(stored.is(&stored.job(password.as_ref()).work_out()?))
}

/// [`hash`] for many passwords, up to four side by side.
///
/// ```
/// use edgegate::password::{self, Cost, PasswordError};
///
/// let hashes = password::hash_all(&["correct", "horse", ""], Cost::new(10)?);
/// let [Ok(correct), Ok(horse), Err(PasswordError::Empty)] = hashes.as_slice() else { panic!("{hashes:?}") };
/// let verdicts = password::verify_all(&[("correct", correct), ("correct", horse), ("x", "no hash")]);
/// assert_eq!(verdicts[..2], [Ok(true), Ok(false)]);
/// assert!(verdicts[2].is_err());
/// # Ok::<(), PasswordError>(())
/// ```
pub fn hash_all(passwords: &[&str], cost: Cost) -> Vec<Result<String, PasswordError>> {
    let prepared: Vec<_> = passwords.iter().map(|password| prepare(password, cost)).collect();
    let jobs: Vec<_> = prepared.iter().flatten().map(|(_, job)| job.clone()).collect();
    let mut worked = work_out(&jobs, &|| false).unwrap_or_default().into_iter();
    let mut finish = |new: &NewHash| worked.next().map(|hashed| new.finish(&hashed)).ok_or(PasswordError::Busy);
    prepared.into_iter().map(|prepared| prepared.and_then(|(new, _)| finish(&new))).collect()
}

/// [`verify`] for many passwords and their stored hashes, up to four side by side.
pub fn verify_all<P: AsRef<[u8]>>(pairs: &[(P, &str)]) -> Vec<Result<bool, HashError>> {
    let parsed: Vec<_> = pairs.iter().map(|(password, stored)| (password, PasswordHash::parse(stored))).collect();
    let job = |(password, stored): &(&P, Result<PasswordHash, HashError>)| {
        stored.as_ref().ok().map(|stored| stored.job((*password).as_ref()))
    };
    let jobs: Vec<_> = parsed.iter().filter_map(job).collect();
    let mut worked = work_out(&jobs, &|| false).unwrap_or_default().into_iter();
    let mut verdict = |stored: &PasswordHash| worked.next().is_some_and(|hashed| stored.is(&hashed));
    parsed.into_iter().map(|(_, stored)| stored.map(|stored| verdict(&stored))).collect()
}

/// The checks before a password is hashed, and the salt.
pub(crate) fn prepare(password: &str, cost: Cost) -> Result<(NewHash, Job), PasswordError> {
    match password {
        "" => Err(PasswordError::Empty),
        _ if password.len() > PASSWORD_MAX_BYTES => Err(PasswordError::TooLong),
        _ if password.as_bytes().contains(&0) => Err(PasswordError::Nul),
        _ => {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|_| PasswordError::Randomness)?;
            let new = NewHash::new(cost, salt);
            let job = new.job(password.as_bytes());
            Ok((new, job))
        }
    }
}

impl Cost {
    /// A cost within [`HASH_COSTS`].
    ///
    /// # Errors
    /// [`PasswordError::Cost`] outside them.
    pub fn new(cost: u32) -> Result<Self, PasswordError> {
        HASH_COSTS.contains(&cost).then_some(Self(cost)).ok_or(PasswordError::Cost)
    }

    /// The cost as a number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl PasswordError {
    /// A stable code to match on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "password-empty",
            Self::TooLong => "password-too-long",
            Self::Nul => "password-nul",
            Self::Cost => "cost-out-of-range",
            Self::Randomness => "no-randomness",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the password is empty"),
            Self::TooLong => write!(formatter, "the password is longer than {PASSWORD_MAX_BYTES} bytes"),
            Self::Nul => formatter.write_str("the password holds a NUL character"),
            Self::Cost => write!(formatter, "the cost is not from {} to {}", HASH_COSTS.start(), HASH_COSTS.end()),
            Self::Randomness => formatter.write_str("the system gave no randomness for the salt"),
            Self::Busy => formatter.write_str("the work was stopped"),
        }
    }
}

impl std::error::Error for PasswordError {}

impl From<Busy> for PasswordError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}
