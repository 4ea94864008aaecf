//! What this backend would have answered, while another one answers (`SHADOW`).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    LOGIN, ME, PASSWORD,
    login::{self, Credentials},
    me::current_user,
    password::confirmed,
    trickle,
};
use crate::{
    fastapi::{LoginForm, NewPassword},
    host::{Host, Question, UpstreamReply, access_token, tokens, upstream},
    http::{Client, Refusal, Reply, Request, UpstreamFailure, cors},
    settings::{Settings, UpstreamSettings},
    token::strict_json,
    user::UserRow,
};

/// Where a request is handed on to.
///
/// ```
/// use edgegate::{Gate, Request, Settings, Vars};
///
/// let gate = Gate::new(Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     upstream: Some("https://api.example.com".into()),
///     shadow: Some("on".into()),
///     ..Vars::default()
/// })?);
/// let to = gate.hand_on(&Request::new("GET", "https://example.com/orders?page=2")).ok_or("SHADOW is on")?;
/// assert_eq!((to.url.as_str(), to.is_compared), ("https://api.example.com/orders?page=2", false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct HandOn {
    /// An `https:` URL.
    pub url: String,
    /// What the URLs of that backend begin with: a redirect to one of these leads to this backend instead.
    pub base: String,
    /// Whether the answer is compared with that of this backend.
    pub is_compared: bool,
    /// How many seconds the body of a request that is compared may take to arrive.
    pub within_seconds: u32,
}

/// Whether two backends answer the same, for the log. It has nothing of their answers.
///
/// ```
/// use edgegate::host::UpstreamReply;
/// use edgegate::{Agreement, Gate, Request, Settings, Vars};
///
/// let gate = Gate::new(Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     upstream: Some("https://api.example.com".into()),
///     shadow: Some("on".into()),
///     ..Vars::default()
/// })?);
/// let theirs = UpstreamReply { status: 401, body: br#"{"detail": "Could not validate credentials"}"#.to_vec() };
/// let step = gate.compare(Request::new("GET", "https://example.com/me"), vec![], theirs, 1_700_000_000);
/// let comparison = step.done().ok_or("no question")?;
/// assert_eq!((comparison.agreement, comparison.status), (Agreement::Agreed, 401));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Comparison {
    /// Whether they do.
    pub agreement: Agreement,
    /// The status that this backend would have answered.
    pub status: u16,
    /// The first difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// Why this backend would have refused: [`Refusal::code`].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "wasm", tsify(optional, type = "Reason"))]
    pub refusal: Option<Cow<'static, str>>,
}

/// Whether two backends answer the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They do.
    Agreed,
    /// They do not.
    Disagreed,
    /// They did not, and will the next time: the user, or the new password, was stored (`TRICKLE`, `WRITE_BACK`).
    Stored,
    /// It was not found out: this backend has too much work, its store does not answer, or the rate limit was reached.
    Skipped,
}

/// In what two answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// In the status.
    Status,
    /// In the body, as JSON.
    Body,
    /// The token of the other backend is not valid here: it has another secret, algorithm or claim with the id.
    Token,
    /// The user is another one.
    User,
    /// The token of the other backend has claims that one of this backend would not have.
    Claims,
    /// The token of the other backend expires more than a minute earlier or later.
    Lifetime,
}

/// Where this request is handed on to, with `SHADOW=on`.
pub(crate) fn hand_on(settings: &Settings, request: &Request) -> Option<HandOn> {
    let upstream = settings.shadow()?;
    let path = request.path()?;
    let is_compared = match (request.method.as_str(), path.as_str()) {
        ("POST", LOGIN) | ("GET", ME) => true,
        ("PATCH", PASSWORD) => settings.password_change && upstream.write_back,
        _ => false,
    };
    let url = request.at(&upstream.url, upstream.path_of(&path))?;
    Some(HandOn { url, base: upstream.url.clone(), is_compared, within_seconds: settings.body_timeout_seconds })
}

/// The reply to a request that could not be handed on.
pub(crate) fn not_handed_on(settings: &Settings, request: &Request, failure: UpstreamFailure) -> Reply {
    let reply = Reply::refused(&failure.into()).header("cache-control", "no-store");
    cors::with_headers(&settings.cors_origins, request, reply)
}

