//! Replies and refusals as axum responses.

use std::{error::Error, fmt};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use edgegate::{
    Refusal, Reply,
    http::{Event, Level, Summary},
    token::TokenRefusal,
};

/// A [`Reply`] of the gate as an axum response.
///
/// ```
/// use axum::response::IntoResponse;
/// use edgegate::{Refusal, Reply};
///
/// let response = edgegate_axum::GateReply(Reply::refused(&Refusal::UnknownPath)).into_response();
/// assert_eq!(response.status(), 404);
/// ```
#[derive(Clone, Debug)]
pub struct GateReply(pub Reply);

impl IntoResponse for GateReply {
    fn into_response(self) -> Response {
        let Reply { status, headers, body, .. } = self.0;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in headers {
            // The values are texts of the core and the path of the request, without control characters.
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// A [`Refusal`] as an error of a handler: it becomes the reply that the routes give, and an entry of the log.
///
/// ```
/// use axum::{Json, extract::State, http::StatusCode};
/// use edgegate::Credentials;
/// use edgegate_axum::{Auth, GateRefusal};
/// use serde_json::{Value, json};
///
/// /// A login with JSON instead of a form.
/// async fn login(State(auth): State<Auth>, Json([username, password]): Json<[String; 2]>) -> Result<Json<Value>, GateRefusal> {
///     let token = auth.login(Credentials::new(&username, &password)).await?;
///     Ok(Json(json!({ "token": token.access_token })))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GateRefusal(pub Refusal);

impl IntoResponse for GateRefusal {
    fn into_response(self) -> Response {
        let reply = Reply::refused(&self.0).header("cache-control", "no-store");
        log(&reply, None, 0.0);
        GateReply(reply).into_response()
    }
}

impl From<Refusal> for GateRefusal {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl From<TokenRefusal> for GateRefusal {
    fn from(refusal: TokenRefusal) -> Self {
        Self(refusal.into())
    }
}

impl fmt::Display for GateRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for GateRefusal {}

/// Writes the request to the log with `ACCESS_LOG=on`, and otherwise the event of the reply, if it has one.
pub(crate) fn log(reply: &Reply, path: Option<&str>, store_ms: f64) {
    let status = reply.status;
    if let Some(Summary { route, reason, rounds, user_id, account, client }) = &reply.summary {
        let reason = reason.as_deref().unwrap_or("accepted");
        // Such a path is the app's, and may have anything in it.
        let path = path.filter(|_| reason != "unknown-path");
        let user_id = user_id.as_ref().map(ToString::to_string);
        macro_rules! request {
            ($level:ident) => {
                tracing::$level!(target: TARGET, reason, status, path, route, rounds, store_ms, user_id, account, client, "request")
            };
        }
        return match reply.event.as_ref().map_or(Level::Info, |event| event.level) {
            Level::Info => request!(info),
            Level::Warn => request!(warn),
            Level::Error => request!(error),
        };
    }
    let Some(Event { level, reason }) = &reply.event else { return };
    match level {
        Level::Info => tracing::info!(target: TARGET, %reason, status, path, "refused"),
        Level::Warn => tracing::warn!(target: TARGET, %reason, status, path, "refused"),
        Level::Error => tracing::error!(target: TARGET, %reason, status, path, "failed"),
    }
}

/// The target of all log entries.
pub(crate) const TARGET: &str = "edgegate";
