//! The reply, and the mapping from refusal reasons to replies.

use std::{borrow::Cow, fmt};

use serde::Serialize;

use super::{RefreshRefusal, Refusal, UpstreamFailure};
use crate::{
    fastapi::BodyError,
    limits::{RATE_LIMIT_PERIOD_SECONDS, RETRY_AFTER_SECONDS},
    session::Session,
    token::AccessToken,
    user::{User, UserId},
};

/// What the host sends, and what it logs.
///
/// ```
/// use edgegate::{Refusal, Reply};
///
/// let reply = Reply::refused(&Refusal::UnknownPath);
/// assert_eq!((reply.status, reply.body.as_str()), (404, r#"{"detail":"Not Found"}"#));
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, in order; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body: compact JSON, or empty.
    pub body: String,
    /// The event to log, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// What a log of requests has about it, with `ACCESS_LOG=on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// How many rounds of bcrypt this reply took ([`Hashed::rounds`](crate::password::Hashed::rounds)).
    #[serde(skip)]
    pub rounds: u64,
}

/// An event for the log. It never contains a password, a token, a hash or a key.
///
/// ```
/// use edgegate::{Refusal, Reply, http::Level};
///
/// let event = Reply::refused(&Refusal::WrongPassword).event.ok_or("no event")?;
/// assert_eq!((event.level, event.reason.as_ref()), (Level::Info, "wrong-password"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Event {
    /// The severity.
    pub level: Level,
    /// The stable code of the reason, [`Refusal::code`].
    #[cfg_attr(feature = "wasm", tsify(type = "Reason"))]
    pub reason: Cow<'static, str>,
}

/// A request, as a log of requests has it. It contains no address in clear.
///
/// ```
/// use edgegate::{Gate, Request, Settings, Vars};
///
/// let (secret_key, access_log) = (Some("secret".repeat(8).into()), Some("on".into()));
/// let gate = Gate::new(Settings::try_from(Vars { secret_key, access_log, ..Vars::default() })?);
/// let reply = gate.handle(Request::new("GET", "https://example.com/me"), 1_700_000_000).done().ok_or("no question")?;
/// assert_eq!(reply.summary.and_then(|summary| summary.route), Some("/me"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Summary {
    /// The route, such as `/me/sessions/{id}`; `None` for a path that none has.
    pub route: Option<&'static str>,
    /// The code of the refusal, see [`Refusal::code`].
    #[cfg_attr(feature = "wasm", tsify(type = "Reason | undefined"))]
    pub reason: Option<Cow<'static, str>>,
    /// How many rounds of bcrypt it took.
    pub rounds: u64,
    /// The user, if the store has found one.
    pub user_id: Option<UserId>,
    /// A keyed hash of the e-mail address of a login or a sign-up.
    pub account: Option<String>,
    /// A keyed hash of the network of the client, if the host knows the address.
    pub client: Option<String>,
}

/// The severity of an [`Event`].
///
/// ```
/// use edgegate::{Refusal, Reply, http::Level};
///
/// let event = Reply::refused(&Refusal::StoreUnavailable).event;
/// assert_eq!(event.map(|event| event.level), Some(Level::Error));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Expected in normal use: a wrong password, an expired token.
    Info,
    /// The operator should act: a stored hash is invalid.
    Warn,
    /// The service does not work.
    Error,
}

impl Reply {
    /// 200 with the token (RFC 6749 5.1).
    ///
    /// ```
    /// use edgegate::{Reply, token::{AccessToken, Refresh}};
    ///
    /// let refresh = Refresh { refresh_token: "abc".into(), expires_in: 1800 };
    /// let token = AccessToken { access_token: "ey...".into(), token_type: "bearer", refresh: Some(refresh) };
    /// assert_eq!(
    ///     Reply::logged_in(&token).body,
    ///     r#"{"access_token":"ey...","token_type":"bearer","expires_in":1800,"refresh_token":"abc"}"#,
    /// );
    /// ```
    #[must_use]
    pub fn logged_in(token: &AccessToken) -> Self {
        Self::json(
            200,
            &TokenResponse {
                access_token: &token.access_token,
                token_type: token.token_type,
                expires_in: token.refresh.as_ref().map(|refresh| refresh.expires_in),
                refresh_token: token.refresh.as_ref().map(|refresh| refresh.refresh_token.as_str()),
            },
        )
    }

