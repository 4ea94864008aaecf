//! The routes, one file each, and the routing.

pub(crate) mod account;
pub(crate) mod login;
pub(crate) mod logout;
mod mail;
pub(crate) mod me;
mod openapi;
pub(crate) mod password;
pub(crate) mod recovery;
pub(crate) mod refresh;
pub(crate) mod revoke;
pub(crate) mod sessions;
pub(crate) mod shadow;
mod trickle;
pub(crate) mod users;
pub(crate) mod verification;

use std::borrow::Cow;

use crate::{
    host::{Host, Subject},
    http::{
        Client, Refusal, Reply, Request, Summary,
        cookie::{self, Found},
        cors,
    },
    settings::{EmailVerification, Settings},
    token::{AccessToken, TokenRefusal},
};

const LOGIN: &str = "/login";
const ME: &str = "/me";
const USERS: &str = "/users";
const LOGOUT: &str = "/logout";
const REVOKE: &str = "/revoke";
const PASSWORD: &str = "/me/password";
const RECOVERY: &str = "/password-recovery";
const RECOVERY_EMAIL: &str = "/password-recovery/{email}";
const VERIFICATION: &str = "/email-verification";
const VERIFICATION_EMAIL: &str = "/email-verification/{email}";
const VERIFY: &str = "/verify-email";
const RESET: &str = "/reset-password";
/// As FastAPI's template has it.
const RESET_SLASH: &str = "/reset-password/";
const SESSIONS: &str = "/me/sessions";
const SESSION: &str = "/me/sessions/{id}";
const JWKS: &str = "/.well-known/jwks.json";
const OPENAPI: &str = "/openapi.json";

/// All routes. The settings decide which of them have methods.
const ROUTES: [&str; 15] = [
    LOGIN,
    ME,
    USERS,
    LOGOUT,
    REVOKE,
    PASSWORD,
    SESSIONS,
    SESSION,
    RECOVERY_EMAIL,
    RESET,
    RESET_SLASH,
    VERIFICATION_EMAIL,
    VERIFY,
    JWKS,
    OPENAPI,
];

/// The reply to a request. A refusal becomes a reply too.
pub(crate) async fn reply(settings: &Settings, host: &Host, request: &Request) -> Reply {
    let path = request.path().unwrap_or_default();
    let origins = &settings.cors_origins;
    if !origins.is_empty()
        && let Some(reply) = cors::preflight(origins, request)
    {
        let summary = settings.access_log.then(|| summary(settings, host, &path, None));
        return Reply { summary, ..reply };
    }
    host.identify(settings, Client::of(request).counted().as_deref(), None);
    let result = route(settings, host, request, &path).await;
    let summary = settings.access_log.then(|| summary(settings, host, &path, result.as_ref().err()));
    let reply = result.unwrap_or_else(|refusal| Reply::refused(&refusal));
    let reply = cors::with_headers(origins, request, Reply { rounds: host.rounds(), summary, ..reply });
    match has_route(settings, &path) && ![JWKS, OPENAPI].contains(&&*path) {
        // RFC 6749 5.1 requires it for tokens; the other routes return data of a user.
        true => reply.header("cache-control", "no-store"),
        false => reply,
    }
}

async fn route(settings: &Settings, host: &Host, request: &Request, path: &str) -> Result<Reply, Refusal> {
    if !methods(settings, path).contains(&request.method.as_str()) {
        return Err(no_route(settings, request, path));
    }
    // A form of any page can be sent to any site, with the addresses of the page's visitors.
    if request.fetch_site.as_deref() == Some("cross-site")
        && !is_safe(&request.method)
        && !is_allowed(settings, request)
    {
        return Err(Refusal::CrossSite);
    }
    match path {
        LOGIN => {
            let cookie = refresh_cookie(settings, request)?;
            let token = login::with_form(settings, host, request, cookie).await?;
            Ok(with_cookies(settings, &token, Reply::logged_in(&token)))
        }
        USERS => users::create(settings, host, request).await.map(|user| Reply::created(&user.into())),
        LOGOUT if !settings.revocation || only_refreshes(settings, request) => {
            let cookie = refresh_cookie(settings, request)?;
            if let Some(token) = cookie {
                host.within(settings, &Client::of(request), None).await?;
                revoke::with_token(settings, host, token).await?;
            }
            Ok(without_cookies(settings, Reply::logged_out()))
        }
        REVOKE => {
            let cookie = refresh_cookie(settings, request)?;
            revoke::with_form(settings, host, request, cookie).await?;
            Ok(without_cookies(settings, Reply::revoked()))
        }
        RESET | RESET_SLASH => {
            recovery::reset_with_body(settings, host, request).await?;
            Ok(Reply::message("Password updated successfully"))
        }
        JWKS => Ok(Reply::jwk_set(&settings.ring.public_jwk_set())),
        OPENAPI => Ok(Reply::document(openapi::document(settings, &request.url_prefix()))),
        VERIFY => {
            verification::verify_with_body(settings, host, request).await?;
            Ok(Reply::message("Email verified successfully"))
        }
        _ => match (below(RECOVERY, path), below(VERIFICATION, path)) {
            (Some(email), _) => {
                recovery::request(settings, host, email, &Client::of(request)).await?;
                Ok(Reply::message("If that email is registered, we sent a password recovery link"))
            }
            (None, Some(email)) => {
                verification::request(settings, host, email, &Client::of(request)).await?;
                Ok(Reply::message("If that email is registered and not verified yet, we sent a verification link"))
            }
            (None, None) => with_user(settings, host, request, path).await,
        },
    }
}

