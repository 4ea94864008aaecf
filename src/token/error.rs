//! Why a token was refused, and why a key was.

use std::{borrow::Cow, fmt};

/// The reason why a token was refused, or was not issued; for the log. A client gets one 401 for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// It is longer than 8 KiB.
    TooLong,
    /// It is not three parts of canonical base64url that hold JSON objects without duplicate members.
    Malformed,
    /// Its `alg` is not the key's.
    Algorithm,
    /// Its header asks for an extension that must be understood (RFC 7515 4.1.11, RFC 7797).
    Critical,
    /// There is no key for its `kid`, and none for tokens without one.
    UnknownKey,
    /// The identity provider's keys could not be had.
    KeysUnavailable,
    /// The signature is not this key's.
    Signature,
    /// `exp` has come.
    Expired,
    /// `nbf` has not come yet.
    NotYetValid,
    /// It was issued longer ago than is allowed.
    TooOld,
    /// It was issued before its user logged out everywhere.
    Revoked,
    /// This claim is missing, or is not what it must be.
    Claim(Cow<'static, str>),
    /// The claims to issue are no JSON object, or verified claims are not of the type that the caller asked for.
    Claims,
    /// No key here can sign.
    Key,
    /// The host's cryptography did not answer.
    Host,
}

impl TokenRefusal {
    /// A stable code to match on and to log.
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

/// Why a key, or a set of keys, cannot be used. It holds nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError {
    reason: &'static str,
    /// Which key of a set, counted from 1.
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
