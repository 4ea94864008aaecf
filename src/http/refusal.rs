//! Why a request was refused: the rich reason, for the log and for Rust callers.
//!
//! What the outside learns of it is decided in one place, [`Reply::refused`](super::Reply::refused).

use std::borrow::Cow;

use crate::{
    fastapi::BodyError,
    password::{HashError, PasswordError},
    token::TokenRefusal,
};

/// Everything that can keep the gate from saying yes.
///
/// No variant carries a password, a token, a hash or a key, so each may be logged whole.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// No route has this path.
    UnknownPath,
    /// The path exists, but not for this method.
    Method {
        /// The method that the path answers to (RFC 9110 10.2.1).
        allow: &'static str,
    },
    /// The path exists but for its trailing slash.
    Slash {
        /// Where the client should go instead.
        location: String,
    },
    /// The body holds more than [`crate::limits::BODY_MAX_BYTES`].
    BodyTooLarge,
    /// The body could not be read, or what it says is not what was asked for.
    Body(BodyError),
    /// No user has this e-mail address.
    UnknownUser,
    /// The user exists, the password is another one.
    WrongPassword,
    /// The password is longer than any honest one ([`crate::limits::PASSWORD_MAX_CHARS`]).
    OverlongPassword,
    /// The stored hash cannot be used.
    StoredHash(HashError),
    /// There is no bearer token in the request.
    NoToken,
    /// The bearer token is no good.
    Token(TokenRefusal),
    /// The refresh token is unknown, expired, or was used before.
    RefreshToken,
    /// The token is good, its user is gone.
    UserGone,
    /// `REGISTRATION` is not `open`.
    RegistrationClosed,
    /// Another account has this e-mail address.
    EmailTaken,
    /// The password cannot be hashed.
    Password(PasswordError),
    /// There is too much to do, or the work was stopped.
    Busy,
    /// The user store did not answer.
    StoreUnavailable,
    /// A row of the user store is not valid, because of this column.
    InvalidRow(&'static str),
    /// The host answered another question than the one asked, or randomness failed.
    Internal(&'static str),
}

impl Refusal {
    /// A stable code to match on and to log.
    ///
    /// ```
    /// use edgegate::http::Refusal;
    /// assert_eq!(Refusal::WrongPassword.code(), "wrong-password");
    /// ```
    #[must_use]
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::UnknownPath => "unknown-path",
            Self::Method { .. } => "method",
            Self::Slash { .. } => "slash",
            Self::BodyTooLarge => "body-too-large",
            Self::Body(BodyError::Unprocessable(_)) => "body-unprocessable",
            Self::Body(BodyError::BadRequest(_)) => "body-bad-request",
            Self::UnknownUser => "unknown-user",
            Self::WrongPassword => "wrong-password",
            Self::OverlongPassword => "overlong-password",
            Self::StoredHash(error) => error.code(),
            Self::NoToken => "no-token",
            Self::Token(refusal) => return refusal.code(),
            Self::RefreshToken => "refresh-token",
            Self::UserGone => "user-gone",
            Self::RegistrationClosed => "registration-closed",
            Self::EmailTaken => "email-taken",
            Self::Password(error) => error.code(),
            Self::Busy => "busy",
            Self::StoreUnavailable => "store-unavailable",
            Self::InvalidRow(column) => return format!("invalid-row:{column}").into(),
            Self::Internal(_) => "internal",
        }
        .into()
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<TokenRefusal> for Refusal {
    fn from(refusal: TokenRefusal) -> Self {
        Self::Token(refusal)
    }
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        Self::Password(error)
    }
}

impl From<HashError> for Refusal {
    fn from(error: HashError) -> Self {
        Self::StoredHash(error)
    }
}
