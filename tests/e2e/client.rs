//! The requests of the tests.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::{
    http::{self, Request, Response},
    worker::Worker,
};

/// What listens on an address.
pub(crate) trait Listens {
    fn listens_on(&self) -> SocketAddr;
}

impl Listens for Worker {
    fn listens_on(&self) -> SocketAddr {
        self.addr()
    }
}

impl Listens for SocketAddr {
    fn listens_on(&self) -> SocketAddr {
        *self
    }
}

pub(crate) fn send(
    worker: &impl Listens,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Response> {
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: (method != "GET").then(|| body.as_bytes().to_vec()),
    };
    http::send(worker.listens_on(), &request)
}

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) fn login(worker: &impl Listens, form: &str) -> Result<Response> {
    send(worker, "POST", "/login", &[FORM], form)
}

pub(crate) fn register(worker: &impl Listens, email: &str, password: &str) -> Result<Response> {
    let body = serde_json::json!({ "email": email, "password": password }).to_string();
    send(worker, "POST", "/users", &[JSON], &body)
}

pub(crate) fn me(worker: &impl Listens, token: &str) -> Result<Response> {
    send(worker, "GET", "/me", &[("authorization", &format!("Bearer {token}"))], "")
}

pub(crate) fn token(response: &Response) -> Result<String> {
    expect(response, 200)?;
    let token = json(response)?["access_token"].as_str().map(str::to_owned);
    token.context("no access_token")
}

pub(crate) fn json(response: &Response) -> Result<Value> {
    serde_json::from_slice(&response.body).with_context(|| format!("not JSON: {}", text(response)))
}

pub(crate) fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

pub(crate) fn expect(response: &Response, status: u16) -> Result<()> {
    ensure!(response.status == status, "{} where {status} was expected: {}", response.status, text(response));
    Ok(())
}

pub(crate) fn expect_detail(response: &Response, status: u16, detail: &str) -> Result<()> {
    expect(response, status)?;
    ensure!(text(response) == format!(r#"{{"detail":"{detail}"}}"#), "{}", text(response));
    Ok(())
}
