//! The routes in an app, and a session over HTTP.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use axum::{Router, body::Body, routing};
use edgegate_axum::{MemoryStore, edgegate::Vars};
use serde_json::json;
use testkit::http;

use crate::support::{FORM, NOW, gate, get, post, request, send, serve, user, vars};

fn app() -> Result<Router> {
    Ok(gate(MemoryStore::new([user()?]), vars())?.build().router())
}

#[tokio::test]
async fn a_nested_router_answers_below_its_path() -> Result<()> {
    let auth = gate(MemoryStore::new([user()?]), vars())?.build();
    let app = Router::new()
        .route("/", routing::get(async || "home"))
        .nest("/auth", auth.router())
        .nest("/of/{tenant}", auth.router())
        .fallback(async || (axum::http::StatusCode::IM_A_TEAPOT, "of the app"));
    for prefix in ["/auth", "/of/a%2Fb"] {
        let token = post(&app, &format!("{prefix}/login"), FORM).await?.member("access_token")?;
        let me = get(&app, &format!("{prefix}/me"), &token).await?;
        ensure!(me.text == r#"{"id":7,"email":"ada@example.com","created_at":"2026-11-24T12:00:00Z"}"#, "{me:?}");
        let slash = get(&app, &format!("{prefix}/me/?next=/a%20b"), "").await?;
        let location = format!("{prefix}/me?next=/a%20b");
        ensure!(slash.status == 307 && slash.header("location") == Some(&location), "{slash:?}");
        let unknown = get(&app, &format!("{prefix}/unknown"), "").await?;
        ensure!(unknown.status == 404 && unknown.text == r#"{"detail":"Not Found"}"#, "{unknown:?}");
    }
    ensure!(get(&app, "/", "").await?.text == "home");
    ensure!(get(&app, "/me", "").await?.status == 418, "it is not at the root");
    Ok(())
}

#[tokio::test]
async fn merged_routes_leave_other_paths_to_the_app() -> Result<()> {
    let auth = gate(MemoryStore::new([user()?]), vars())?.build();
    let app = Router::new().fallback(async || (axum::http::StatusCode::IM_A_TEAPOT, "of the app")).merge(auth.routes());
    ensure!(post(&app, "/login", FORM).await?.status == 200);
    let wrong = send(&app, request("DELETE", "/login", "", Body::empty())?).await?;
    ensure!(wrong.status == 405 && wrong.header("allow") == Some("POST"), "{wrong:?}");
    for path in ["/login/", "/unknown", "/"] {
        ensure!(get(&app, path, "").await?.status == 418, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn routes_depend_on_the_settings() -> Result<()> {
    let secret_key = vars().secret_key;
    let few = gate(MemoryStore::new([user()?]), Vars { secret_key, ..Vars::default() })?.build().router();
    for (path, with_all, with_few) in [("/logout", 401, 404), ("/revoke", 422, 404)] {
        ensure!(post(&app()?, path, "").await?.status == with_all, "{path}");
        ensure!(post(&few, path, "").await?.status == with_few, "{path}");
    }
    ensure!(get(&app()?, "/me/sessions", "").await?.status == 401);
    ensure!(get(&few, "/me/sessions", "").await?.status == 404);
    ensure!(get(&few, "/.well-known/jwks.json", "").await?.text == r#"{"keys":[]}"#);
    Ok(())
}

#[tokio::test]
async fn the_document_is_there_with_its_setting_and_names_the_path_below_which_it_is() -> Result<()> {
    let docs = Vars { docs: Some("on".into()), ..vars() };
    let auth = gate(MemoryStore::new([user()?]), docs)?.build();
    let app: Router =
        Router::new().merge(auth.routes()).nest("/auth", auth.router()).nest("/of/{tenant}", auth.router());
    for (prefix, servers) in [
        ("", serde_json::Value::Null),
        ("/auth", json!([{"url": "/auth"}])),
        ("/of/a%2Fb", json!([{"url": "/of/a%2Fb"}])),
    ] {
        let got = get(&app, &format!("{prefix}/openapi.json"), "").await?;
        ensure!(got.status == 200 && got.header("content-type") == Some("application/json"), "{got:?}");
        let document = got.json()?;
        ensure!(document["servers"] == servers && document["paths"]["/me/sessions"].is_object(), "{document}");
    }
    let head = send(&app, request("HEAD", "/openapi.json", "", Body::empty())?).await?;
    ensure!(head.status == 200 && head.text.is_empty(), "{head:?}");
    let post = post(&app, "/openapi.json", "").await?;
    ensure!(post.status == 405 && post.header("allow") == Some("GET, HEAD"), "{post:?}");
    let off = gate(MemoryStore::new([user()?]), vars())?.build();
    ensure!(get(&off.router(), "/openapi.json", "").await?.status == 404);
    // The app has a document of its own.
    let own = Router::new().route("/openapi.json", routing::get(async || "of the app")).merge(off.routes());
    ensure!(get(&own, "/openapi.json", "").await?.text == "of the app");
    Ok(())
}

/// Sign-up, login, refresh, the list of sessions, and logout, over a real connection.
#[tokio::test]
async fn a_session_from_sign_up_to_logout() -> Result<()> {
    let address = serve(app()?).await?;
    let json = r#"{"email":"grace@example.com","password":"hopper hopper"}"#;
    let user = ask(address, "POST", "/users", &[("content-type", "application/json")], json).await?;
    ensure!(user.status == 201, "{user:?}");
    let form = "username=GRACE@example.com&password=hopper+hopper";
    let first = tokens(&ask(address, "POST", "/login", &[CONTENT_TYPE, ("user-agent", "Mozilla/5.0")], form).await?)?;
    let refresh = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    let second = tokens(&ask(address, "POST", "/login", &[CONTENT_TYPE], &refresh).await?)?;
    ensure!(first.refresh != second.refresh);
    let bearer = format!("Bearer {}", second.access);
    let authorization = ("authorization", bearer.as_str());
    let sessions: serde_json::Value =
        serde_json::from_slice(&ask(address, "GET", "/me/sessions", &[authorization], "").await?.body)?;
    let session = &sessions[0];
    ensure!(session["user_agent"] == "Mozilla/5.0" && session["address"] == "127.0.0.0/24", "{sessions}");
    ensure!(session["created_at"] == NOW && sessions[1].is_null(), "{sessions}");
    let path = format!("/me/sessions/{}", session["id"].as_str().context("no id")?);
    ensure!(ask(address, "DELETE", &path, &[authorization], "").await?.status == 204);
    let refresh = format!("grant_type=refresh_token&refresh_token={}", second.refresh);
    ensure!(ask(address, "POST", "/login", &[CONTENT_TYPE], &refresh).await?.status == 400);
    ensure!(ask(address, "POST", "/logout", &[authorization], "").await?.status == 204);
    ensure!(ask(address, "GET", "/me", &[authorization], "").await?.status == 401);
    Ok(())
}

const CONTENT_TYPE: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

struct Tokens {
    access: String,
    refresh: String,
}

fn tokens(response: &http::Response) -> Result<Tokens> {
    let body: serde_json::Value = serde_json::from_slice(&response.body).with_context(|| format!("{response:?}"))?;
    let member = |name: &str| body[name].as_str().map(str::to_owned).with_context(|| format!("no {name}: {body}"));
    Ok(Tokens { access: member("access_token")?, refresh: member("refresh_token")? })
}

async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<http::Response> {
    let request = http::Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: (!body.is_empty()).then(|| body.as_bytes().to_vec()),
    };
    tokio::task::spawn_blocking(move || http::send(address, &request)).await?
}
