//! Security events, the table `audit`, the log of requests, and `Server-Timing`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use edgegate_axum::{
    MemoryStore, SqliteStore, Store,
    edgegate::{Vars, host::SecurityEvent},
};

use crate::{
    failures::log,
    stores::sqlite,
    support::{FORM, NOW, PASSWORD, gate, get, post, user, vars},
};

const WRONG: &str = "username=ada@example.com&password=a+wrong+one";

#[tokio::test]
async fn events_are_told_and_stored_and_say_nothing_in_clear() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    SqliteStore::migrations().run(&pool).await?;
    let store = SqliteStore::new(pool.clone());
    store.insert_user("ada@example.com", &user()?.password, false).await?;
    let told = Arc::new(Mutex::new(Vec::<SecurityEvent>::new()));
    let telling = Arc::clone(&told);
    let vars = Vars { audit: Some("on".into()), lockout: Some("on".into()), revocation: Some("on".into()), ..vars() };
    let vars = Vars { rate_limit: Some("off".into()), ..vars };
    let on_event = move |event: &SecurityEvent| {
        telling.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    };
    let auth = gate(store, vars)?.on_event(on_event).clock(|| NOW).build();
    let app = auth.router();
    let token = post(&app, "/login", FORM).await?.member("access_token")?;
    for _ in 0..10 {
        ensure!(post(&app, "/login", WRONG).await?.status == 403);
    }
    // Its address is not known, so that it is held up as the others are.
    ensure!(post(&app, "/login", FORM).await?.status == 403);
    auth.log_out(&[("authorization".parse()?, format!("Bearer {token}").parse()?)].into_iter().collect()).await?;

    let events = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
    ensure!(kinds.len() == 13 && kinds[0] == "login" && kinds[1..11].iter().all(|kind| *kind == "login-refused"));
    ensure!(kinds[11..] == ["held-up", "logged-out-everywhere"], "{kinds:?}");
    ensure!(events.iter().all(|event| event.user_id == Some(1.into())), "{events:?}");
    let rows: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as("SELECT kind, user_id, reason FROM audit ORDER BY id").fetch_all(&pool).await?;
    let stored: Vec<_> = rows.iter().map(|(kind, ..)| kind.as_str()).collect();
    ensure!(stored == kinds, "{rows:?}");
    ensure!(rows[1] == ("login-refused".into(), Some("1".into()), Some("wrong-password".into())), "{rows:?}");
    let all = format!("{events:?}");
    ensure!(!all.contains('@') && !all.contains(PASSWORD), "{all}");
    Ok(())
}

#[tokio::test]
async fn without_its_table_an_event_changes_no_answer() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    SqliteStore::migrations().run(&pool).await?;
    sqlx::query("DROP TABLE audit").execute(&pool).await?;
    let store = SqliteStore::new(pool);
    store.insert_user("ada@example.com", &user()?.password, false).await?;
    let app = gate(store, Vars { audit: Some("on".into()), ..vars() })?.build().router();
    ensure!(post(&app, "/login", FORM).await?.status == 200);
    ensure!(post(&app, "/login", WRONG).await?.status == 403);
    Ok(())
}

#[tokio::test]
async fn each_request_has_one_entry_of_the_log_without_anything_in_clear() -> Result<()> {
    let (written, _guard) = log();
    let vars = Vars { access_log: Some("on".into()), server_timing: Some("on".into()), ..vars() };
    let app = gate(MemoryStore::new([user()?]), vars)?.build().router();
    let login = post(&app, "/login", FORM).await?;
    let timing = login.header("server-timing").unwrap_or_default().to_owned();
    ensure!(timing.starts_with("store;dur=") && timing.contains(", total;dur="), "{timing}");
    let token = login.member("access_token")?;
    ensure!(get(&app, "/me", &token).await?.status == 200);
    ensure!(post(&app, "/login", WRONG).await?.status == 403);
    ensure!(get(&app, "/nowhere", "").await?.status == 404);
    let log = written.take();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("edgegate")).collect();
    ensure!(lines.len() == 4, "{log}");
    for (line, expected) in lines.iter().zip([
        r#"reason="accepted" status=200 path="/login" route="/login" rounds="#,
        r#"reason="accepted" status=200 path="/me" route="/me" rounds=0"#,
        r#"reason="wrong-password" status=403 path="/login" route="/login" rounds="#,
        r#"reason="unknown-path" status=404 rounds=0"#,
    ]) {
        ensure!(line.contains(expected), "{line}");
    }
    for secret in ["@", PASSWORD, "a wrong one", token.as_str()] {
        ensure!(!log.contains(secret), "{log}");
    }
    Ok(())
}

#[tokio::test]
async fn an_on_event_that_panics_changes_no_answer_and_its_event_is_stored() -> Result<()> {
    let (written, _guard) = log();
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    SqliteStore::migrations().run(&pool).await?;
    let store = SqliteStore::new(pool.clone());
    store.insert_user("ada@example.com", &user()?.password, false).await?;
    let auth =
        gate(store, Vars { audit: Some("on".into()), ..vars() })?.on_event(|_| panic!("a panic of the app")).build();
    let app = auth.router();
    ensure!(post(&app, "/login", FORM).await?.status == 200);
    ensure!(post(&app, "/login", WRONG).await?.status == 403);
    let stored: Vec<String> = sqlx::query_scalar("SELECT kind FROM audit ORDER BY id").fetch_all(&pool).await?;
    ensure!(stored == ["login", "login-refused"], "{stored:?}");
    ensure!(written.take().contains("on_event has panicked event=\"login\""));
    Ok(())
}

/// axum drops the handler when the client hangs up. A login that was counted is told and logged all the same.
#[tokio::test]
async fn a_login_whose_client_hangs_up_is_brought_to_its_end() -> Result<()> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let on_event = move |event: &SecurityEvent| {
        telling.lock().unwrap_or_else(PoisonError::into_inner).push(event.kind.name());
    };
    let auth =
        gate(MemoryStore::new([user()?]), Vars { lockout: Some("on".into()), ..vars() })?.on_event(on_event).build();
    let app = auth.router();
    for form in [WRONG, FORM] {
        // Polled once, so that the login has begun.
        let answering = post(&app, "/login", form);
        tokio::select! {
            biased;
            answer = answering => bail!("answered at once: {answer:?}"),
            () = std::future::ready(()) => {}
        }
    }
    let both = async {
        while told.lock().unwrap_or_else(PoisonError::into_inner).len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), both).await.context("the events were not told")?;
    let mut kinds = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    kinds.sort_unstable();
    ensure!(kinds == ["login", "login-refused"], "{kinds:?}");
    Ok(())
}
