//! The routes.

use std::{
    mem,
    net::{IpAddr, SocketAddr},
    panic,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, OriginalUri, Request as AxumRequest, State},
    http::{
        HeaderMap, HeaderName, StatusCode, Uri,
        header::{
            self, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, COOKIE,
            HOST, USER_AGENT,
        },
        request::Parts,
    },
    response::{IntoResponse as _, Response},
    routing::any,
};
use edgegate::{Answer, Reply, Request, Settings};
use http_body_util::BodyExt as _;
use tokio::time;
use tracing::{Instrument as _, Span};
use zeroize::Zeroizing;

use crate::{Auth, GateReply, auth::Exchange, response::log};

/// The paths of the gate. The core decides which of them there are with the settings, and answers 405 for another method.
const PATHS: [&str; 14] = [
    "/login",
    "/me",
    "/users",
    "/logout",
    "/revoke",
    "/me/password",
    "/me/sessions",
    "/password-recovery/{email}",
    "/reset-password",
    "/reset-password/",
    "/email-verification/{email}",
    "/verify-email",
    "/me/sessions/{id}",
    "/.well-known/jwks.json",
];

/// With `DOCS=on`. An app without it may have a document of its own.
const OPENAPI: &str = "/openapi.json";

const WITH_ADDRESS: [&str; 2] = ["/password-recovery/", "/email-verification/"];

/// The core reads absolute URLs. It sees this origin, which no page can have, only in a redirect, from which it is removed.
const ORIGIN: &str = "http://host.invalid";

impl Auth {
    /// The gate as a whole app, or to nest below a path of an app. It answers every path: 404 for unknown ones, and 307 for a
    /// trailing slash, as FastAPI does.
    ///
    /// ```
    /// use axum::Router;
    /// use edgegate_axum::Auth;
    ///
    /// fn app(auth: Auth) -> Router {
    ///     Router::new().nest("/auth", auth.router()) // POST /auth/login, GET /auth/me, ...
    /// }
    /// ```
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.routes().fallback(any(answer).with_state(self.clone()))
    }

    /// The routes without a fallback, to merge into an app that answers all other paths itself.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use edgegate_axum::Auth;
    ///
    /// fn app(auth: Auth) -> Router {
    ///     Router::new().route("/", get(async || "home")).merge(auth.routes()) // POST /login, GET /me, ...
    /// }
    /// ```
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let openapi = self.settings().docs.then_some(&OPENAPI);
        let routes = PATHS.iter().chain(openapi).fold(Router::new(), |router, path| router.route(path, any(answer)));
        routes.with_state(self.clone())
    }
}

