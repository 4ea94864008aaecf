//! The reason for a refusal, in full detail, for the log and for Rust callers.
//!
//! [`Reply::refused`](super::Reply::refused) alone decides what a client learns.

use std::{borrow::Cow, error::Error, fmt};

use crate::{
    fastapi::BodyError,
    limits::{BODY_MAX_BYTES, PASSWORD_MAX_CHARS},
    password::{HashError, PasswordError},
    row::InvalidRow,
    token::TokenRefusal,
};

/// Why a request, a login or a token was refused.
///
/// No variant contains a password, a token, a hash or a key of this service. [`Refusal::Slash`] and [`Refusal::Body`]
/// contain parts of the request; [`Refusal::code`] contains nothing of it.
///
/// ```
/// use edgegate::Refusal;
///
/// assert_eq!(Refusal::WrongPassword.to_string(), "the password is wrong");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// No route has this path.
    UnknownPath,
    /// The path has a route, but not for this method.
    Method {
        /// The method of the path's route (RFC 9110 10.2.1).
        allow: &'static str,
    },
    /// The path has a trailing slash that its route does not have.
    Slash {
        /// The URL without the slash, with the query.
        location: String,
    },
    /// The body is larger than 16 KiB.
    BodyTooLarge,
    /// The body did not arrive within `BODY_TIMEOUT_SECONDS`.
    BodyTimeout,
    /// The client closed the request before its body had arrived.
    ClientClosed,
    /// The body cannot be read, or is not what the route expects.
    Body(BodyError),
    /// A page of another site made a browser send the request, and `CORS_ORIGINS` does not allow the page; or one of another origin,
    /// and the request would be authenticated by a cookie, or set one.
    CrossSite,
    /// The client, or the account, has made too many requests.
    RateLimited,
    /// No user has this e-mail address.
    UnknownUser,
    /// The user exists, but the password is wrong.
    WrongPassword,
    /// The account has had too many failed logins, and this one came before the delay after the last of them had ended (`LOCKOUT`).
    /// The password was not checked.
    HeldUp,
    /// The password was right, or the token valid, but the column `is_active` of the user is not true.
    InactiveUser,
    /// The password was right, but the e-mail address is not verified (`EMAIL_VERIFICATION=required`).
    EmailNotVerified,
    /// The password is longer than 4096 characters.
    OverlongPassword,
    /// The stored hash is invalid or cannot be used.
    StoredHash(HashError),
    /// The current password of a user who changes it was refused, for this reason.
    CurrentPassword(Box<Self>),
    /// The new password of a user is the current one.
    SamePassword,
    /// The request has no bearer token.
    NoToken,
    /// The bearer token was refused.
    Token(TokenRefusal),
    /// The refresh token was refused.
    RefreshToken(RefreshRefusal),
    /// The token of a mail is unknown, has expired, or was used.
    MailToken,
    /// The user has no session of this name.
    UnknownSession,
    /// The token is valid, but its user does not exist any more.
    UserGone,
    /// `REGISTRATION` is `closed`.
    RegistrationClosed,
    /// The request has no invitation for the address, or it has expired (`REGISTRATION=invitation`).
    Invitation,
    /// Another user has this e-mail address.
    EmailTaken,
    /// The password cannot be hashed.
    Password(PasswordError),
    /// The queue of bcrypt work is full, or the work was stopped.
    Busy,
    /// The user store did not answer.
    StoreUnavailable,
    /// This column of the user store's row is invalid.
    InvalidRow(InvalidRow),
    /// The backend of `UPSTREAM` did not answer, or not as it should.
    Upstream(UpstreamFailure),
    /// The token could not be issued: a claim is reserved, no key can sign, or the host's cryptography failed.
    Unsigned(TokenRefusal),
    /// An internal error: the host's answer does not fit the question, or the system has no randomness.
    Internal(&'static str),
}

