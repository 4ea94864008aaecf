//! Cross-origin resource sharing (Fetch standard 3.3), as Starlette's `CORSMiddleware` answers it with a list of origins, all
//! methods, all headers and credentials.

use super::{Reply, Request};

/// Starlette's `ALL_METHODS`.
const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";

const PREFLIGHT_VARY: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";

/// How long a browser may remember the answer to a preflight: ten minutes, Starlette's default.
const MAX_AGE_SECONDS: &str = "600";

/// The reply to a preflight request; `None` for any other request.
pub(crate) fn preflight(origins: &[String], request: &Request) -> Option<Reply> {
    let origin = request.origin.as_deref()?;
    let method = request.preflight_method.as_deref().filter(|_| request.method == "OPTIONS")?;
    let mut disallowed = Vec::new();
    if !is_allowed(origins, origin) {
        disallowed.push("origin");
    }
    if !METHODS.split(", ").any(|allowed| allowed == method) {
        disallowed.push("method");
    }
    let reply = match disallowed.as_slice() {
        [] => Reply::text(200, "OK".to_owned()),
        disallowed => Reply::text(400, ["Disallowed CORS ", &disallowed.join(", ")].concat()),
    };
    let reply = reply
        .header("vary", PREFLIGHT_VARY)
        .header("access-control-allow-methods", METHODS)
        .header("access-control-max-age", MAX_AGE_SECONDS)
        .header("access-control-allow-credentials", "true");
    let reply = match is_allowed(origins, origin) {
        true => reply.header("access-control-allow-origin", origin),
        false => reply,
    };
    Some(match request.preflight_headers.as_deref() {
        Some(headers) => reply.header("access-control-allow-headers", headers),
        None => reply,
    })
}

/// The reply with the headers that let a page of an allowed origin read it.
pub(crate) fn with_headers(origins: &[String], request: &Request, reply: Reply) -> Reply {
    if origins.is_empty() {
        return reply;
    }
    let reply = reply.header("vary", "Origin");
    let Some(origin) = request.origin.as_deref() else { return reply };
    let reply = reply.header("access-control-allow-credentials", "true");
    match is_allowed(origins, origin) {
        true => reply.header("access-control-allow-origin", origin),
        false => reply,
    }
}

/// Whether this origin is one of the list.
pub(crate) fn is_allowed(origins: &[String], origin: &str) -> bool {
    origins.iter().any(|allowed| allowed == origin)
}
