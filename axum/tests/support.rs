//! Shared by the tests: gates, requests, and a server.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use edgegate_axum::{
    Auth, AuthBuilder, Store,
    edgegate::{Settings, UserRow, Vars, password::Cost},
};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// A time shortly after 2023-11-14T22:13:20Z.
pub(crate) const NOW: u64 = 1_700_000_000;

/// The secret of the gates.
pub(crate) const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// The password of [`user`].
pub(crate) const PASSWORD: &str = "correct horse";

/// The form of a login of [`user`].
pub(crate) const FORM: &str = "username=ada@example.com&password=correct+horse";

pub(crate) fn vars() -> Vars {
    Vars {
        secret_key: Some(SECRET.into()),
        registration: Some("open".into()),
        revocation: Some("on".into()),
        refresh_token_expire_minutes: Some("60".into()),
        ..Vars::default()
    }
}

/// A gate at the time [`NOW`] whose passwords are quick to hash.
pub(crate) fn gate(store: impl Store, vars: Vars) -> Result<AuthBuilder> {
    let settings = Settings { bcrypt_cost: cost()?, ..Settings::try_from(vars)? };
    Ok(Auth::builder(settings, store).clock(|| NOW))
}

pub(crate) fn cost() -> Result<Cost> {
    Cost::dangerously_low(4).context("4 is allowed")
}

/// A user with the password [`PASSWORD`] and a role.
pub(crate) fn user() -> Result<UserRow> {
    let hash = edgegate_axum::edgegate::password::hash(PASSWORD, cost()?)?;
    Ok(UserRow {
        token_version: Some(0),
        columns: Map::from_iter([("role".to_owned(), Value::from("admin"))]),
        ..UserRow::new(7, "ada@example.com", hash, "2026-11-24T12:00:00Z")
    })
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("{self:?}"))
    }

    /// A member of the body that is a text.
    pub(crate) fn member(&self, name: &str) -> Result<String> {
        self.json()?[name].as_str().map(str::to_owned).with_context(|| format!("no {name}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Sends a request to the app without a server.
pub(crate) async fn send(app: &Router, request: Request<Body>) -> Result<Got> {
    let (parts, body) = app.clone().oneshot(request).await?.into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await?.into())?;
    Ok(Got { status: parts.status, headers: parts.headers, text })
}

/// `GET path`, with a bearer token if it is not empty.
pub(crate) async fn get(app: &Router, path: &str, token: &str) -> Result<Got> {
    send(app, request("GET", path, token, Body::empty())?).await
}

/// `POST path` with a form.
pub(crate) async fn post(app: &Router, path: &str, form: &str) -> Result<Got> {
    send(app, request("POST", path, "", form.to_owned().into())?).await
}

/// A request, with a bearer token if it is not empty.
pub(crate) fn request(method: &str, path: &str, token: &str, body: Body) -> Result<Request<Body>> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
    Ok(request.body(body)?)
}

/// Serves the app on 127.0.0.1 until the runtime ends.
pub(crate) async fn serve(app: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(address)
}
