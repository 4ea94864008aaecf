//! Verdicts and failures in the shapes that JavaScript gets, told apart by `outcome`.

use std::borrow::Cow;

use serde::Serialize;
use tsify::Tsify;

use crate::{
    host::Session,
    http::{Refusal, Reply},
    password::{HashError, PasswordError},
    settings::SettingsError,
    token::{AccessToken, TokenRefusal},
    user::User,
};

/// The outcome of a turn.
#[derive(Serialize, Tsify)]
#[serde(untagged)]
pub(super) enum Outcome {
    /// Of `Gate.handle`.
    Reply(Reply),
    /// Of `Gate.login`.
    Login(LoginVerdict),
    /// Of `Gate.currentUser`.
    User(UserVerdict),
    /// Of `Gate.logOut`, `Gate.revoke` and `Gate.endSession`.
    Done(DoneVerdict),
    /// Of `Gate.sessions`.
    Sessions(SessionsVerdict),
    /// Of `Gate.verifyTokenInTurn`: the text that `Gate.verifyToken` returns when nothing has to be asked.
    Token(String),
    /// Of `hashPassword`.
    Hash(HashVerdict),
    /// Of `verifyPassword`.
    Password(PasswordVerdict),
}

/// A new hash.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum HashVerdict {
    /// The hash.
    Accepted {
        /// The stored form.
        hash: String,
    },
    /// The call was wrong.
    Refused(Failure),
}

/// Whether it is the password.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum PasswordVerdict {
    /// The stored hash could be used.
    Accepted {
        /// Whether it is the password.
        matches: bool,
    },
    /// The stored hash cannot be used.
    Refused(Failure),
}

/// Whether a login is accepted.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum LoginVerdict {
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
        reason: Cow<'static, str>,
    },
}

/// The user of a token.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum UserVerdict {
    /// Accepted: the token is valid.
    Accepted {
        /// The user.
        user: User,
    },
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        reason: Cow<'static, str>,
    },
}

/// The sessions of a user.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum SessionsVerdict {
    /// Accepted: the token is valid.
    Accepted {
        /// The live sessions, in the order of the store.
        sessions: Vec<Session>,
    },
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        reason: Cow<'static, str>,
    },
}

/// Whether a call did what it was to do.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum DoneVerdict {
    /// Accepted, and done.
    Accepted,
    /// Refused, with a stable code; do not send it to the client.
    Refused {
        /// The code.
        reason: Cow<'static, str>,
    },
}

/// The error for a wrong call.
#[derive(Serialize, Tsify)]
pub(super) struct Failure {
    /// A stable code to match on.
    pub code: Cow<'static, str>,
    /// What is wrong and how to fix it.
    pub message: String,
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

impl Failure {
    /// The further claims of a token are no JSON object.
    pub(super) fn claims() -> Self {
        Self { code: "claims".into(), message: "further claims are a JSON object".to_owned() }
    }

    /// The settings are not an object of strings and numbers.
    pub(super) fn settings() -> Self {
        Self { code: "setting".into(), message: "settings are strings or numbers".to_owned() }
    }

    /// A value of the core cannot be represented in JavaScript.
    pub(super) fn internal() -> Self {
        Self { code: "internal".into(), message: "a value cannot be given to JavaScript".to_owned() }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self { code: "setting".into(), message: error.to_string() }
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

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        Self { code: refusal.code(), message: refusal.to_string() }
    }
}
