//! The stored form (modular crypt format): `$2b$12$`, 22 characters of salt, 31 characters of hash.

use std::fmt;

use base64::Engine as _;
use bcrypt::{BASE_64, HashParts, Version};
use subtle::ConstantTimeEq as _;

use super::{Busy, Cost, Hashed, Job};
use crate::limits::STORED_COSTS;

/// A stored hash that can be verified. `Debug` shows its cost only.
///
/// ```
/// use edgegate::password::PasswordHash;
///
/// let hash = PasswordHash::parse("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")?;
/// assert_eq!(hash.cost(), 5);
/// # Ok::<(), edgegate::password::HashError>(())
/// ```
#[derive(Clone)]
pub struct PasswordHash {
    cost: u32,
    salt: [u8; 16],
    hash: [u8; 23],
}

/// Why a stored hash cannot be used. It contains nothing of the hash.
///
/// ```
/// use edgegate::password::{HashError, PasswordHash};
///
/// let costly = "$2b$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// assert_eq!(PasswordHash::parse(costly).err(), Some(HashError::TooCostly));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashError {
    /// The text is not a bcrypt hash.
    Malformed,
    /// The version is `$2x$`: an implementation with a sign-extension bug made it (CVE-2011-2483).
    Version,
    /// The cost is above 16. Nothing is computed.
    TooCostly,
    /// The work was stopped. [`PasswordHash::parse`] never returns this.
    Busy,
}

impl PasswordHash {
    /// Reads the stored form.
    ///
    /// # Errors
    /// [`HashError::Malformed`], [`HashError::Version`] or [`HashError::TooCostly`].
    ///
    /// ```
    /// use edgegate::password::{HashError, PasswordHash};
    ///
    /// let stored = "$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a";
    /// assert_eq!(PasswordHash::parse(stored)?.cost(), 10);
    /// assert_eq!(PasswordHash::parse("$argon2id$v=19$").err(), Some(HashError::Malformed));
    /// # Ok::<(), HashError>(())
    /// ```
    pub fn parse(stored: &str) -> Result<Self, HashError> {
        // `HashParts` has no accessor for the version and the hash, and accepts a cost of `+5`.
        let parts: HashParts = stored.parse().map_err(|_| HashError::Malformed)?;
        let [_, _, version, _, b'0'..=b'9', b'0'..=b'9', ..] = stored.as_bytes() else {
            return Err(HashError::Malformed);
        };
        let parsed = Self { cost: parts.get_cost(), salt: parts.get_salt_raw(), hash: hash_of(stored)? };
        match parsed.cost {
            _ if *version == b'x' => Err(HashError::Version),
            cost if STORED_COSTS.contains(&cost) => Ok(parsed),
            cost if cost > *STORED_COSTS.end() => Err(HashError::TooCostly),
            _ => Err(HashError::Malformed),
        }
    }

    /// Returns the cost, 4 to 16: bcrypt computes 2^cost rounds.
    ///
    /// ```
    /// # use edgegate::password::PasswordHash;
    /// let hash = PasswordHash::parse("$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a")?;
    /// assert_eq!(hash.cost(), 10);
    /// # Ok::<(), edgegate::password::HashError>(())
    /// ```
    #[must_use]
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// The job whose result shows whether this is the password.
    pub(crate) fn job(&self, password: &[u8]) -> Job {
        Job::new(self.cost, self.salt, password)
    }

    /// The job of a login: every refusal takes the rounds of `refusal_cost`, if that is higher.
    pub(crate) fn login_job(&self, password: &[u8], refusal_cost: Cost) -> Job {
        self.job(password).refuse_at(refusal_cost.get(), self.hash)
    }

    /// Whether the result of [`PasswordHash::job`] equals the stored hash.
    pub(crate) fn is(&self, hashed: &Hashed) -> bool {
        hashed.hash.ct_eq(&self.hash).into()
    }
}

/// A new hash, not computed yet.
pub(crate) struct NewHash {
    cost: Cost,
    salt: [u8; 16],
}

impl NewHash {
    pub(crate) fn new(cost: Cost, salt: [u8; 16]) -> Self {
        Self { cost, salt }
    }

    pub(crate) fn job(&self, password: &[u8]) -> Job {
        Job::new(self.cost.get(), self.salt, password)
    }

    /// The stored form, as `$2b$`. `HashParts` has no constructor from a salt and a hash.
    pub(crate) fn finish(&self, hashed: &Hashed) -> String {
        let (version, cost) = (Version::TwoB, self.cost.get());
        format!("${version}${cost:02}${}{}", BASE_64.encode(self.salt), BASE_64.encode(hashed.hash))
    }
}

fn hash_of(stored: &str) -> Result<[u8; 23], HashError> {
    let text = stored.get(29..).ok_or(HashError::Malformed)?;
    let mut hash = [0; 23];
    match BASE_64.decode_slice(text, &mut hash) {
        Ok(23) => Ok(hash),
        _ => Err(HashError::Malformed),
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PasswordHash").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl HashError {
    /// Returns a stable code to match on.
    ///
    /// ```
    /// use edgegate::password::HashError;
    ///
    /// assert_eq!(HashError::TooCostly.code(), "hash-too-costly");
    /// ```
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "hash-malformed",
            Self::Version => "hash-version",
            Self::TooCostly => "hash-too-costly",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for HashError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => formatter.write_str("the stored hash is not a bcrypt hash"),
            Self::Version => formatter.write_str("the stored hash is of a version other than 2a, 2b and 2y"),
            Self::TooCostly => write!(formatter, "the stored hash has a cost above {}", STORED_COSTS.end()),
            Self::Busy => Busy.fmt(formatter),
        }
    }
}

impl std::error::Error for HashError {}

impl From<Busy> for HashError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}