/// Works out what this backend would have answered. Only the rate limit counts it, and nothing is stored or told but what `TRICKLE` and
/// `WRITE_BACK` want.
pub(crate) async fn compare(
    settings: &Settings,
    host: &Host,
    request: &Request,
    body: &[u8],
    theirs: &UpstreamReply,
) -> Comparison {
    // The attempts of the other backend are none of this one.
    let settings = &Settings { lockout: false, ..settings.clone() };
    let compared = match request.path().as_deref() {
        Some(LOGIN) => login(settings, host, request, body, theirs).await,
        Some(PASSWORD) => password(settings, host, request, body, theirs).await,
        _ => me(settings, host, request, theirs).await,
    };
    match compared {
        Ok(compared) => compared,
        Err(refusal @ (Refusal::Busy | Refusal::RateLimited | Refusal::StoreUnavailable | Refusal::Upstream(_))) => {
            Comparison { agreement: Agreement::Skipped, difference: None, ..refused(&refusal, theirs) }
        }
        Err(refusal) => refused(&refusal, theirs),
    }
}

async fn login(
    settings: &Settings,
    host: &Host,
    request: &Request,
    body: &[u8],
    theirs: &UpstreamReply,
) -> Result<Comparison, Refusal> {
    let form = LoginForm::parse(request.content_type.as_deref(), body)?;
    let credentials = Credentials::new(&form.username, &form.password);
    let name = login::stored_name(&credentials.username, &settings.unicode);
    let client = Client::of(request);
    login::may_sign(settings)?;
    host.within(settings, &client, Some(name.as_deref().unwrap_or(&credentials.username))).await?;
    match (login::authenticate(settings, host, name.as_deref(), &credentials.password, &client).await, theirs.status) {
        (Ok(login::Authenticated { user, .. }), 200) => {
            let difference = of_tokens(settings, host, &user, theirs).await?;
            Ok(compared(200, difference))
        }
        (Ok(_), _) => Ok(compared(200, Some(Difference::Status))),
        (Err(refusal), 200) => match (settings.trickle(), name) {
            (Some(upstream), Some(name)) => learn(settings, host, upstream, &credentials, &name, theirs, refusal).await,
            _ => Err(refusal),
        },
        (Err(refusal), _) => Err(refusal),
    }
}

/// Stores the user whom the other backend accepts, or the password.
///
/// It is asked again: the answer that is compared may be older than a new password that is stored here by now.
async fn learn(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    credentials: &Credentials,
    name: &str,
    theirs: &UpstreamReply,
    refusal: Refusal,
) -> Result<Comparison, Refusal> {
    let find = || Question::UserByEmail { email: name.to_owned(), with_token_version: settings.revocation };
    let is_stored = match refusal {
        Refusal::UnknownUser => match trickle::move_in(settings, host, upstream, credentials, name).await {
            Ok(id) => Ok(host.user(find()).await?.is_some_and(|user| settings.rules.names(&id, &user.id))),
            Err(failure) => Err(failure),
        },
        Refusal::WrongPassword | Refusal::StoredHash(_) => {
            let Some(user) = host.user(find()).await? else { return Err(refusal) };
            let (username, password) = (&credentials.username, &credentials.password);
            match upstream::log_in(settings, host, upstream, username, password).await {
                Ok((_, id)) if settings.rules.names(&id, &user.id) => {
                    replace(settings, host, user, password).await.map(|()| true)
                }
                Ok(_) => Ok(false),
                Err(failure) => Err(failure),
            }
        }
        _ => Ok(false),
    };
    match is_stored {
        Ok(true) => Ok(Comparison { agreement: Agreement::Stored, ..refused(&refusal, theirs) }),
        // The other backend has refused what it had accepted.
        Ok(false) | Err(Refusal::UnknownUser) => Err(refusal),
        Err(Refusal::Upstream(UpstreamFailure::Token)) => {
            Ok(Comparison { refusal: Some(refusal.code()), ..compared(200, Some(Difference::Token)) })
        }
        Err(failure) => Err(failure),
    }
}

/// Stores the hash of a password that the other backend has accepted. Sessions and tokens are its own, and go on.
async fn replace(settings: &Settings, host: &Host, user: UserRow, password: &str) -> Result<(), Refusal> {
    let new = trickle::hashed(settings, host, password).await?;
    host.done(Question::ReplaceHash { id: user.id, old: user.password, new }).await
}

