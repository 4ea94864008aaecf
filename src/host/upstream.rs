//! The backend that ran before this one: its routes, as this one asks for them.

use std::fmt;

use serde::{Deserialize as _, Serialize, Serializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Answer, Host, Question, access_token, tokens};
use crate::{
    http::{Refusal, UpstreamFailure},
    limits::{UPSTREAM_MAX_BYTES, UPSTREAM_TOKEN_SECONDS},
    settings::{Settings, UpstreamSettings},
    token::{claims_text, strict_json},
    user::{UserId, UserRow},
};

/// A request to the backend of `UPSTREAM`.
///
/// The host sends it without cookies, follows no redirect, and waits ten seconds for the whole answer. Neither the URL nor anything else of
/// it may get into a log: it has a password, or a token.
///
/// ```
/// let request = edgegate::host::UpstreamRequest {
///     method: "GET",
///     url: "https://api.example.com/me".into(),
///     content_type: None,
///     authorization: Some("Bearer a.b.c".into()),
///     body: String::new().into(),
///     at_most: 65536,
/// };
/// assert_eq!(format!("{request:?}"), r#"UpstreamRequest { method: "GET", .. }"#);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct UpstreamRequest {
    /// The method.
    pub method: &'static str,
    /// An `https:` URL.
    pub url: String,
    /// The value of `Content-Type`, if there is a body.
    pub content_type: Option<&'static str>,
    /// The value of `Authorization`, if any.
    pub authorization: Option<String>,
    /// The body, or an empty text.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    #[serde(serialize_with = "as_text")]
    pub body: Zeroizing<String>,
    /// Maximum length of the answer in bytes. Reading may stop after one more.
    pub at_most: usize,
}

impl fmt::Debug for UpstreamRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UpstreamRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

fn as_text<S: Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// The answer of the backend of `UPSTREAM`.
///
/// ```
/// let reply = edgegate::host::UpstreamReply { status: 200, body: b"a token".to_vec() };
/// assert_eq!(format!("{reply:?}"), "UpstreamReply { status: 200, .. }");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamReply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl UpstreamReply {
    /// The members of the body, if that is a JSON object.
    pub(crate) fn members(&self) -> Option<Map<String, Value>> {
        strict_json::object(str::from_utf8(&self.body).ok()?).ok()
    }

    /// The access token of a login, with the user for whom it is.
    ///
    /// # Errors
    /// When there is none, or no key of this backend accepts it.
    pub(crate) async fn token(&self, settings: &Settings, host: &Host) -> Result<(String, UserId), Refusal> {
        let found = self.members().and_then(|members| members.get(ACCESS_TOKEN)?.as_str().map(str::to_owned));
        let token = found.ok_or(UpstreamFailure::Answer)?;
        let claims = tokens::verify_ours(settings, host, &token).await.map_err(|_| UpstreamFailure::Token)?;
        let id = claims.user_id().cloned().ok_or(UpstreamFailure::Token)?;
        Ok((token, id))
    }
}

/// `Debug` shows no body: it may have a token.
impl fmt::Debug for UpstreamReply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UpstreamReply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A user who moves, with a hash of the password that was right upstream. One statement stores it, unless another user has the id or the
/// address:
///
/// ```sql
/// INSERT INTO users (id, email, password, created_at) VALUES (:id, :email, :password, :created_at) ON CONFLICT DO NOTHING
/// ```
///
/// Without `created_at`, the database sets it.
///
/// ```
/// let user = edgegate::host::MovedUser {
///     id: 7.into(),
///     email: "ada@example.com".into(),
///     password: "$2b$12$...".into(),
///     created_at: None,
/// };
/// assert_eq!(format!("{user:?}"), "MovedUser { id: Integer(7), .. }");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct MovedUser {
    /// The id, which tokens of the other backend have.
    pub id: UserId,
    /// The address.
    pub email: String,
    /// The hash.
    pub password: String,
    /// When the user was created, as RFC 3339 has it.
    pub created_at: Option<String>,
}

/// `Debug` shows neither the address nor the hash.
impl fmt::Debug for MovedUser {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MovedUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a user's own route has told.
pub(crate) struct Profile {
    pub(crate) email: Option<String>,
    pub(crate) created_at: Option<String>,
}

/// Logs in there: the token, and its user.
///
/// # Errors
/// [`Refusal::UnknownUser`] when it refuses the credentials.
pub(crate) async fn log_in(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    username: &str,
    password: &str,
) -> Result<(String, UserId), Refusal> {
    let reply = ask(host, upstream, "POST", "/login", (FORM, form(username, password)), None).await?;
    match reply.status {
        200 => reply.token(settings, host).await,
        // FastAPI's template answers 400, and 422 for what cannot be a user or a password there. A proxy in between has no `detail`.
        400 | 401 | 403 | 422 if reply.members().is_some_and(|members| members.contains_key("detail")) => {
            Err(Refusal::UnknownUser)
        }
        status => Err(failed(status)),
    }
}

/// What the other backend tells about the user of this token, who has this id. One that has no such route tells nothing.
pub(crate) async fn profile(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    token: &str,
    id: &UserId,
) -> Result<Profile, Refusal> {
    let reply = ask(host, upstream, "GET", "/me", (None, Zeroizing::default()), Some(token)).await?;
    let members = match reply.status {
        200 => reply.members().ok_or(UpstreamFailure::Answer)?,
        404 | 405 => Map::new(),
        status => return Err(failed(status)),
    };
    let other = members.get("id").map(UserId::deserialize);
    if other.is_some_and(|other| !other.is_ok_and(|other| settings.rules.names(id, &other))) {
        return Err(UpstreamFailure::User.into());
    }
    let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Profile { email: text("email"), created_at: text("created_at") })
}

