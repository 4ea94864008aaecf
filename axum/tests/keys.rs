//! Key pairs, and an identity provider.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use edgegate_axum::{
    Auth, FetchError, FetchKeys, MemoryStore,
    edgegate::{Issuer, Vars, host::JwkSet, token::TokenRefusal},
};
use serde_json::{Value, json};

use crate::support::{FORM, gate, get, post, user, vars};

/// The key of RFC 8037 A.1.
const PAIR: &str = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

const ISSUER: &str = "https://id.example";

/// A gate that signs with the key pair.
fn pair(more: Vars) -> Result<Auth> {
    let jwt_keys = Some(format!(r#"{{"keys":[{PAIR}]}}"#).into());
    Ok(gate(MemoryStore::new([user()?]), Vars { jwt_keys, secret_key: None, ..more })?.build())
}

#[tokio::test]
async fn key_pairs_sign_and_verify() -> Result<()> {
    let app = pair(vars())?.router();
    let token = post(&app, "/login", FORM).await?.member("access_token")?;
    ensure!(get(&app, "/me", &token).await?.status == 200);
    let last = token.len() - 5;
    let other = if token.as_bytes()[last] == b'A' { "B" } else { "A" };
    let forged = [&token[..last], other, &token[last + 1..]].concat();
    ensure!(get(&app, "/me", &forged).await?.status == 401);
    let published = get(&app, "/.well-known/jwks.json", "").await?;
    ensure!(published.text.contains("11qYAYKx") && !published.text.contains("nWGxne"), "{published:?}");
    Ok(())
}

/// A provider that counts how often it is asked.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>, Option<&'static str>);

impl FetchKeys for Counted {
    async fn fetch(&self, url: &str, at_most: usize) -> Result<JwkSet, FetchError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if (url, at_most) != ("https://id.example/keys", 128 * 1024) {
            return Err("not what was asked".into());
        }
        let set = self.1.ok_or("the provider is down")?;
        Ok(JwkSet { body: set.into(), cache_control: Some("max-age=600".into()), age: None })
    }
}

#[tokio::test]
async fn tokens_of_an_identity_provider_are_verified_with_its_keys() -> Result<()> {
    let issuer = (Some(ISSUER.into()), Some("app".into()));
    let provider = pair(Vars { jwt_issuer: issuer.0.clone(), jwt_audience: issuer.1.clone(), ..Vars::default() })?;
    let token = provider.issue_token("a user there", &json!({ "role": "admin" })).await?;
    let with_provider = || Vars {
        jwks_url: Some("https://id.example/keys".into()),
        jwks_issuer: issuer.0.clone(),
        jwks_audience: issuer.1.clone(),
        ..vars()
    };
    let public = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    let asked = Arc::new(AtomicUsize::new(0));
    let auth =
        gate(MemoryStore::new([user()?]), with_provider())?.keys(Counted(Arc::clone(&asked), Some(public))).build();
    for _ in 0..2 {
        let verified = auth.verify_token::<Value>(token.clone()).await.context("refused")?;
        ensure!((verified.issuer, verified.user_id) == (Issuer::Provider, None));
    }
    ensure!(asked.load(Ordering::Relaxed) == 1, "the keys are cached");
    ensure!(get(&auth.router(), "/me", &token).await?.status == 401, "it is no token of the gate");

    let down = gate(MemoryStore::default(), with_provider())?.keys(Counted(asked, None)).build();
    let without = gate(MemoryStore::default(), with_provider())?.build();
    for auth in [down, without] {
        ensure!(auth.verify_token::<Value>(token.clone()).await.err() == Some(TokenRefusal::KeysUnavailable));
    }
    Ok(())
}

/// Over HTTP without TLS: the core asks for `https:` URLs only.
#[cfg(feature = "reqwest")]
#[tokio::test]
async fn reqwest_fetches_one_response_and_follows_no_redirect() -> Result<()> {
    use axum::{Router, http::StatusCode, response::Redirect, routing};
    use edgegate_axum::ReqwestKeys;

    let app = Router::new()
        .route("/keys", routing::get(async || ([("cache-control", "max-age=60"), ("age", "7")], r#"{"keys":[]}"#)))
        .route("/redirect", routing::get(async || Redirect::temporary("/keys")))
        .route("/missing", routing::get(async || StatusCode::NOT_FOUND))
        .route("/created", routing::get(async || (StatusCode::CREATED, r#"{"keys":[]}"#)))
        .route("/long", routing::get(async || "x".repeat(1_000_000)));
    let address = crate::support::serve(app).await?;
    let keys = ReqwestKeys::new()?;
    let fetch = async |path: &str| keys.fetch(&format!("http://{address}{path}"), 1024).await;
    let set = fetch("/keys").await.map_err(anyhow::Error::from_boxed)?;
    ensure!(set.body == br#"{"keys":[]}"#);
    ensure!((set.cache_control.as_deref(), set.age.as_deref()) == (Some("max-age=60"), Some("7")));
    for (path, error) in [("/redirect", "answered 307"), ("/missing", "answered 404"), ("/created", "answered 201")] {
        let refused = fetch(path).await.err().context("it was accepted")?.to_string();
        ensure!(refused.contains(error), "{refused}");
    }
    let long = fetch("/long").await.map_err(anyhow::Error::from_boxed)?;
    ensure!((1025..1_000_000).contains(&long.body.len()), "reading stops: {}", long.body.len());
    Ok(())
}
