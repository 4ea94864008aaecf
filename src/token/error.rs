//! Reasons why a token or a key is refused.

use std::{borrow::Cow, fmt};

/// Why a token was refused or not issued; for the log. A client gets the same 401 for all of them.
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{host::tokens, token::{Algorithm, Key, KeyRing, Rules, TokenRefusal}};
///
/// let key = Key::secret(Algorithm::HS256, &[7; 32])?;
/// let ring = Arc::new(KeyRing::new(vec![key])?);
/// let step = tokens::verify("no token".into(), ring, Rules::default(), 1_700_000_000);
/// assert_eq!(step.done(), Some(Err(TokenRefusal::Malformed)));
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// The token is longer than 8 KiB.
    TooLong,
    /// The token is not three parts of canonical base64url with JSON objects without duplicate members.
    Malformed,
    /// `alg` is not the algorithm of the key.
    Algorithm,
    /// The header requires an extension (`crit`, RFC 7515 4.1.11; `b64`, RFC 7797).
    Critical,
    /// No key has the token's `kid`, and no key accepts tokens without one.
    UnknownKey,
    /// The identity provider's keys are not available.
    KeysUnavailable,
    /// The signature is invalid.
    Signature,
    /// The time of `exp` is reached.
    Expired,
    /// The time of `nbf` is not reached.
    NotYetValid,
    /// `iat` is longer ago than `JWT_MAX_AGE_SECONDS` allows.
    TooOld,
    /// The token was issued before its user logged out everywhere.
    Revoked,
    /// This claim is missing or has a value that the rules do not allow.
    Claim(Cow<'static, str>),
    /// The claims to issue are not a JSON object, or the verified claims do not deserialize to the type of the caller.
    Claims,
    /// No key of the ring can sign.
    Key,
    /// The host's cryptography failed.
    Host,
}

impl TokenRefusal {
    /// Returns a stable code to match on and to log.
    ///
    /// ```
    /// use edgegate::token::TokenRefusal;
    /// assert_eq!(TokenRefusal::Claim("exp".into()).code(), "claim:exp");
    /// ```
    #[must_use]
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong => "token-too-long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::UnknownKey => "unknown-key",
            Self::KeysUnavailable => "keys-unavailable",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::TooOld => "too-old",
            Self::Revoked => "revoked",
            Self::Claim(name) => return format!("claim:{name}").into(),
            Self::Claims => "claims",
            Self::Key => "no-signing-key",
            Self::Host => "host",
        }
        .into()
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the token was refused: {}", self.code())
    }
}

impl std::error::Error for TokenRefusal {}

/// Why a key, or a set of keys, cannot be used. It contains nothing of the key.
///
/// ```
/// use edgegate::token::{Algorithm, Key};
///
/// let error = Key::secret(Algorithm::HS256, b"hunter2").unwrap_err();
/// assert!(!error.to_string().contains("hunter2"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError {
    reason: &'static str,
    /// The position of the key in its set, from 1.
    position: Option<usize>,
}

impl KeyError {
    pub(super) const fn because(reason: &'static str) -> Self {
        Self { reason, position: None }
    }

    pub(super) fn at(self, index: usize) -> Self {
        Self { position: Some(index.saturating_add(1)), ..self }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "key {position}: {}", self.reason),
            None => formatter.write_str(self.reason),
        }
    }
}

impl std::error::Error for KeyError {}