/// Answers in a task of its own, because axum drops a handler whose client hangs up. What has begun is brought to its end: a login that
/// was counted is also told and logged.
async fn answer(auth: State<Auth>, original: OriginalUri, request: AxumRequest) -> Response {
    let answering = answer_all(auth, original, request).instrument(Span::current());
    match tokio::spawn(answering).await {
        Ok(response) => response,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            // The runtime ends.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

async fn answer_all(State(auth): State<Auth>, original: OriginalUri, request: AxumRequest) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    // The paths of two routes have an e-mail address, which must not be in the log.
    let request = below(original.path(), head(&parts, auth.settings()), &parts.uri);
    let decoded = request.path().unwrap_or_default();
    let shown = WITH_ADDRESS.into_iter().find(|route| decoded.starts_with(route)).unwrap_or(&path);
    let address = auth.client_address(&parts).map(|address| address.to_string());
    let begun = Instant::now();
    let mut exchange = Exchange { body: Some(body), path: Some(shown), ..Exchange::default() };
    let mut reply = auth.handle(Request { address, ..request }, &mut exchange).await;
    let store_ms = milliseconds(exchange.store);
    log(&reply, Some(shown), store_ms);
    if auth.settings().server_timing {
        let total = milliseconds(begun.elapsed());
        reply = reply.header("server-timing", &format!("store;dur={store_ms}, total;dur={total}"));
    }
    without_origin(&mut reply);
    GateReply(reply).into_response()
}

/// With one decimal.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The head of a request.
pub(crate) fn head(parts: &Parts, settings: &Settings) -> Request {
    let mut head = Request::new(parts.method.as_str(), &url(&parts.uri));
    head.content_type = joined(&parts.headers, &CONTENT_TYPE, ", ");
    head.authorization = authorization(&parts.headers);
    // HTTP/2 may split the field (RFC 9113 8.2.3).
    head.cookie = joined(&parts.headers, &COOKIE, "; ");
    head.origin =
        joined(&parts.headers, &header::ORIGIN, ", ").map(|origin| as_seen(origin, parts, &settings.cors_origins));
    head.fetch_site = joined(&parts.headers, &SEC_FETCH_SITE, ", ");
    head.preflight_method = joined(&parts.headers, &ACCESS_CONTROL_REQUEST_METHOD, ", ");
    head.preflight_headers = joined(&parts.headers, &ACCESS_CONTROL_REQUEST_HEADERS, ", ");
    head.user_agent = joined(&parts.headers, &USER_AGENT, ", ");
    head
}

/// The origin as the core sees it: [`ORIGIN`] if it is this host, unless it is `listed`. The scheme is not compared: a proxy may have
/// ended TLS.
fn as_seen(origin: String, parts: &Parts, listed: &[String]) -> String {
    if listed.contains(&origin) {
        return origin;
    }
    let host = joined(&parts.headers, &HOST, ", ").or_else(|| parts.uri.authority().map(ToString::to_string));
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    match (authority, host) {
        (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(&host) => ORIGIN.to_owned(),
        _ if origin == ORIGIN => "null".to_owned(),
        _ => origin,
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The value of `Authorization`.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<String> {
    joined(headers, &AUTHORIZATION, ", ")
}

/// The lines of a header field, joined (RFC 9110 5.3).
fn joined(headers: &HeaderMap, name: &HeaderName, separator: &str) -> Option<String> {
    let lines = headers.get_all(name).iter().map(|value| latin1(value.as_bytes()));
    lines.reduce(|joined, value| [joined, value].join(separator))
}

/// The address of the connection, if the app is served with `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn of_connection(request: &Parts) -> Option<IpAddr> {
    request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// Header values are bytes; Starlette reads them so, too.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn url(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // `OPTIONS *` has no path.
    [ORIGIN, if path.starts_with('/') { "" } else { "/" }, path].concat()
}

/// A nested router does not see the path below which it is nested, which redirects and `/openapi.json` name.
fn below(original: &str, head: Request, uri: &Uri) -> Request {
    match original.strip_suffix(uri.path()) {
        Some(prefix) if !prefix.is_empty() => {
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            Request { url: [ORIGIN, prefix, path].concat(), prefix: prefix.to_owned(), ..head }
        }
        _ => head,
    }
}

/// Redirects are relative to the origin, which a proxy may have changed.
fn without_origin(reply: &mut Reply) {
    for (_, value) in reply.headers.iter_mut().filter(|(name, _)| *name == "location") {
        if let Some(path) = value.strip_prefix(ORIGIN) {
            *value = path.to_owned();
        }
    }
}

/// Reads a body, but at most one byte more than `at_most`: the core refuses a longer one. A body that breaks off has not arrived
/// in time either.
pub(crate) async fn read_body(mut body: Body, at_most: usize, within_seconds: u32) -> Answer {
    let length = at_most.saturating_add(1);
    // The capacity prevents a reallocation, which would leave a copy of a password that is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    let reading = async {
        while bytes.len() < length {
            let Some(frame) = body.frame().await else { return true };
            let Ok(frame) = frame else { return false };
            if let Some(data) = frame.data_ref() {
                let room = length.saturating_sub(bytes.len());
                bytes.extend(data.iter().take(room));
            }
        }
        true
    };
    match time::timeout(Duration::from_secs(within_seconds.into()), reading).await {
        Ok(true) => Answer::Body(mem::take(&mut bytes)),
        _ => Answer::TimedOut,
    }
}
