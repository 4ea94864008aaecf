//! The routes, one file each, and the routing.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod refresh;
pub(crate) mod revoke;
pub(crate) mod sessions;
pub(crate) mod users;

use crate::{
    host::Host,
    http::{Refusal, Reply, Request},
    settings::Settings,
};

const LOGIN: &str = "/login";
const ME: &str = "/me";
const USERS: &str = "/users";
const LOGOUT: &str = "/logout";
const REVOKE: &str = "/revoke";
const SESSIONS: &str = "/me/sessions";
const JWKS: &str = "/.well-known/jwks.json";

/// The reply to a request. A refusal becomes a reply too.
pub(crate) async fn reply(settings: &Settings, host: &Host, request: &Request) -> Reply {
    let path = request.path();
    let reply = route(settings, host, request, &path).await.unwrap_or_else(|refusal| Reply::refused(&refusal));
    let reply = Reply { rounds: host.rounds(), ..reply };
    match allowed_method(settings, &path) {
        Some(_) if path == JWKS => reply,
        // RFC 6749 5.1 requires it for tokens; the other routes return data of a user.
        Some(_) => reply.header("cache-control", "no-store"),
        None => reply,
    }
}

async fn route(settings: &Settings, host: &Host, request: &Request, path: &str) -> Result<Reply, Refusal> {
    if allowed_method(settings, path) != Some(request.method.as_str()) {
        return Err(no_route(settings, request, path));
    }
    let (content_type, authorization) = (request.content_type.as_deref(), request.authorization.as_deref());
    match path {
        LOGIN => login::with_form(settings, host, content_type).await.map(|token| Reply::logged_in(&token)),
        ME => me::current_user(settings, host, authorization).await.map(|user| Reply::user(&user.into())),
        USERS => users::create(settings, host, content_type).await.map(|user| Reply::created(&user.into())),
        LOGOUT => logout::log_out(settings, host, authorization).await.map(|()| Reply::logged_out()),
        REVOKE => revoke::with_form(settings, host, content_type).await.map(|()| Reply::revoked()),
        SESSIONS => sessions::list(settings, host, authorization).await.map(|sessions| Reply::sessions(&sessions)),
        JWKS => Ok(Reply::jwk_set(&settings.ring.public_jwk_set())),
        _ => match session_id(path) {
            Some(id) => sessions::end(settings, host, authorization, id).await.map(|()| Reply::logged_out()),
            None => Err(no_route(settings, request, path)),
        },
    }
}

/// Starlette's order: 405 for another method, then 307 for a trailing slash, then 404.
fn no_route(settings: &Settings, request: &Request, path: &str) -> Refusal {
    if let Some(allow) = allowed_method(settings, path) {
        return Refusal::Method { allow };
    }
    let without_slash = path.trim_end_matches('/');
    if allowed_method(settings, without_slash).is_some() {
        return Refusal::Slash { location: request.with_path(without_slash) };
    }
    Refusal::UnknownPath
}

fn allowed_method(settings: &Settings, path: &str) -> Option<&'static str> {
    let has_sessions = settings.refresh_token_expire_minutes.is_some();
    match path {
        LOGIN | USERS => Some("POST"),
        LOGOUT if settings.revocation => Some("POST"),
        REVOKE if has_sessions => Some("POST"),
        ME | JWKS => Some("GET"),
        SESSIONS if has_sessions => Some("GET"),
        _ if has_sessions && session_id(path).is_some() => Some("DELETE"),
        _ => None,
    }
}

/// The last part of `/me/sessions/{id}`.
fn session_id(path: &str) -> Option<&str> {
    path.strip_prefix(SESSIONS)?.strip_prefix('/').filter(|id| sessions::is_name(id))
}