    /// 204: the user is logged out.
    ///
    /// ```
    /// assert_eq!(edgegate::Reply::logged_out().status, 204);
    /// ```
    #[must_use]
    pub fn logged_out() -> Self {
        Self::empty(204)
    }

    /// 200 with a message, as FastAPI's template answers what has no other result.
    ///
    /// ```
    /// assert_eq!(edgegate::Reply::message("done").body, r#"{"message":"done"}"#);
    /// ```
    #[must_use]
    pub fn message(message: &str) -> Self {
        Self::json(200, &Message { message })
    }

    /// 200 without a body: the token has no session any more (RFC 7009 2.2).
    ///
    /// ```
    /// assert_eq!(edgegate::Reply::revoked().status, 200);
    /// ```
    #[must_use]
    pub fn revoked() -> Self {
        Self::empty(200)
    }

    /// 200 with the sessions of a user.
    ///
    /// ```
    /// assert_eq!(edgegate::Reply::sessions(&[]).body, "[]");
    /// ```
    #[must_use]
    pub fn sessions(sessions: &[Session]) -> Self {
        Self::json(200, &sessions)
    }

    /// 200 with the public keys as a JWK set (RFC 7517 5). The response may be cached for five minutes, so verifiers
    /// learn of a new key within that time.
    ///
    /// ```
    /// use edgegate::{Reply, token::{Algorithm, Key, KeyRing}};
    ///
    /// let secret = Key::secret(Algorithm::HS256, &[7; 32])?;
    /// let reply = Reply::jwk_set(&KeyRing::new(vec![secret])?.public_jwk_set());
    /// assert_eq!(reply.body, r#"{"keys":[]}"#);
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn jwk_set(set: &impl Serialize) -> Self {
        Self::json(200, set).header("cache-control", "public, max-age=300")
    }

    /// 200 with the user; the password hash is left out.
    ///
    /// ```
    /// # let columns = serde_json::Map::new();
    /// use edgegate::{Reply, User};
    ///
    /// let user = User { id: 7.into(), email: "ada@example.com".into(), created_at: "2026-11-24".into(), columns };
    /// assert_eq!(Reply::user(&user).body, r#"{"id":7,"email":"ada@example.com","created_at":"2026-11-24"}"#);
    /// ```
    #[must_use]
    pub fn user(user: &User) -> Self {
        Self::json(200, &UserResponse::from(user))
    }

    /// 201 with the new user.
    ///
    /// ```
    /// # let columns = serde_json::Map::new();
    /// use edgegate::{Reply, User};
    ///
    /// let user = User { id: 7.into(), email: "ada@example.com".into(), created_at: "2026-11-24".into(), columns };
    /// assert_eq!(Reply::created(&user).status, 201);
    /// ```
    #[must_use]
    pub fn created(user: &User) -> Self {
        Self::json(201, &UserResponse::from(user))
    }

