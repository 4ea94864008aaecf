//! The finished answer, and the one place where an inner reason becomes an outer answer.

use std::borrow::Cow;

use super::Refusal;
use crate::{
    fastapi::{BodyError, Invalid},
    json::Json,
    limits::RETRY_AFTER_SECONDS,
    token::{AccessToken, JwkSet},
    user::{User, UserId},
};

/// What the host sends back, and what it writes to its log.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, in order; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body: compact JSON, or empty.
    pub body: String,
    /// What is worth a line in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// How many rounds of bcrypt, one after the other, this reply took ([`Rounds`](crate::password::Rounds)).
    #[serde(skip)]
    pub rounds: u64,
}

/// A line for the log; it never carries a password, a token, a hash or a key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Event {
    /// How loud.
    pub level: Level,
    /// The stable code of the inner reason, [`Refusal::code`].
    pub reason: Cow<'static, str>,
}

/// How loud an [`Event`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Part of the day's work: a wrong password, an expired token.
    Info,
    /// Somebody should look: a stored hash that cannot be used.
    Warn,
    /// The service is not doing its work.
    Error,
}

impl Reply {
    /// 200 with the token (RFC 6749 5.1).
    #[must_use]
    pub fn logged_in(token: &AccessToken) -> Self {
        let mut members = vec![
            ("access_token", Json::String(token.access_token.clone())),
            ("token_type", Json::String(token.token_type.to_owned())),
        ];
        if let Some(refresh) = &token.refresh {
            members.push(("expires_in", Json::Integer(refresh.expires_in.to_string())));
            members.push(("refresh_token", Json::String(refresh.refresh_token.clone())));
        }
        Self::json(200, &members.into_iter().collect())
    }

    /// 204: the user is logged out.
    #[must_use]
    pub fn logged_out() -> Self {
        Self::empty(204)
    }

    /// 200 with the public keys (RFC 7517 5). Five minutes are what a verifier may miss of a new key.
    #[must_use]
    pub fn jwk_set(set: &JwkSet) -> Self {
        let body = serde_json::to_string(set).unwrap_or_default();
        Self { body, ..Self::empty(200) }
            .header("content-type", "application/json")
            .header("cache-control", "public, max-age=300")
    }

    /// 200 with the user, without the password hash.
    #[must_use]
    pub fn user(user: &User) -> Self {
        Self::json(200, &public(user))
    }

    /// 201 with the new user.
    #[must_use]
    pub fn created(user: &User) -> Self {
        Self::json(201, &public(user))
    }

    /// The outer answer to an inner reason.
    ///
    /// Reasons that an attacker could tell apart to their profit share one arm, so that the bytes are the same.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        let (level, reply) = match refusal {
            Refusal::UnknownPath => (None, Self::detail(404, "Not Found")),
            Refusal::Method { allow } => (None, Self::detail(405, "Method Not Allowed").header("allow", allow)),
            Refusal::Slash { location } => (None, Self::empty(307).header("location", location)),
            Refusal::BodyTooLarge => (None, Self::detail(413, "Request Entity Too Large")),
            Refusal::Body(BodyError::Unprocessable(list)) => (None, Self::invalid(list)),
            Refusal::Body(BodyError::BadRequest(detail)) => (None, Self::detail(400, detail)),
            Refusal::UnknownUser | Refusal::WrongPassword | Refusal::OverlongPassword => {
                (Some(Level::Info), Self::invalid_credentials())
            }
            Refusal::StoredHash(_) => (Some(Level::Warn), Self::invalid_credentials()),
            Refusal::NoToken | Refusal::Token(_) | Refusal::UserGone => (
                Some(Level::Info),
                // RFC 6750 3: the scheme is named in every 401.
                Self::detail(401, "Could not validate credentials").header("www-authenticate", "Bearer"),
            ),
            Refusal::RefreshToken => (
                Some(Level::Info),
                // RFC 6749 5.2.
                Self::json(
                    400,
                    &object([("error", "invalid_grant".into()), ("detail", "Invalid refresh token".into())]),
                ),
            ),
            Refusal::RegistrationClosed => (None, Self::detail(403, "Registration is closed")),
            Refusal::EmailTaken => (None, Self::detail(409, "Email already registered")),
            Refusal::Busy => (Some(Level::Warn), Self::unavailable()),
            Refusal::StoreUnavailable | Refusal::InvalidRow(_) => (Some(Level::Error), Self::unavailable()),
            // A body whose password cannot be hashed is refused as a body; what is left is a fault of ours.
            Refusal::Password(_) | Refusal::Internal(_) => {
                (Some(Level::Error), Self::detail(500, "Internal Server Error"))
            }
        };
        Self { event: level.map(|level| Event { level, reason: refusal.code() }), ..reply }
    }

    /// The same reply with one more header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn unavailable() -> Self {
        Self::detail(503, "Service Unavailable").header("retry-after", &u64::from(RETRY_AFTER_SECONDS).to_string())
    }

    fn invalid_credentials() -> Self {
        Self::detail(403, "Invalid Credentials")
    }

    fn invalid(list: &[Invalid]) -> Self {
        Self::json(422, &object([("detail", Json::Array(list.iter().map(Invalid::to_json).collect()))]))
    }

    fn detail(status: u16, detail: &str) -> Self {
        Self::json(status, &object([("detail", Json::String(detail.to_owned()))]))
    }

    fn json(status: u16, body: &Json) -> Self {
        Self { body: body.to_string(), ..Self::empty(status) }.header("content-type", "application/json")
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), event: None, rounds: 0 }
    }
}

fn public(user: &User) -> Json {
    object([
        ("id", id(&user.id)),
        ("email", Json::String(user.email.clone())),
        ("created_at", Json::String(user.created_at.clone())),
    ])
}

fn id(id: &UserId) -> Json {
    match id {
        UserId::Integer(id) => Json::Integer(id.to_string()),
        UserId::Text(id) => Json::String(id.clone()),
    }
}

fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.map(|(name, value)| (name.to_owned(), value)).into())
}
