//! Verdicts on users and sessions.

use std::borrow::Cow;

use serde::Serialize;
use tsify::Tsify;

use crate::{
    host::Session,
    http::{Refusal, Reply},
    token::AccessToken,
    user::User,
};

/// Whether a login is accepted.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum LoginVerdict {
    /// Accepted, with this token (RFC 6749 5.1).
    Accepted {
        /// The token.
        access_token: String,
        /// `bearer`.
        token_type: &'static str,
        /// How long the token lives, in seconds, when there is a refresh token.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_in: Option<u64>,
        /// The refresh token, with `REFRESH_TOKEN_EXPIRE_MINUTES`.
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh_token: Option<String>,
    },
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        #[tsify(type = "Reason")]
        reason: Cow<'static, str>,
    },
}

/// The user of a token.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum UserVerdict {
    /// Accepted: the token is valid.
    Accepted {
        /// The user.
        user: User,
    },
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        #[tsify(type = "Reason")]
        reason: Cow<'static, str>,
    },
}

/// The user of a request, or the reply to send instead.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum RequiredUser {
    /// Accepted: the token is valid.
    Accepted {
        /// The user.
        user: User,
    },
    /// Refused.
    Refused {
        /// That of `GET /me`.
        reply: Reply,
    },
}

/// The sessions of a user.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum SessionsVerdict {
    /// Accepted: the token is valid.
    Accepted {
        /// The live sessions, in the order of the store.
        sessions: Vec<Session>,
    },
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        #[tsify(type = "Reason")]
        reason: Cow<'static, str>,
    },
}

/// Whether a call did what it was to do.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(in crate::wasm) enum DoneVerdict {
    /// Accepted, and done.
    Accepted,
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        #[tsify(type = "Reason")]
        reason: Cow<'static, str>,
    },
}

impl From<Result<AccessToken, Refusal>> for LoginVerdict {
    fn from(result: Result<AccessToken, Refusal>) -> Self {
        match result {
            Ok(AccessToken { access_token, token_type, refresh }) => {
                let (expires_in, refresh_token) =
                    refresh.map(|refresh| (refresh.expires_in, refresh.refresh_token)).unzip();
                Self::Accepted { access_token, token_type, expires_in, refresh_token }
            }
            Err(refusal) => Self::Refused { reason: refusal.code() },
        }
    }
}

impl From<Result<User, Refusal>> for UserVerdict {
    fn from(result: Result<User, Refusal>) -> Self {
        match result {
            Ok(user) => Self::Accepted { user },
            Err(refusal) => Self::Refused { reason: refusal.code() },
        }
    }
}

impl From<Result<User, Refusal>> for RequiredUser {
    fn from(result: Result<User, Refusal>) -> Self {
        match result {
            Ok(user) => Self::Accepted { user },
            Err(refusal) => Self::Refused { reply: Reply::refused(&refusal).header("cache-control", "no-store") },
        }
    }
}

impl From<Result<Vec<Session>, Refusal>> for SessionsVerdict {
    fn from(result: Result<Vec<Session>, Refusal>) -> Self {
        result.map_or_else(|refusal| Self::Refused { reason: refusal.code() }, |sessions| Self::Accepted { sessions })
    }
}

impl From<Result<(), Refusal>> for DoneVerdict {
    fn from(result: Result<(), Refusal>) -> Self {
        result.map_or_else(|refusal| Self::Refused { reason: refusal.code() }, |()| Self::Accepted)
    }
}
