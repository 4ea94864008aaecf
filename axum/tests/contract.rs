//! Sends every recorded request to the router on a real connection.

use std::{net::SocketAddr, thread};

use anyhow::{Result, ensure};
use edgegate_axum::{
    MemoryStore,
    edgegate::{UserRow, Vars},
};
use testkit::{
    fixture::{self, Answer, Case},
    http,
};

use crate::support::{gate, serve};

/// After the expiry of the tokens recorded as expired, and before that of the others.
const TIME: u64 = 1_800_000_000;

/// How many requests are under way.
const CONNECTIONS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_request_is_answered_as_recorded() -> Result<()> {
    check(fixture::without_cors()?, None).await?;
    check(fixture::load(fixture::CORS)?, Some(fixture::CORS_ORIGINS)).await
}

/// Sends the cases to a gate with these origins.
async fn check(cases: Vec<Case>, cors_origins: Option<&str>) -> Result<()> {
    let seed = fixture::seed()?;
    let vars = Vars {
        secret_key: Some(seed.secret_key.as_str().into()),
        registration: Some("open".into()),
        // FastAPI has no minimum.
        password_min_length: Some("1".into()),
        common_passwords: Some("accept".into()),
        rate_limit: Some("off".into()),
        cors_origins: cors_origins.map(Into::into),
        ..Vars::default()
    };
    let auth = gate(MemoryStore::new(seed.users.iter().map(row)), vars)?.clock(|| TIME).build();
    let address = serve(auth.router()).await?;
    ensure!(cases.len() > 40, "only {} cases", cases.len());
    let differences = tokio::task::spawn_blocking(move || {
        thread::scope(|scope| {
            let chunks = cases.chunks(cases.len().div_ceil(CONNECTIONS));
            let threads: Vec<_> = chunks.map(|cases| scope.spawn(|| differences(cases, address))).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| vec!["a panic".to_owned()]));
            joined.flatten().collect::<Vec<_>>()
        })
    })
    .await?;
    ensure!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    Ok(())
}

fn differences(cases: &[Case], address: SocketAddr) -> Vec<String> {
    let difference = |case: &Case| match (answer(case, address), case.expected()) {
        (Ok(answer), Ok(expected)) if answer == *expected => None,
        (answer, expected) => Some(format!("{}\n  expected {expected:?}\n  answered {answer:?}", case.name)),
    };
    cases.iter().filter_map(difference).collect()
}

fn answer(case: &Case, address: SocketAddr) -> Result<Answer> {
    let base = format!("http://{address}");
    let mut response = http::send(address, &case.request.to_http()?)?;
    // The redirect is relative, as a server behind a proxy needs it. A client resolves it.
    for (_, value) in response.headers.iter_mut().filter(|(name, _)| name == "location") {
        if value.starts_with('/') {
            *value = [base.as_str(), value].concat();
        }
    }
    Answer::from_http(&response, &base)
}

fn row(user: &fixture::User) -> UserRow {
    UserRow::new(user.id, &user.email, &user.password, &user.created_at)
}