    /// Returns the reply to a refusal.
    ///
    /// Reasons that an attacker must not be able to distinguish share one match arm, so the replies have the same
    /// bytes.
    ///
    /// ```
    /// use edgegate::{Refusal, Reply};
    ///
    /// let [unknown, wrong] = [Refusal::UnknownUser, Refusal::WrongPassword].map(|refusal| Reply::refused(&refusal));
    /// assert_eq!((unknown.status, unknown.headers, unknown.body), (wrong.status, wrong.headers, wrong.body));
    /// ```
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        let (level, reply) = match refusal {
            Refusal::UnknownPath | Refusal::UnknownSession => (None, Self::detail(404, "Not Found")),
            Refusal::Method { allow } => (None, Self::detail(405, "Method Not Allowed").header("allow", allow)),
            Refusal::Slash { location } => (None, Self::empty(307).header("location", location)),
            Refusal::BodyTimeout => (Some(Level::Info), Self::detail(408, "Request Timeout")),
            // FastAPI's response, although nobody receives it.
            Refusal::ClientClosed => (Some(Level::Info), Self::detail(400, "There was an error parsing the body")),
            Refusal::BodyTooLarge => (None, Self::detail(413, "Request Entity Too Large")),
            Refusal::Body(error @ BodyError::Unprocessable(_)) => (None, Self::detail(422, error)),
            Refusal::Body(error @ BodyError::BadRequest(_)) => (None, Self::detail(400, error)),
            Refusal::CrossSite => (Some(Level::Info), Self::detail(403, "Cross-site request")),
            Refusal::RateLimited => (
                Some(Level::Info),
                // RFC 6585 4.
                Self::detail(429, "Too Many Requests").header("retry-after", &RATE_LIMIT_PERIOD_SECONDS.to_string()),
            ),
            Refusal::UnknownUser | Refusal::WrongPassword | Refusal::HeldUp | Refusal::OverlongPassword => {
                (Some(Level::Info), Self::invalid_credentials())
            }
            Refusal::StoredHash(_) => (Some(Level::Warn), Self::invalid_credentials()),
            Refusal::CurrentPassword(why) => {
                let level = match **why {
                    Refusal::StoredHash(_) => Level::Warn,
                    _ => Level::Info,
                };
                (Some(level), Self::detail(400, "Incorrect password"))
            }
            // FastAPI's template answers so.
            Refusal::InactiveUser => (Some(Level::Info), Self::detail(400, "Inactive user")),
            Refusal::EmailNotVerified => (Some(Level::Info), Self::detail(400, "Email not verified")),
            Refusal::MailToken => (Some(Level::Info), Self::detail(400, "Invalid token")),
            Refusal::SamePassword => {
                (Some(Level::Info), Self::detail(400, "New password cannot be the same as the current one"))
            }
            Refusal::NoToken | Refusal::Token(_) | Refusal::UserGone => (
                Some(Level::Info),
                // RFC 6750 3: every 401 names the authentication scheme.
                Self::detail(401, "Could not validate credentials").header("www-authenticate", "Bearer"),
            ),
            Refusal::RefreshToken(why) => (
                Some(if *why == RefreshRefusal::Reused { Level::Warn } else { Level::Info }),
                // RFC 6749 5.2.
                Self::json(400, &TokenError { error: "invalid_grant", detail: "Invalid refresh token" }),
            ),
            Refusal::RegistrationClosed => (None, Self::detail(403, "Registration is closed")),
            Refusal::Invitation => (Some(Level::Info), Self::detail(403, "Invalid invitation")),
            Refusal::EmailTaken => (None, Self::detail(409, "Email already registered")),
            Refusal::Busy => (Some(Level::Warn), Self::unavailable()),
            Refusal::StoreUnavailable | Refusal::InvalidRow(_) => (Some(Level::Error), Self::unavailable()),
            Refusal::Upstream(UpstreamFailure::TimedOut) => (Some(Level::Error), Self::detail(504, "Gateway Timeout")),
            Refusal::Upstream(UpstreamFailure::NewPassword) => {
                (Some(Level::Info), Self::detail(400, "New password not accepted"))
            }
            Refusal::Upstream(_) => (Some(Level::Error), Self::detail(502, "Bad Gateway")),
            // `NewUser` has already refused passwords that cannot be hashed, so this is an internal error.
            Refusal::Password(_) | Refusal::Unsigned(_) | Refusal::Internal(_) => {
                (Some(Level::Error), Self::detail(500, "Internal Server Error"))
            }
        };
        Self { event: level.map(|level| Event { level, reason: refusal.code() }), ..reply }
    }

    /// Returns the same reply with one more header field.
    ///
    /// ```
    /// let reply = edgegate::Reply::logged_out().header("cache-control", "no-store");
    /// assert_eq!(reply.headers, [("cache-control", "no-store".to_owned())]);
    /// ```
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

    fn detail(status: u16, detail: impl Serialize) -> Self {
        Self::json(status, &Detail { detail })
    }

    fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { body, ..Self::empty(status) }.header("content-type", "application/json"),
            Err(_) => Self::refused(&Refusal::Internal("the reply could not be serialized")),
        }
    }

    /// 200 with this text, which is JSON.
    pub(crate) fn document(body: String) -> Self {
        Self { body, ..Self::empty(200) }.header("content-type", "application/json")
    }

    pub(crate) fn text(status: u16, body: String) -> Self {
        Self { body, ..Self::empty(status) }.header("content-type", "text/plain; charset=utf-8")
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), event: None, summary: None, rounds: 0 }
    }
}