async fn password(
    settings: &Settings,
    host: &Host,
    request: &Request,
    body: &[u8],
    theirs: &UpstreamReply,
) -> Result<Comparison, Refusal> {
    let user = current_user(settings, host, request.authorization.as_deref()).await?;
    let passwords = NewPassword::parse(request.content_type.as_deref(), body, &settings.password_rules())?;
    let client = Client::of(request);
    host.within(settings, &client, Some(&user.email)).await?;
    match theirs.status {
        200..=299 => {
            // Whatever answers 200 to every request has not checked it.
            let found = confirmed(settings, host, &user, &passwords.current, &client).await?;
            // It may be another one again by now.
            let agreement = match &settings.upstream {
                Some(upstream) => match upstream::log_in(settings, host, upstream, &user.email, &passwords.new).await {
                    Ok((_, id)) if settings.rules.names(&id, &user.id) => {
                        replace(settings, host, found, &passwords.new).await?;
                        Agreement::Stored
                    }
                    Ok(_) | Err(Refusal::UnknownUser) => Agreement::Skipped,
                    Err(failure) => return Err(failure),
                },
                None => Agreement::Skipped,
            };
            Ok(Comparison { agreement, ..compared(theirs.status, None) })
        }
        // Whether the current password is right is compared at the next login.
        status => Ok(compared(status, None)),
    }
}

async fn me(
    settings: &Settings,
    host: &Host,
    request: &Request,
    theirs: &UpstreamReply,
) -> Result<Comparison, Refusal> {
    let user = current_user(settings, host, request.authorization.as_deref()).await?;
    let id = serde_json::to_value(&user.id).ok();
    let ours = Reply::user(&user.into());
    let difference = match theirs.members() {
        _ if theirs.status != ours.status => Some(Difference::Status),
        None => Some(Difference::Body),
        Some(members) if members.get("id") != id.as_ref() => Some(Difference::User),
        Some(members) => (strict_json::object(&ours.body).ok() != Some(members)).then_some(Difference::Body),
    };
    Ok(compared(ours.status, difference))
}

/// The difference between the token of the other backend and the one that this user would have got.
async fn of_tokens(
    settings: &Settings,
    host: &Host,
    user: &UserRow,
    theirs: &UpstreamReply,
) -> Result<Option<Difference>, Refusal> {
    let (token, id) = match theirs.token(settings, host).await {
        Ok(found) => found,
        Err(_) if theirs.members().is_none_or(|members| !members.contains_key("access_token")) => {
            return Ok(Some(Difference::Body));
        }
        Err(_) => return Ok(Some(Difference::Token)),
    };
    if !settings.rules.names(&id, &user.id) {
        return Ok(Some(Difference::User));
    }
    let further = if settings.asks_claims { host.claims(user.clone().into()).await? } else { Map::new() };
    let ours = access_token::claims(settings, &user.id, &further, host.now(), user.token_version)
        .map_err(Refusal::Unsigned)?;
    let ours = strict_json::object(&ours).unwrap_or_default();
    let theirs = tokens::verify_ours(settings, host, &token).await?;
    let seconds = |claims: &Map<String, Value>| claims.get("exp").and_then(Value::as_f64);
    Ok(match (seconds(theirs.members()), seconds(&ours)) {
        _ if theirs.members().keys().any(|name| !ours.contains_key(name)) => Some(Difference::Claims),
        (Some(theirs), Some(ours)) if (theirs - ours).abs() <= 60.0 => None,
        _ => Some(Difference::Lifetime),
    })
}

fn refused(refusal: &Refusal, theirs: &UpstreamReply) -> Comparison {
    let ours = Reply::refused(refusal);
    let difference = match ours.status == theirs.status {
        false => Some(Difference::Status),
        true => (strict_json::object(&ours.body).ok() != theirs.members()).then_some(Difference::Body),
    };
    Comparison { refusal: Some(refusal.code()), ..compared(ours.status, difference) }
}

fn compared(status: u16, difference: Option<Difference>) -> Comparison {
    let agreement = if difference.is_some() { Agreement::Disagreed } else { Agreement::Agreed };
    Comparison { agreement, status, difference, refusal: None }
}
