//! The extractor, and the operations without HTTP.

use anyhow::{Result, ensure};
use axum::{Router, body::Body, extract::FromRef, http::HeaderMap, routing};
use edgegate_axum::{
    Auth, CurrentUser, GateRefusal, MemoryStore,
    edgegate::{Credentials, Issuer, Refusal, User, Vars, http::RefreshRefusal, token::TokenRefusal},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::support::{FORM, PASSWORD, gate, get, post, request, send, user, vars};

#[derive(Clone, FromRef)]
struct AppState {
    auth: Auth,
}

#[derive(Serialize, Deserialize)]
struct Role {
    role: String,
}

fn app(auth: &Auth) -> Router {
    Router::new()
        .route(
            "/role",
            routing::get(async |CurrentUser { claims: Role { role }, user }: CurrentUser<Role>| {
                format!("{} {role}", user.id)
            }),
        )
        .route("/column", routing::get(async |current: CurrentUser| current.user.columns["role"].to_string()))
        .route(
            "/maybe",
            routing::get(async |user: Option<CurrentUser>| {
                user.map_or("guest".to_owned(), |current| current.user.email)
            }),
        )
        .route("/change", routing::post(async |current: CurrentUser| current.user.email))
        .route("/refused", routing::get(async || -> Result<(), GateRefusal> { Err(Refusal::Busy.into()) }))
        .nest("/auth", auth.router())
        .with_state(AppState { auth: auth.clone() })
}

#[tokio::test]
async fn a_handler_has_the_user_and_the_claims() -> Result<()> {
    let auth = gate(MemoryStore::new([user()?]), vars())?.build();
    let app = app(&auth);
    let token = post(&app, "/auth/login", FORM).await?.member("access_token")?;
    ensure!(get(&app, "/column", &token).await?.text == r#""admin""#);
    ensure!(get(&app, "/maybe", &token).await?.text == "ada@example.com");
    ensure!(get(&app, "/maybe", "").await?.text == "guest");
    ensure!(get(&app, "/role", &token).await?.status == 401, "the token has no such claim");

    let role = |user: &User| json!({ "role": user.columns["role"] });
    let token = auth.login_with_claims(Credentials::new("ada@example.com", PASSWORD), role).await?;
    ensure!(get(&app, "/role", &token.access_token).await?.text == "7 admin");
    Ok(())
}

#[tokio::test]
async fn a_refused_token_is_answered_as_by_me() -> Result<()> {
    let auth = gate(MemoryStore::new([user()?]), vars())?.build();
    let app = app(&auth);
    let unknown = auth.issue_token(8, &json!({})).await?;
    for token in ["", "garbage", &unknown] {
        for path in ["/column", "/maybe", "/auth/me"] {
            if (path, token) == ("/maybe", "") {
                continue;
            }
            let got = get(&app, path, token).await?;
            ensure!(
                got.status == 401 && got.text == r#"{"detail":"Could not validate credentials"}"#,
                "{path} {got:?}"
            );
            let headers = ["www-authenticate", "cache-control", "content-type"].map(|name| got.header(name));
            ensure!(headers == [Some("Bearer"), Some("no-store"), Some("application/json")], "{path} {got:?}");
        }
    }
    let busy = get(&app, "/refused", "").await?;
    ensure!(busy.status == 503 && busy.header("retry-after") == Some("2"), "{busy:?}");
    Ok(())
}

#[tokio::test]
async fn a_token_of_another_version_is_refused_after_a_logout() -> Result<()> {
    let auth = gate(MemoryStore::new([user()?]), vars())?.build();
    let tokens = auth.login(Credentials::new("ada@example.com", PASSWORD)).await?;
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {}", tokens.access_token).parse()?);
    let (user, claims) = auth.current_user::<Value>(&headers).await?;
    ensure!(user.id == 7.into() && claims["token_version"] == 0);
    let refresh = tokens.refresh.map(|refresh| refresh.refresh_token).unwrap_or_default();
    let next = auth.refresh(refresh.clone()).await?;
    ensure!(next.refresh.is_some_and(|next| next.refresh_token != refresh));
    auth.log_out(&headers).await?;
    ensure!(auth.current_user::<Value>(&headers).await == Err(Refusal::Token(TokenRefusal::Revoked)));
    ensure!(auth.refresh(refresh).await == Err(Refusal::RefreshToken(RefreshRefusal::Unknown)));
    Ok(())
}

#[tokio::test]
async fn tokens_are_issued_and_verified_without_the_store() -> Result<()> {
    let auth = gate(MemoryStore::default(), vars())?.build();
    let token = auth.issue_token("an id", &Role { role: "admin".into() }).await?;
    let token = auth.verify_token::<Role>(token).await?;
    ensure!((token.issuer, token.user_id, token.claims.role.as_str()) == (Issuer::Own, Some("an id".into()), "admin"));
    ensure!(auth.verify_token::<Role>("garbage".into()).await.err() == Some(TokenRefusal::Malformed));
    Ok(())
}

#[tokio::test]
async fn a_cookie_authenticates_requests_of_its_own_host() -> Result<()> {
    let vars = Vars { token_cookie: Some("on".into()), ..vars() };
    let auth = gate(MemoryStore::new([user()?]), vars)?.build();
    let app = app(&auth);
    let login = post(&app, "/auth/login", FORM).await?;
    let cookies: Vec<&str> =
        login.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    ensure!(
        cookies.len() == 2 && cookies.iter().all(|cookie| cookie.ends_with("Secure; HttpOnly; SameSite=Lax")),
        "{cookies:?}"
    );
    let jar = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ");
    // HTTP/2 may split the field.
    let mut split = request("GET", "/column", "", Body::empty())?;
    for cookie in ["a=b", jar.as_str()] {
        split.headers_mut().append("cookie", cookie.parse()?);
    }
    ensure!(send(&app, split).await?.status == 200);
    // A subdomain may have set this one.
    let mut tossed = request("GET", "/column", "", Body::empty())?;
    tossed.headers_mut().insert("cookie", ["a=b,", &jar].concat().parse()?);
    ensure!(send(&app, tossed).await?.status == 401);
    for (method, path, origin, text, status) in [
        ("GET", "/column", "", r#""admin""#, 200),
        ("GET", "/maybe", "https://evil.example", "ada@example.com", 200),
        ("POST", "/change", "https://app.example", "ada@example.com", 200),
        // A proxy may have ended TLS.
        ("POST", "/change", "http://app.example", "ada@example.com", 200),
        ("POST", "/change", "", "ada@example.com", 200),
        ("POST", "/change", "https://evil.example", r#"{"detail":"Cross-site request"}"#, 403),
        ("POST", "/change", "https://app.example:8443", r#"{"detail":"Cross-site request"}"#, 403),
        ("POST", "/change", "http://localhost", r#"{"detail":"Cross-site request"}"#, 403),
        ("POST", "/change", "null", r#"{"detail":"Cross-site request"}"#, 403),
        ("POST", "/auth/logout", "https://evil.example", r#"{"detail":"Cross-site request"}"#, 403),
        ("POST", "/auth/logout", "https://app.example", "", 204),
    ] {
        let mut request = request(method, path, "", Body::empty())?;
        request.headers_mut().insert("host", "app.example".parse()?);
        request.headers_mut().insert("cookie", jar.parse()?);
        if !origin.is_empty() {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        let got = send(&app, request).await?;
        ensure!(got.status == status && got.text == text, "{method} {path} from {origin}: {got:?}");
    }
    Ok(())
}

#[tokio::test]
async fn claims_of_the_row_are_in_every_token() -> Result<()> {
    let claims = |user: &User| Map::from_iter([("role".to_owned(), user.columns["role"].clone())]);
    let auth = gate(MemoryStore::new([user()?]), vars())?.claims(claims).build();
    let app = app(&auth);
    let login = post(&app, "/auth/login", FORM).await?;
    ensure!(get(&app, "/role", &login.member("access_token")?).await?.text == "7 admin");
    let form = format!("grant_type=refresh_token&refresh_token={}", login.member("refresh_token")?);
    let refreshed = post(&app, "/auth/login", &form).await?;
    ensure!(get(&app, "/role", &refreshed.member("access_token")?).await?.text == "7 admin");
    Ok(())
}