/// The routes that need a bearer token.
async fn with_user(settings: &Settings, host: &Host, request: &Request, path: &str) -> Result<Reply, Refusal> {
    let authorization = authorization(settings, request)?;
    let authorization = authorization.as_deref();
    match path {
        ME if request.method == "DELETE" => {
            // Its reply sets cookies.
            refresh_cookie(settings, request)?;
            account::with_body(settings, host, request, authorization).await?;
            Ok(without_cookies(settings, Reply::message("User deleted successfully")))
        }
        ME => me::current_user(settings, host, authorization).await.map(|user| Reply::user(&user.into())),
        LOGOUT => {
            logout::log_out(settings, host, authorization).await?;
            Ok(without_cookies(settings, Reply::logged_out()))
        }
        PASSWORD => {
            // Its reply sets cookies.
            refresh_cookie(settings, request)?;
            let token = password::with_body(settings, host, request, authorization).await?;
            Ok(with_cookies(settings, &token, Reply::logged_in(&token)))
        }
        SESSIONS => sessions::list(settings, host, authorization).await.map(|sessions| Reply::sessions(&sessions)),
        _ => match session_id(path) {
            Some(id) => sessions::end(settings, host, authorization, id).await.map(|()| Reply::logged_out()),
            None => Err(no_route(settings, request, path)),
        },
    }
}

/// The value of `Authorization`, or of what the cookie stands for, with `TOKEN_COOKIE`.
///
/// A cookie comes along with requests that pages of other origins send. So it does not authenticate such a request, unless its
/// method changes nothing (RFC 9110 9.2.1).
pub(crate) fn authorization<'r>(settings: &Settings, request: &'r Request) -> Result<Option<Cow<'r, str>>, Refusal> {
    match request.authorization.as_deref() {
        None if settings.token_cookie => match cookie::ACCESS.find(request.cookie.as_deref()) {
            Found::None => Ok(None),
            Found::Several => Err(TokenRefusal::Malformed.into()),
            Found::One(_) if !is_safe(&request.method) && is_cross_site(settings, request) => Err(Refusal::CrossSite),
            Found::One(token) => Ok(Some(["Bearer ", token].concat().into())),
        },
        authorization => Ok(authorization.map(Cow::from)),
    }
}

/// The refresh token of the cookie, for routes that read or set cookies.
///
/// They refuse requests of other origins: a page could log its visitor in as another user, or log the visitor out.
fn refresh_cookie<'r>(settings: &Settings, request: &'r Request) -> Result<Option<&'r str>, Refusal> {
    if !settings.token_cookie {
        return Ok(None);
    }
    if is_cross_site(settings, request) {
        return Err(Refusal::CrossSite);
    }
    match cookie::REFRESH.find(request.cookie.as_deref()) {
        Found::One(token) if settings.refresh_token_expire_minutes.is_some() => Ok(Some(token)),
        Found::One(_) | Found::None | Found::Several => Ok(None),
    }
}

/// Whether a page of another origin has sent the request that `CORS_ORIGINS` does not allow.
fn is_cross_site(settings: &Settings, request: &Request) -> bool {
    request.is_cross_site() && !is_allowed(settings, request)
}

fn is_allowed(settings: &Settings, request: &Request) -> bool {
    request.origin.as_deref().is_some_and(|origin| cors::is_allowed(&settings.cors_origins, origin))
}