impl Refusal {
    /// Returns a stable code to match on and to log.
    ///
    /// ```
    /// use edgegate::Refusal;
    ///
    /// assert_eq!(Refusal::WrongPassword.code(), "wrong-password");
    /// ```
    #[must_use]
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::UnknownPath => "unknown-path",
            Self::Method { .. } => "method",
            Self::Slash { .. } => "slash",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyTimeout => "body-timeout",
            Self::ClientClosed => "client-closed",
            Self::Body(BodyError::Unprocessable(_)) => "body-unprocessable",
            Self::Body(BodyError::BadRequest(_)) => "body-bad-request",
            Self::CrossSite => "cross-site",
            Self::RateLimited => "rate-limited",
            Self::UnknownUser => "unknown-user",
            Self::WrongPassword => "wrong-password",
            Self::HeldUp => "held-up",
            Self::InactiveUser => "inactive-user",
            Self::EmailNotVerified => "email-not-verified",
            Self::OverlongPassword => "overlong-password",
            Self::StoredHash(error) => error.code(),
            Self::CurrentPassword(refusal) => return refusal.code(),
            Self::SamePassword => "same-password",
            Self::NoToken => "no-token",
            Self::Token(refusal) => return refusal.code(),
            Self::RefreshToken(refusal) => refusal.code(),
            Self::MailToken => "mail-token",
            Self::UnknownSession => "unknown-session",
            Self::UserGone => "user-gone",
            Self::RegistrationClosed => "registration-closed",
            Self::Invitation => "invitation",
            Self::EmailTaken => "email-taken",
            Self::Password(error) => error.code(),
            Self::Busy => "busy",
            Self::StoreUnavailable => "store-unavailable",
            Self::InvalidRow(row) => return format!("invalid-row:{}", row.column).into(),
            Self::Upstream(UpstreamFailure::Status(status)) => return format!("{UPSTREAM_STATUS}:{status}").into(),
            Self::Upstream(failure) => failure.code(),
            Self::Unsigned(refusal) => return ["unsigned:", &refusal.code()].concat().into(),
            Self::Internal(_) => "internal",
        }
        .into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPath => out.write_str("no route has this path"),
            Self::Method { allow } => write!(out, "the path answers to {allow} only"),
            Self::Slash { .. } => out.write_str("the path has a trailing slash"),
            Self::BodyTooLarge => write!(out, "the body is larger than {BODY_MAX_BYTES} bytes"),
            Self::BodyTimeout => out.write_str("the body did not arrive in time"),
            Self::ClientClosed => out.write_str("the client closed the request before its body had arrived"),
            Self::Body(error) => write!(out, "the body is invalid: {error}"),
            Self::CrossSite => out.write_str("a page of another origin sent the request"),
            Self::RateLimited => out.write_str("there were too many requests of the client or for the account"),
            Self::UnknownUser => out.write_str("no user has this e-mail address"),
            Self::WrongPassword => out.write_str("the password is wrong"),
            Self::HeldUp => out.write_str("the account is held up after too many failed logins"),
            Self::InactiveUser => out.write_str("the user is not active"),
            Self::EmailNotVerified => out.write_str("the e-mail address is not verified"),
            Self::OverlongPassword => write!(out, "the password is longer than {PASSWORD_MAX_CHARS} characters"),
            Self::StoredHash(error) => write!(out, "{error}"),
            Self::CurrentPassword(refusal) => refusal.fmt(out),
            Self::SamePassword => out.write_str("the new password is the current one"),
            Self::NoToken => out.write_str("the request has no bearer token"),
            Self::Token(refusal) => write!(out, "{refusal}"),
            Self::RefreshToken(refusal) => out.write_str(refusal.message()),
            Self::MailToken => out.write_str("the token of a mail is unknown, has expired, or was used"),
            Self::UnknownSession => out.write_str("the user has no session of this name"),
            Self::UserGone => out.write_str("the user of the token does not exist"),
            Self::Invitation => out.write_str("there is no valid invitation for the address"),
            Self::RegistrationClosed => out.write_str("registration is closed"),
            Self::EmailTaken => out.write_str("another user has this e-mail address"),
            Self::Password(error) => write!(out, "{error}"),
            Self::Busy => out.write_str("there is too much work, or the work was stopped"),
            Self::StoreUnavailable => out.write_str("the user store did not answer"),
            Self::InvalidRow(row) => row.fmt(out),
            Self::Upstream(failure) => write!(out, "the backend of UPSTREAM has failed: {}", failure.code()),
            Self::Unsigned(refusal) => write!(out, "the token could not be issued: {}", refusal.code()),
            Self::Internal(what) => write!(out, "internal error: {what}"),
        }
    }
}

impl Error for Refusal {}

