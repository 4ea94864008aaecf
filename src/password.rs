//! Passwords: hashing, verifying, and what a login may learn.
//!
//! bcrypt reads at most 72 bytes of a password. Verification keeps that rule, as every stored hash was made under it;
//! creating a longer password is an error, never a silent cut.

mod bcrypt;
mod stored;

use std::fmt;

pub use self::{
    bcrypt::Work,
    stored::{HashError, PasswordHash},
};
use crate::limits::{HASH_COSTS, PASSWORD_MAX_BYTES, PASSWORD_MAX_CHARS};

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
}

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// There is no such user.
    NoUser,
    /// The password is another one.
    Wrong,
    /// It is longer than [`PASSWORD_MAX_CHARS`].
    Overlong,
    /// The stored hash cannot be used.
    Stored(HashError),
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
    hash_counted(&mut Work::default(), password, cost)
}

/// Whether this is the password of this stored hash (`$2a$`, `$2b$`, `$2y$`). Of the password, the first 72 bytes count.
///
/// # Errors
/// [`HashError`] when the stored hash cannot be used; a wrong password is `Ok(false)`.
pub fn verify(password: impl AsRef<[u8]>, stored: &str) -> Result<bool, HashError> {
    Ok(PasswordHash::parse(stored)?.matches(&mut Work::default(), password.as_ref()))
}

/// [`hash`], with the work counted.
pub(crate) fn hash_counted(work: &mut Work, password: &str, cost: Cost) -> Result<String, PasswordError> {
    match password {
        "" => Err(PasswordError::Empty),
        _ if password.len() > PASSWORD_MAX_BYTES => Err(PasswordError::TooLong),
        _ if password.contains('\0') => Err(PasswordError::Nul),
        _ => {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|_| PasswordError::Randomness)?;
            Ok(PasswordHash::create(work, password, cost, salt))
        }
    }
}

/// Checks a login's password against what is stored for the user, if there is one.
///
/// However it refuses, it does so after the same number of rounds, those of `cost`: neither an unknown user, nor a wrong
/// password, nor a stored hash that cannot be used or is of a lower cost can be told by the time it takes.
pub(crate) fn check_login(work: &mut Work, password: &str, stored: Option<&str>, cost: Cost) -> Result<(), Mismatch> {
    let verdict = match stored.map(PasswordHash::parse) {
        _ if password.chars().count() > PASSWORD_MAX_CHARS => Err(Mismatch::Overlong),
        None => Err(Mismatch::NoUser),
        Some(Err(error)) => Err(Mismatch::Stored(error)),
        Some(Ok(hash)) if hash.matches(work, password.as_bytes()) => Ok(()),
        Some(Ok(_)) => Err(Mismatch::Wrong),
    };
    if verdict.is_err() {
        work.top_up(password.as_bytes(), cost);
    }
    verdict
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
        }
    }
}

impl std::error::Error for PasswordError {}