/// `Debug` shows neither the body nor the header fields: they may contain tokens and the URL of the request.
impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reply").field("status", &self.status).field("event", &self.event).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

#[derive(Serialize)]
struct TokenError {
    error: &'static str,
    detail: &'static str,
}

#[derive(Serialize)]
struct UserResponse<'a> {
    id: &'a UserId,
    email: &'a str,
    created_at: &'a str,
}

#[derive(Serialize)]
struct Detail<T> {
    detail: T,
}

impl<'a> From<&'a User> for UserResponse<'a> {
    fn from(User { id, email, created_at, columns: _ }: &'a User) -> Self {
        Self { id, email, created_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        password::{HashError, PasswordError},
        row::InvalidRow,
        token::TokenRefusal,
    };

    #[test]
    fn a_reply_serializes_without_its_rounds() {
        let reply = Reply { rounds: 1, ..Reply::refused(&Refusal::WrongPassword) };
        assert_eq!(
            serde_json::to_string(&reply).unwrap(),
            r#"{"status":403,"headers":[["content-type","application/json"]],"body":"{\"detail\":\"Invalid Credentials\"}","event":{"level":"info","reason":"wrong-password"}}"#,
        );
        assert_eq!(serde_json::to_string(&Reply::logged_out()).unwrap(), r#"{"status":204,"headers":[],"body":""}"#);
    }

    #[test]
    fn an_event_is_as_loud_as_its_cause() {
        let (info, warn, error) = (Some(Level::Info), Some(Level::Warn), Some(Level::Error));
        for (refusal, level) in [
            (Refusal::UnknownPath, None),
            (Refusal::UnknownSession, None),
            (Refusal::Method { allow: "GET" }, None),
            (Refusal::Slash { location: "/".into() }, None),
            (Refusal::BodyTimeout, info),
            (Refusal::BodyTooLarge, None),
            (Refusal::Body(BodyError::BadRequest("".into())), None),
            (Refusal::CrossSite, info),
            (Refusal::RateLimited, info),
            (Refusal::UnknownUser, info),
            (Refusal::WrongPassword, info),
            (Refusal::OverlongPassword, info),
            (Refusal::StoredHash(HashError::Malformed), warn),
            (Refusal::CurrentPassword(Box::new(Refusal::WrongPassword)), info),
            (Refusal::CurrentPassword(Box::new(Refusal::StoredHash(HashError::Malformed))), warn),
            (Refusal::SamePassword, info),
            (Refusal::NoToken, info),
            (Refusal::Token(TokenRefusal::Expired), info),
            (Refusal::UserGone, info),
            (Refusal::RefreshToken(RefreshRefusal::Reused), warn),
            (Refusal::RefreshToken(RefreshRefusal::Expired), info),
            (Refusal::RefreshToken(RefreshRefusal::Malformed), info),
            (Refusal::RefreshToken(RefreshRefusal::Unknown), info),
            (Refusal::RegistrationClosed, None),
            (Refusal::EmailTaken, None),
            (Refusal::Busy, warn),
            (Refusal::StoreUnavailable, error),
            (Refusal::InvalidRow(InvalidRow { column: "id" }), error),
            (Refusal::Upstream(UpstreamFailure::NewPassword), info),
            (Refusal::Upstream(UpstreamFailure::Taken), error),
            (Refusal::Upstream(UpstreamFailure::TimedOut), error),
            (Refusal::Password(PasswordError::Empty), error),
            (Refusal::Unsigned(TokenRefusal::Key), error),
            (Refusal::Internal(""), error),
        ] {
            assert_eq!(Reply::refused(&refusal).event.map(|event| event.level), level, "{refusal:?}");
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let token = AccessToken { access_token: "secret".to_owned(), token_type: "bearer", refresh: None };
        assert_eq!(format!("{:?}", Reply::logged_in(&token)), "Reply { status: 200, event: None, .. }");
    }
}
