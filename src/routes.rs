//! The routes, one file each, and the routing.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod refresh;
pub(crate) mod users;

use crate::{
    host::Host,
    http::{Refusal, Reply, Request},
    password::Rounds,
    settings::Settings,
};

const LOGIN: &str = "/login";
const ME: &str = "/me";
const USERS: &str = "/users";
const LOGOUT: &str = "/logout";
const JWKS: &str = "/.well-known/jwks.json";

/// The reply to a request. A refusal becomes a reply too.
pub(crate) async fn reply(settings: &Settings, host: &Host, request: &Request, now: u64) -> Reply {
    let mut rounds = Rounds::default();
    let path = request.path();
    let reply = route(settings, host, &mut rounds, request, &path, now)
        .await
        .unwrap_or_else(|refusal| Reply::refused(&refusal));
    let reply = Reply { rounds: rounds.get(), ..reply };
    match allowed_method(settings, &path) {
        Some(_) if path == JWKS => reply,
        // RFC 6749 5.1 requires it for tokens; the other responses contain personal data.
        Some(_) => reply.header("cache-control", "no-store"),
        None => reply,
    }
}

async fn route(
    settings: &Settings,
    host: &Host,
    rounds: &mut Rounds,
    request: &Request,
    path: &str,
    now: u64,
) -> Result<Reply, Refusal> {
    let content_type = request.content_type.as_deref();
    match (request.method.as_str(), path) {
        ("POST", LOGIN) => {
            login::with_form(settings, host, rounds, content_type, now).await.map(|token| Reply::logged_in(&token))
        }
        ("GET", ME) => me::current_user(settings, host, request.authorization.as_deref(), now)
            .await
            .map(|user| Reply::user(&user.into())),
        ("POST", USERS) => {
            users::create(settings, host, rounds, content_type).await.map(|user| Reply::created(&user.into()))
        }
        ("POST", LOGOUT) if settings.revocation => {
            logout::log_out(settings, host, request.authorization.as_deref(), now).await.map(|()| Reply::logged_out())
        }
        ("GET", JWKS) => Ok(Reply::jwk_set(&settings.ring.public_jwk_set())),
        _ => Err(no_route(settings, request, path)),
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
    match path {
        LOGIN | USERS => Some("POST"),
        LOGOUT if settings.revocation => Some("POST"),
        ME | JWKS => Some("GET"),
        _ => None,
    }
}
