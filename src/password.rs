//! Passwords: hashing and verification with bcrypt.
//!
//! bcrypt reads at most 72 bytes of a password. Verification also reads 72 bytes, because stored hashes were made that
//! way. Hashing a longer password is an error.

mod busy;
mod common;
#[cfg(feature = "lanes")]
mod eksblowfish;
mod work;
mod scheme;
mod stored;
mod batch;

use std::fmt;

pub use self::{
    batch::Batch,
    busy::Busy,
    scheme::SchemeJob,
    stored::{HashError, PasswordHash},
    work::{Hashed, Job, work_out},
};
pub(crate) use self::{common::is_common, stored::NewHash};
use crate::limits::{HASH_COSTS, PASSWORD_MAX_BYTES, STORED_COSTS};

/// The cost of a new hash: bcrypt computes 2^cost rounds.
///
/// ```
/// use edgegate::password::Cost;
///
/// assert_eq!(Cost::new(12)?.get(), 12);
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost(u32);

/// Why a password was not hashed.
///
/// ```
/// use edgegate::password::{Cost, PasswordError, hash};
///
/// let cost = Cost::new(10)?;
/// assert_eq!(hash("", cost), Err(PasswordError::Empty));
/// assert_eq!(hash("a\0b", cost), Err(PasswordError::Nul));
/// # Ok::<(), PasswordError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// The password is empty.
    Empty,
    /// The password is longer than the 72 bytes that bcrypt reads.
    TooLong,
    /// The password contains a NUL, at which other bcrypt implementations stop reading.
    Nul,
    /// The cost is outside 10 to 14.
    Cost,
    /// The system has no randomness.
    Randomness,
    /// The work was stopped.
    Busy,
}

/// Hashes a new password with a random salt, as `$2b$`.
///
/// # Errors
/// Any [`PasswordError`].
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
    Ok(new.finish(&job.work_out(&|| false)?))
}

/// Verifies a password against a stored hash (`$2a$`, `$2b$`, `$2y$`). Only the first 72 bytes of the password count.
///
/// # Errors
/// [`HashError`] when the stored hash cannot be used; a wrong password is `Ok(false)`.
///
/// ```
/// use edgegate::password::{HashError, verify};
///
/// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// assert_eq!(verify("U*U", stored), Ok(true));
/// assert_eq!(verify("U*", stored), Ok(false));
/// assert_eq!(verify("U*U", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), Err(HashError::Version));
/// ```
pub fn verify(password: impl AsRef<[u8]>, stored: &str) -> Result<bool, HashError> {
    let stored = PasswordHash::parse(stored)?;
    Ok(stored.is(&stored.job(password.as_ref()).work_out(&|| false)?))
}

/// Hashes many passwords as [`hash`] does, up to four together. [`Batch`] does the same in steps.
///
/// ```
/// use edgegate::password::{self, Cost, PasswordError};
///
/// let hashes = password::hash_all(&["correct", "horse", ""], Cost::new(10)?);
/// let [Ok(correct), Ok(horse), Err(PasswordError::Empty)] = hashes.as_slice() else { panic!("{hashes:?}") };
/// let verdicts = password::verify_all(&[("correct", correct), ("correct", horse)]);
/// assert_eq!(verdicts, [Ok(true), Ok(false)]);
/// # Ok::<(), PasswordError>(())
/// ```
#[must_use]
pub fn hash_all(passwords: &[impl AsRef<str>], cost: Cost) -> Vec<Result<String, PasswordError>> {
    let mut batch = Batch::hash(passwords, cost);
    while batch.step(&|| false) {}
    batch.results()
}

/// Verifies many passwords as [`verify`] does, up to four together. [`Batch`] does the same in steps.
///
/// ```
/// use edgegate::password::{HashError, verify_all};
///
/// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// let verdicts = verify_all(&[("U*U", stored), ("U*", stored), ("U*U", "no hash")]);
/// assert_eq!(verdicts, [Ok(true), Ok(false), Err(HashError::Malformed)]);
/// ```
#[must_use]
pub fn verify_all(pairs: &[(impl AsRef<[u8]>, impl AsRef<str>)]) -> Vec<Result<bool, HashError>> {
    let mut batch = Batch::verify(pairs);
    while batch.step(&|| false) {}
    batch.results()
}

/// Checks the password and makes the salt.
pub(crate) fn prepare(password: &str, cost: Cost) -> Result<(NewHash, Job), PasswordError> {
    check_new(password)?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| PasswordError::Randomness)?;
    let new = NewHash::new(cost, salt);
    let job = new.job(password.as_bytes());
    Ok((new, job))
}

/// What a new password must be, whatever the scheme of its hash: it may change again.
pub(crate) fn check_new(password: &str) -> Result<(), PasswordError> {
    match password {
        "" => Err(PasswordError::Empty),
        _ if password.len() > PASSWORD_MAX_BYTES => Err(PasswordError::TooLong),
        _ if password.as_bytes().contains(&0) => Err(PasswordError::Nul),
        _ => Ok(()),
    }
}

impl Cost {
    /// Creates a cost from 10 to 14. 10 is the minimum of OWASP's Password Storage Cheat Sheet; 14 takes about a
    /// second.
    ///
    /// # Errors
    /// [`PasswordError::Cost`] for other costs.
    ///
    /// ```
    /// use edgegate::password::{Cost, PasswordError};
    ///
    /// assert_eq!(Cost::new(12)?.get(), 12);
    /// assert_eq!(Cost::new(9), Err(PasswordError::Cost));
    /// # Ok::<(), PasswordError>(())
    /// ```
    pub fn new(cost: u32) -> Result<Self, PasswordError> {
        HASH_COSTS.contains(&cost).then_some(Self(cost)).ok_or(PasswordError::Cost)
    }

    /// Creates a cost from 4 to 9, for tests: passwords hashed with it are quick to guess. `None` for any other cost.
    /// No setting and no JavaScript function accepts such a cost.
    ///
    /// ```
    /// use edgegate::password::{Cost, hash};
    ///
    /// let cost = Cost::dangerously_low(4).expect("4 is bcrypt's least");
    /// assert!(hash("correct horse", cost)?.starts_with("$2b$04$"));
    /// assert_eq!(Cost::dangerously_low(10), None);
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn dangerously_low(cost: u32) -> Option<Self> {
        (*STORED_COSTS.start()..*HASH_COSTS.start()).contains(&cost).then_some(Self(cost))
    }

    /// Returns the cost, the base-two logarithm of the number of rounds.
    ///
    /// ```
    /// # use edgegate::password::Cost;
    /// assert_eq!(Cost::new(10)?.get(), 10);
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl PasswordError {
    /// Returns a stable code to match on.
    ///
    /// ```
    /// use edgegate::password::PasswordError;
    ///
    /// assert_eq!(PasswordError::TooLong.code(), "password-too-long");
    /// ```
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
            Self::Busy => Busy.fmt(formatter),
        }
    }
}

impl std::error::Error for PasswordError {}

impl From<Busy> for PasswordError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}
