//! The stored form: `$2b$12$`, 22 characters of salt, 31 of hash (the modular crypt format).

use std::fmt;

use base64::{Engine as _, alphabet::BCRYPT, engine::GeneralPurpose, engine::general_purpose::NO_PAD};
use subtle::ConstantTimeEq as _;

use super::{Cost, Hashed, Job};
use crate::limits::STORED_COSTS;

/// A stored hash that can be worked with.
#[derive(Clone)]
pub struct PasswordHash {
    cost: u32,
    salt: [u8; 16],
    hash: [u8; 23],
}

/// Why a stored hash cannot be used. It tells nothing of the hash itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashError {
    /// It is not a bcrypt hash at all.
    Malformed,
    /// It is one of another version than `$2a$`, `$2b$`, `$2y$`; `$2x$`, made by a broken implementation, is one.
    Version,
    /// Its cost is above what is worked for, so no work is done ([`STORED_COSTS`]).
    TooCostly,
}

impl PasswordHash {
    /// Reads the stored form.
    ///
    /// # Errors
    /// Each of [`HashError`].
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
        let [b'$', b'2', version, b'$', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'$', rest @ ..] = stored.as_bytes()
        else {
            return Err(HashError::Malformed);
        };
        let (salt, hash) = rest.split_at_checked(SALT_CHARS).ok_or(HashError::Malformed)?;
        let parsed = Self {
            cost: digit(*tens).saturating_mul(10).saturating_add(digit(*ones)),
            salt: decode(salt)?,
            hash: decode(hash)?,
        };
        match version {
            b'a' | b'b' | b'y' => {}
            b'x' => return Err(HashError::Version),
            _ => return Err(HashError::Malformed),
        }
        match parsed.cost {
            cost if STORED_COSTS.contains(&cost) => Ok(parsed),
            cost if cost > *STORED_COSTS.end() => Err(HashError::TooCostly),
            _ => Err(HashError::Malformed),
        }
    }

    /// The cost: the hash takes 2^cost rounds.
    #[must_use]
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// What has to be worked out to tell whether this is the password.
    pub(crate) fn job(&self, password: &[u8]) -> Job {
        Job::new(self.cost, self.salt, password)
    }

    /// Whether [`PasswordHash::job`] came to what is stored.
    pub(crate) fn is(&self, hashed: &Hashed) -> bool {
        hashed.0.ct_eq(&self.hash).into()
    }
}

/// A hash in the making.
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

    /// The stored form, as `$2b$`.
    pub(crate) fn finish(&self, hashed: &Hashed) -> String {
        let (salt, hash) = (BASE_64.encode(self.salt), BASE_64.encode(hashed.0));
        format!("$2b${:02}${salt}{hash}", self.cost.get())
    }
}

const SALT_CHARS: usize = 22;

/// It refuses bits that no encoder sets, so a hash has one spelling.
const BASE_64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);

fn digit(ascii: u8) -> u32 {
    u32::from(ascii.saturating_sub(b'0'))
}

fn decode<const N: usize>(text: &[u8]) -> Result<[u8; N], HashError> {
    let mut bytes = [0; N];
    match BASE_64.decode_slice(text, &mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        _ => Err(HashError::Malformed),
    }
}

impl HashError {
    /// A stable code to match on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "hash-malformed",
            Self::Version => "hash-version",
            Self::TooCostly => "hash-too-costly",
        }
    }
}

impl fmt::Display for HashError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => formatter.write_str("the stored hash is not a bcrypt hash"),
            Self::Version => formatter.write_str("the stored hash is of a version other than 2a, 2b and 2y"),
            Self::TooCostly => write!(formatter, "the stored hash has a cost above {}", STORED_COSTS.end()),
        }
    }
}

impl std::error::Error for HashError {}