/// Why a refresh token was refused. The client always gets the same answer.
///
/// ```
/// use edgegate::{Refusal, Reply, http::RefreshRefusal};
///
/// let [expired, reused] = [RefreshRefusal::Expired, RefreshRefusal::Reused].map(Refusal::RefreshToken);
/// assert_eq!(Reply::refused(&expired).body, Reply::refused(&reused).body);
/// assert_eq!(reused.code(), "refresh-token-reused");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// No key of the ring has made it.
    Malformed,
    /// Its session does not exist, or not any more.
    Unknown,
    /// Its session has expired.
    Expired,
    /// Its user is not active.
    Inactive,
    /// It was used before. Its session is ended, and with `REVOCATION=on` the access tokens of the user are revoked.
    Reused,
}

impl RefreshRefusal {
    fn code(self) -> &'static str {
        match self {
            Self::Malformed => "refresh-token-malformed",
            Self::Unknown => "refresh-token-unknown",
            Self::Expired => "refresh-token-expired",
            Self::Inactive => "inactive-user",
            Self::Reused => "refresh-token-reused",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Malformed => "the refresh token is malformed",
            Self::Unknown => "the refresh token has no session",
            Self::Expired => "the session of the refresh token has expired",
            Self::Inactive => "the user of the refresh token is not active",
            Self::Reused => "the refresh token was used before",
        }
    }
}

/// What is wrong with the backend of `UPSTREAM`, for the log. The client learns only whether it was too slow.
///
/// ```
/// use edgegate::{Refusal, Reply, http::UpstreamFailure};
///
/// let [slow, nonsense] = [UpstreamFailure::TimedOut, UpstreamFailure::Answer].map(Refusal::Upstream);
/// assert_eq!((Reply::refused(&slow).status, Reply::refused(&nonsense).status), (504, 502));
/// assert_eq!(Refusal::Upstream(UpstreamFailure::Status(500)).code(), "upstream-status:500");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamFailure {
    /// It cannot be reached.
    Unavailable,
    /// It has not answered in time.
    TimedOut,
    /// It has answered this status, which says nothing about the user.
    Status(u16),
    /// Its answer is not what the route answers.
    Answer,
    /// No key of this backend accepts its token: both need the same `SECRET_KEY`.
    Token,
    /// The id of its user is that of another user here.
    Taken,
    /// Its own route tells of another user than its token.
    User,
    /// It has refused the new password of a user, whose current one is right.
    NewPassword,
    /// The password cannot be hashed here: bcrypt reads no more than 72 bytes of one. The host needs the other schemes for it.
    Password,
}

impl UpstreamFailure {
    fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "upstream-unavailable",
            Self::TimedOut => "upstream-timeout",
            Self::Status(_) => UPSTREAM_STATUS,
            Self::Answer => "upstream-answer",
            Self::Token => "upstream-token",
            Self::Taken => "upstream-taken",
            Self::User => "upstream-user",
            Self::NewPassword => "upstream-new-password",
            Self::Password => "upstream-password",
        }
    }
}

const UPSTREAM_STATUS: &str = "upstream-status";

impl From<UpstreamFailure> for Refusal {
    fn from(failure: UpstreamFailure) -> Self {
        Self::Upstream(failure)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The texts of the arms of each `code`.
    fn codes(source: &str) -> BTreeSet<&str> {
        let bodies = source.split("fn code(").skip(1).filter_map(|rest| rest.split("\n    }\n").next());
        let arms = bodies.flat_map(|body| body.lines().filter_map(|line| line.split_once("=> \"")));
        arms.filter_map(|(_, text)| text.split('"').next()).collect()
    }

    /// The texts of the types.
    fn types(source: &str) -> BTreeSet<&str> {
        source.split('"').skip(1).step_by(2).collect()
    }

    #[test]
    fn javascript_has_a_type_with_every_code() {
        let sources = [
            include_str!("refusal.rs"),
            include_str!("../token/error.rs"),
            include_str!("../password.rs"),
            include_str!("../password/stored.rs"),
        ];
        let mut declared = types(include_str!("../wasm/codes.d.ts"));
        // Of the JavaScript API alone.
        assert!(declared.remove("setting") && declared.remove("email"));
        let codes: BTreeSet<&str> = sources.iter().flat_map(|source| codes(source)).collect();
        assert!(codes.len() > 40, "{codes:?}");
        assert_eq!(codes, declared);
    }
}
