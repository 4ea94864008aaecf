//! Starts the example and logs in over HTTP.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use testkit::{
    http::{self, Request, Response},
    sh::Sh,
};

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn login_me_and_refresh() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut example = Sh::new(env!("CARGO_BIN_EXE_example-axum"))
        .env("ADDRESS", "127.0.0.1:0")
        .env("DATABASE", folder.path().join("users.db"))
        .env("SECRET_KEY", "a secret of the tests, 32 bytes or more")
        .env("REGISTRATION", "open")
        .env("REFRESH_TOKEN_EXPIRE_MINUTES", "60")
        .env("BCRYPT_COST", "10")
        .spawn(Stdio::piped(), Stdio::inherit())?;
    let mut line = String::new();
    BufReader::new(example.leader().stdout.take().context("piped")?).read_line(&mut line)?;
    let address = line.trim().strip_prefix("Listening on http://").with_context(|| line.clone())?.parse()?;

    let user = r#"{"email": "ada@example.com", "password": "correct horse"}"#;
    ensure!(post(address, "/auth/users", "application/json", user)?.status == 201);
    let first = post(address, "/auth/login", FORM, "username=ada@example.com&password=correct+horse")?;
    let refresh = format!("grant_type=refresh_token&refresh_token={}", member(&first, "refresh_token")?);
    let second = post(address, "/auth/login", FORM, &refresh)?;
    for response in [first, second] {
        let token = member(&response, "access_token")?;
        ensure!(text(&get(address, "/auth/me", &token)?).contains("ada@example.com"));
        ensure!(text(&get(address, "/hello", &token)?).starts_with("Hello ada@example.com, until "));
        ensure!(text(&get(address, "/", &token)?) == "Welcome back, ada@example.com");
    }
    ensure!(text(&get(address, "/", "")?) == "Please log in");
    ensure!(get(address, "/hello", "")?.status == 401);
    Ok(())
}

fn get(address: SocketAddr, path: &str, token: &str) -> Result<Response> {
    let authorization = ("authorization".to_owned(), format!("Bearer {token}"));
    let headers = if token.is_empty() { Vec::new() } else { vec![authorization] };
    http::send(address, &Request { method: "GET".into(), path: path.into(), headers, body: None })
}

fn post(address: SocketAddr, path: &str, content_type: &str, body: &str) -> Result<Response> {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    http::send(address, &Request { method: "POST".into(), path: path.into(), headers, body: Some(body.into()) })
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

fn member(response: &Response, name: &str) -> Result<String> {
    let body: Value = serde_json::from_slice(&response.body).with_context(|| text(response))?;
    body[name].as_str().map(str::to_owned).with_context(|| format!("no {name}: {body}"))
}
