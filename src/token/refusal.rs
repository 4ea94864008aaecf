//! Why a token was refused.

use std::fmt;

/// The reason a token was refused, for the log. To the outside there is one 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// It is longer than [`crate::limits::TOKEN_MAX_BYTES`].
    TooLong,
    /// It is not three parts of canonical base64url that hold JSON objects without duplicate members.
    Malformed,
    /// Its `alg` is not the key's.
    Algorithm,
    /// Its header asks for an extension that must be understood (RFC 7515 4.1.11, RFC 7797).
    Critical,
    /// The signature is not this key's.
    Signature,
    /// `exp` has come.
    Expired,
    /// `nbf` has not come yet.
    NotYetValid,
    /// This claim is missing, or is not what it must be.
    Claim(&'static str),
    /// The key cannot sign.
    Key,
}

impl TokenRefusal {
    /// A stable code to match on and to log.
    ///
    /// ```
    /// use edgegate::token::TokenRefusal;
    /// assert_eq!(TokenRefusal::Claim("exp").code(), "claim:exp");
    /// ```
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "token-too-long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Claim("exp") => "claim:exp",
            Self::Claim("nbf") => "claim:nbf",
            Self::Claim("aud") => "claim:aud",
            Self::Claim("user_id") => "claim:user_id",
            Self::Claim(_) => "claim",
            Self::Key => "key",
        }
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the token was refused: {}", self.code())
    }
}

impl std::error::Error for TokenRefusal {}
