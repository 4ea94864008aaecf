//! Stored hashes of other schemes than bcrypt.

use std::time::Duration;

use anyhow::{Result, ensure};
use edgegate_axum::{
    MemoryStore, Store,
    edgegate::{UserRow, Vars},
};

use crate::support::{FORM, PASSWORD, gate, post, vars};

/// Of [`PASSWORD`], at a low cost.
fn argon2id() -> Result<String> {
    let cost = edgegate_schemes::Argon2Cost::new(64, 1, 1).map_err(|error| anyhow::anyhow!("{error}"))?;
    edgegate_schemes::hash_argon2id(PASSWORD.as_bytes(), &[7; 16], cost).map_err(|error| anyhow::anyhow!("{error}"))
}

fn store() -> Result<MemoryStore> {
    let row = UserRow::new(7, "ada@example.com", argon2id()?, "2026-11-24T12:00:00Z");
    Ok(MemoryStore::new([UserRow { token_version: Some(0), ..row }]))
}

#[tokio::test]
async fn a_user_with_an_argon2id_hash_logs_in_and_is_hashed_anew() -> Result<()> {
    let store = store()?;
    let app = gate(store.clone(), Vars { rehash: Some("on".into()), rate_limit: Some("off".into()), ..vars() })?
        .build()
        .router();
    ensure!(post(&app, "/login", &FORM.replace("horse", "house")).await?.status == 403);
    ensure!(post(&app, "/login", FORM).await?.status == 200);
    // After the answer.
    let mut hash = argon2id()?;
    for _ in 0..500 {
        hash = store.user_by_email("ada@example.com", false).await?.map(|user| user.password).unwrap_or_default();
        if hash.starts_with("$2b$") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ensure!(hash.starts_with("$2b$04$"), "{hash}");
    ensure!(post(&app, "/login", FORM).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn with_argon2id_new_users_are_stored_so() -> Result<()> {
    let store = MemoryStore::default();
    let app = gate(store.clone(), Vars { password_scheme: Some("argon2id".into()), ..vars() })?.build().router();
    let body = format!(r#"{{"email":"ada@example.com","password":"{PASSWORD}"}}"#);
    let request = crate::support::request("POST", "/users", "", axum::body::Body::from(body))?;
    let (mut parts, body) = request.into_parts();
    parts.headers.insert("content-type", "application/json".parse()?);
    let got = crate::support::send(&app, axum::http::Request::from_parts(parts, body)).await?;
    ensure!(got.status == 201, "{got:?}");
    let hash = store.user_by_email("ada@example.com", false).await?.map(|user| user.password).unwrap_or_default();
    ensure!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"), "{hash}");
    ensure!(post(&app, "/login", FORM).await?.status == 200);
    Ok(())
}
