//! Verdicts on passwords.

use serde::Serialize;

use super::Failure;
use crate::{
    http::Refusal,
    password::{HashError, PasswordError},
};

/// A new hash.
#[derive(Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum HashVerdict {
    /// The hash.
    Accepted {
        /// The stored form.
        hash: String,
    },
    /// The call was wrong.
    Refused(Failure),
}

/// Whether it is the password.
#[derive(Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum PasswordVerdict {
    /// The stored hash could be used.
    Accepted {
        /// Whether it is the password.
        matches: bool,
    },
    /// The stored hash cannot be used.
    Refused(Failure),
}

impl From<Result<String, Refusal>> for HashVerdict {
    fn from(result: Result<String, Refusal>) -> Self {
        result.map_or_else(|refusal| Self::Refused(refusal.into()), |hash| Self::Accepted { hash })
    }
}

impl From<Result<bool, HashError>> for PasswordVerdict {
    fn from(result: Result<bool, HashError>) -> Self {
        result.map_err(Refusal::from).into()
    }
}

impl From<Result<bool, Refusal>> for PasswordVerdict {
    fn from(result: Result<bool, Refusal>) -> Self {
        result.map_or_else(|refusal| Self::Refused(refusal.into()), |matches| Self::Accepted { matches })
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self { code: error.code().into(), message: error.to_string() }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let message = match &refusal {
            Refusal::Password(error) => error.to_string(),
            Refusal::StoredHash(error) => error.to_string(),
            refusal => refusal.code().into_owned(),
        };
        Self { code: refusal.code(), message }
    }
}