/// Changes the password there.
///
/// A change that was stored there, but not here, is repeated by the user: the current password is not valid there then, and the new one is.
pub(crate) async fn change_password(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    user: &UserRow,
    [current, new]: [&str; 2],
) -> Result<(), Refusal> {
    let token = access_token::issue(settings, host, &user.id, &Map::new(), user.token_version).await?;
    let body = (JSON, json([("current_password", current), ("new_password", new)]));
    match ask(host, upstream, "PATCH", "/me/password", body, Some(&token)).await?.status {
        200..=299 => Ok(()),
        status @ 400..=499 if status != TOO_MANY => match log_in(settings, host, upstream, &user.email, new).await {
            Ok((_, id)) if settings.rules.names(&id, &user.id) => Ok(()),
            Ok(_) | Err(Refusal::UnknownUser) if matches!(status, 400 | 422) => {
                Err(UpstreamFailure::NewPassword.into())
            }
            Ok(_) | Err(Refusal::UnknownUser) => Err(failed(status)),
            Err(refusal) => Err(refusal),
        },
        status => Err(failed(status)),
    }
}

/// Stores a new password there of a user whose password is lost, by a token as FastAPI's template has them in its mails.
pub(crate) async fn reset_password(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    email: &str,
    new: &str,
) -> Result<(), Refusal> {
    let exp = host.now().saturating_add(UPSTREAM_TOKEN_SECONDS).into();
    let claims = claims_text([("exp", &exp), ("sub", &email.into())].into_iter());
    let token = tokens::sign_by(&settings.ring, host, &claims).await.map_err(Refusal::Unsigned)?;
    let body = (JSON, json([("token", &token), ("new_password", new)]));
    match ask(host, upstream, "POST", "/reset-password", body, None).await?.status {
        200..=299 => Ok(()),
        422 => Err(UpstreamFailure::NewPassword.into()),
        status => Err(failed(status)),
    }
}

async fn ask(
    host: &Host,
    upstream: &UpstreamSettings,
    method: &'static str,
    route: &str,
    (content_type, body): (Option<&'static str>, Zeroizing<String>),
    token: Option<&str>,
) -> Result<UpstreamReply, Refusal> {
    let request = UpstreamRequest {
        method,
        url: upstream.url_of(route),
        content_type,
        authorization: token.map(|token| ["Bearer ", token].concat()),
        body,
        at_most: UPSTREAM_MAX_BYTES,
    };
    match host.ask(Question::Upstream(request)).await {
        Answer::Upstream(reply) if reply.body.len() <= UPSTREAM_MAX_BYTES => Ok(reply),
        Answer::Upstream(_) => Err(UpstreamFailure::Answer.into()),
        Answer::TimedOut => Err(UpstreamFailure::TimedOut.into()),
        Answer::Unavailable => Err(UpstreamFailure::Unavailable.into()),
        answer => Err(answer.refusal()),
    }
}

fn failed(status: u16) -> Refusal {
    match status {
        TOO_MANY => Refusal::RateLimited,
        status => UpstreamFailure::Status(status).into(),
    }
}

/// The form of a login (RFC 6749 4.3.2).
fn form(username: &str, password: &str) -> Zeroizing<String> {
    // A reallocation would leave a copy of the password. A byte is three characters at most.
    let length = username.len().saturating_add(password.len()).saturating_mul(3).saturating_add(64);
    let mut form = Zeroizing::new(String::with_capacity(length));
    form.push_str("grant_type=password&username=");
    form.extend(percent_encoded(username));
    form.push_str("&password=");
    form.extend(percent_encoded(password));
    form
}

fn percent_encoded(text: &str) -> impl Iterator<Item = &str> {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
}

/// A JSON object of texts.
fn json(members: [(&str, &str); 2]) -> Zeroizing<String> {
    let length = members.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum::<usize>();
    let mut json = Zeroizing::new(Vec::with_capacity(length.saturating_mul(6).saturating_add(16)));
    let _ = serde_json::Serializer::new(&mut *json).collect_map(members);
    Zeroizing::new(String::from_utf8(std::mem::take(&mut *json)).unwrap_or_default())
}

const ACCESS_TOKEN: &str = "access_token";
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json");
const TOO_MANY: u16 = 429;