/// Whether all that the browser still has is the cookie of the refresh token, because that of the access token has expired. A logout
/// then ends the session.
fn only_refreshes(settings: &Settings, request: &Request) -> bool {
    settings.token_cookie
        && request.authorization.is_none()
        && cookie::ACCESS.find(request.cookie.as_deref()) == Found::None
        && matches!(cookie::REFRESH.find(request.cookie.as_deref()), Found::One(_))
}

fn with_cookies(settings: &Settings, token: &AccessToken, reply: Reply) -> Reply {
    if !settings.token_cookie {
        return reply;
    }
    let access = cookie::ACCESS.set(&token.access_token, settings.access_token_lifetime());
    let reply = reply.header("set-cookie", &access);
    match (&token.refresh, settings.refresh_token_expire_minutes) {
        (Some(refresh), Some(minutes)) => {
            let seconds = u64::from(minutes).saturating_mul(60);
            reply.header("set-cookie", &cookie::REFRESH.set(&refresh.refresh_token, seconds))
        }
        _ => reply,
    }
}

fn without_cookies(settings: &Settings, reply: Reply) -> Reply {
    match settings.token_cookie {
        true => [cookie::ACCESS, cookie::REFRESH]
            .iter()
            .fold(reply, |reply, cookie| reply.header("set-cookie", &cookie.clear())),
        false => reply,
    }
}

/// RFC 9110 9.2.1.
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// Whether a route has the path of this request, for any method and also with a trailing slash.
pub(crate) fn owns(settings: &Settings, request: &Request) -> bool {
    request.path().is_some_and(|path| has_route(settings, &path) || has_route(settings, path.trim_end_matches('/')))
}

/// Starlette's order: 405 for another method, then 307 for a trailing slash, then 404.
fn no_route(settings: &Settings, request: &Request, path: &str) -> Refusal {
    match methods(settings, path) {
        ["GET", "HEAD"] => return Refusal::Method { allow: "GET, HEAD" },
        // Of several routes with a path, Starlette names the method of the first one.
        [allow, ..] => return Refusal::Method { allow },
        [] => {}
    }
    let without_slash = path.trim_end_matches('/');
    if has_route(settings, without_slash) {
        return Refusal::Slash { location: request.with_path(without_slash) };
    }
    Refusal::UnknownPath
}

/// What a log of requests has.
fn summary(settings: &Settings, host: &Host, path: &str, refusal: Option<&Refusal>) -> Summary {
    let Subject { user_id, account, client } = host.subject();
    let reason = refusal.map(Refusal::code);
    Summary {
        route: template(path).filter(|_| has_route(settings, path)),
        reason,
        rounds: host.rounds(),
        user_id,
        account,
        client,
    }
}

/// The route of this path, without what differs from request to request. The settings may have switched it off.
fn template(path: &str) -> Option<&'static str> {
    ROUTES.into_iter().find(|route| match route.split_once("/{") {
        Some((SESSIONS, _)) => session_id(path).is_some(),
        Some((above, _)) => below(above, path).is_some(),
        None => *route == path,
    })
}

fn has_route(settings: &Settings, path: &str) -> bool {
    !methods(settings, path).is_empty()
}

/// The methods of the routes with this path.
fn methods(settings: &Settings, path: &str) -> &'static [&'static str] {
    template(path).map_or(&[], |route| methods_of(settings, route))
}

/// The methods of a route.
fn methods_of(settings: &Settings, route: &str) -> &'static [&'static str] {
    let has_sessions = settings.refresh_token_expire_minutes.is_some();
    match route {
        LOGIN | USERS => &["POST"],
        LOGOUT if settings.revocation || settings.token_cookie => &["POST"],
        REVOKE if has_sessions => &["POST"],
        ME if settings.account_deletion => &["GET", "DELETE"],
        ME | JWKS => &["GET"],
        PASSWORD if settings.password_change => &["PATCH"],
        RESET | RESET_SLASH | RECOVERY_EMAIL if settings.recovers_passwords() => &["POST"],
        VERIFY | VERIFICATION_EMAIL if settings.email_verification() != EmailVerification::Off => &["POST"],
        SESSIONS if has_sessions => &["GET"],
        SESSION if has_sessions => &["DELETE"],
        // A route of Starlette, and not of FastAPI.
        OPENAPI if settings.docs => &["GET", "HEAD"],
        _ => &[],
    }
}

/// The last part of `/me/sessions/{id}`.
fn session_id(path: &str) -> Option<&str> {
    below(SESSIONS, path).filter(|id| sessions::is_name(id))
}

/// The one part of the path below this one.
fn below<'p>(route: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(route)?.strip_prefix('/').filter(|part| !part.is_empty() && !part.contains('/'))
}
