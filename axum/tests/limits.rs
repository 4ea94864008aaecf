//! Limits of a body, and of the password work.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Result, ensure};
use axum::body::{Body, Bytes, HttpBody};
use edgegate_axum::{
    Auth, Hasher, LimitError, Limiter, MemoryStore,
    edgegate::{Settings, Vars, host::Limit, password::Cost},
};
use http_body::Frame;
use tokio::time::Instant;

use crate::support::{FORM, gate, get, post, request, send, user, vars};

/// A body that sends the form and then nothing more, not even its end.
struct Trickle(Option<&'static str>);

impl HttpBody for Trickle {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(text) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))),
            None => Poll::Pending,
        }
    }
}

/// A body that breaks off.
struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("reset"))))
    }
}

/// The clock of tokio is paused, and advances when nothing else is to be done.
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_refused_when_its_time_is_over() -> Result<()> {
    let vars = Vars { body_timeout_seconds: Some("3".into()), ..vars() };
    let app = gate(MemoryStore::new([user()?]), vars)?.build().router();
    let started = Instant::now();
    let got = send(&app, request("POST", "/login", "", Body::new(Trickle(Some(FORM))))?).await?;
    ensure!(got.status == 408 && got.text == r#"{"detail":"Request Timeout"}"#, "{got:?}");
    let took = started.elapsed();
    ensure!((Duration::from_secs(3)..Duration::from_millis(3100)).contains(&took), "{took:?}");
    let got = send(&app, request("POST", "/login", "", Body::new(Broken))?).await?;
    ensure!(got.status == 408, "{got:?}");
    Ok(())
}

#[tokio::test]
async fn a_body_has_at_most_16_kib() -> Result<()> {
    let app = gate(MemoryStore::new([user()?]), vars())?.build().router();
    let form = |length: usize| format!("{FORM}&scope={}", "x".repeat(length - FORM.len() - "&scope=".len()));
    ensure!(post(&app, "/login", &form(16 * 1024)).await?.status == 200);
    let got = post(&app, "/login", &form(16 * 1024 + 1)).await?;
    ensure!(got.status == 413 && got.text == r#"{"detail":"Request Entity Too Large"}"#, "{got:?}");
    // Reading stops: the rest of this body never arrives.
    let endless: &'static str = Box::leak("x".repeat(16 * 1024 + 1).into_boxed_str());
    let got = send(&app, request("POST", "/login", "", Body::new(Trickle(Some(endless))))?).await?;
    ensure!(got.status == 413, "{got:?}");
    Ok(())
}

#[tokio::test]
async fn without_a_place_in_the_queue_a_login_is_answered_503() -> Result<()> {
    let hasher = Hasher::with_places(NonZeroUsize::MIN, 0);
    let app = gate(MemoryStore::new([user()?]), vars())?.hasher(hasher).build().router();
    for form in [FORM, "username=unknown@example.com&password=correct+horse"] {
        let got = post(&app, "/login", form).await?;
        ensure!(got.status == 503 && got.header("retry-after") == Some("2"), "{got:?}");
        ensure!(got.text == r#"{"detail":"Service Unavailable"}"#, "{got:?}");
    }
    ensure!(get(&app, "/me", "").await?.status == 401, "other requests are answered");
    Ok(())
}

/// A request that needs no password is answered while all threads compute.
#[tokio::test]
async fn waiting_passwords_do_not_delay_other_requests() -> Result<()> {
    // A refusal takes 2^12 rounds.
    let settings = Settings { bcrypt_cost: Cost::new(12)?, ..Settings::try_from(vars())? };
    let app = Auth::new(settings, MemoryStore::new([user()?])).router();
    let me = async { (get(&app, "/me", "").await, false) };
    let login = async { (post(&app, "/login", &FORM.replace("horse", "house")).await, true) };
    let (got, is_login) = tokio::select! {
        biased;
        first = login => first,
        first = me => first,
    };
    ensure!(!is_login && got?.status == 401, "the login came first, although it needs a thread");
    Ok(())
}

/// A limiter that never answers, or refuses everything.
struct Odd(bool);

impl Limiter for Odd {
    async fn is_within(&self, _: &Limit) -> Result<bool, LimitError> {
        match self.0 {
            true => std::future::pending().await,
            false => Ok(false),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limiter_is_asked_and_one_that_never_answers_lets_requests_pass() -> Result<()> {
    let app = |hangs| anyhow::Ok(gate(MemoryStore::new([user()?]), vars())?.limiter(Odd(hangs)).build().router());
    ensure!(post(&app(false)?, "/login", FORM).await?.status == 429);
    let started = Instant::now();
    ensure!(post(&app(true)?, "/login", FORM).await?.status == 200);
    ensure!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&started.elapsed()), "{:?}", started.elapsed());
    Ok(())
}

/// Behind a proxy that ends TLS, the same host is another origin by HTTP.
#[tokio::test]
async fn an_origin_of_the_same_host_can_be_listed() -> Result<()> {
    let vars = Vars { cors_origins: Some("http://localhost:5173".into()), ..vars() };
    let app = gate(MemoryStore::new([user()?]), vars)?.build().router();
    for (origin, allowed) in
        [("http://localhost:5173", Some("http://localhost:5173")), ("https://localhost:5173", None)]
    {
        let mut request = request("GET", "/me", "", Body::empty())?;
        request.headers_mut().insert("host", "localhost:5173".parse()?);
        request.headers_mut().insert("origin", origin.parse()?);
        let got = send(&app, request).await?;
        ensure!(got.header("access-control-allow-origin") == allowed, "{got:?}");
    }
    Ok(())
}
