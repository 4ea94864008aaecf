//! The Worker with failing parts around it.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use testkit::{
    worker::{Worker, WorkerOptions},
    wrangler,
};

use crate::{
    client::{FORM, expect, expect_detail, json, login, me, register, send},
    sessions::{begin, refresh},
    workers::{Workers, database},
};

#[test]
fn a_missing_secret_is_500_everywhere_and_the_answer_and_the_log_say_how_to_fix_it() -> Result<()> {
    let Workers { keyless, .. } = &*Workers::lock()?;
    for (method, path) in
        [("POST", "/login"), ("GET", "/me"), ("POST", "/users"), ("GET", "/nowhere"), ("PUT", "/login")]
    {
        let response = send(keyless, method, path, &[], "")?;
        expect(&response, 500)?;
        let detail = json(&response)?["detail"].as_str().unwrap_or_default().to_owned();
        ensure!(
            detail.starts_with("The setting SECRET_KEY is missing.\n")
                && detail.contains("npx wrangler secret put SECRET_KEY"),
            "{detail}"
        );
    }
    wait_for_log(keyless, "SECRET_KEY is missing")?;
    wait_for_log(keyless, "wrangler secret put SECRET_KEY")
}

#[test]
fn registration_is_closed_by_default() -> Result<()> {
    let Workers { tableless, .. } = &*Workers::lock()?;
    expect_detail(&register(tableless, "a@example.com", "secret")?, 403, "Registration is closed")
}

#[test]
fn a_database_without_tables_is_503_and_the_answer_and_the_log_say_what_to_run() -> Result<()> {
    let Workers { tableless, good, .. } = &*Workers::lock()?;
    let token =
        crate::client::token(&login(good, "username=alice@example.com&password=correct+horse+battery+staple")?)?;
    for response in [login(tableless, "username=alice@example.com&password=x")?, me(tableless, &token)?] {
        expect(&response, 503)?;
        ensure!(response.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{response:?}");
        let detail = json(&response)?["detail"].as_str().unwrap_or_default().to_owned();
        ensure!(detail.contains("npx wrangler d1 migrations apply DB --remote"), "{detail}");
    }
    wait_for_log(tableless, "no such table: users")?;
    wait_for_log(
        tableless,
        "the migration 0001_users.sql is not applied: `npx wrangler d1 migrations apply DB --remote`",
    )
}

/// A table that a setting needs: who has set the service up reads the log, and strangers learn nothing.
#[test]
fn a_missing_migration_is_503_and_only_the_log_names_it() -> Result<()> {
    let _workers = Workers::lock()?;
    let key = ("SECRET_KEY", "a secret of the tests of broken Workers, 32 bytes");
    let settings = [key, ("REGISTRATION", "open"), ("BCRYPT_COST", "10"), ("LOCKOUT", "off"), ("REVOCATION", "on")];
    let sessions = [&settings[..], &[("REFRESH_TOKEN_EXPIRE_MINUTES", "60")]].concat();
    for (name, sql, migration) in [
        ("sessionless", "DROP TABLE sessions;", "0003_sessions.sql"),
        ("versionless", "ALTER TABLE users DROP COLUMN token_version;", "0002_token_version.sql"),
    ] {
        let dir = database(name);
        wrangler::migrate_by_copy(&dir)?;
        wrangler::execute(&dir, sql)?;
        let worker = Worker::start_migrated(WorkerOptions::test(dir, &sessions))?;
        expect(&register(&worker, "ada@example.org", "correct horse battery")?, 201)?;
        for accept in ["*/*", "text/html"] {
            let headers = [FORM, ("accept", accept)];
            let response =
                send(&worker, "POST", "/login", &headers, "username=ada@example.org&password=correct+horse+battery")?;
            expect_detail(&response, 503, "Service Unavailable")?;
        }
        wait_for_log(&worker, &format!("the migration {migration} is not applied"))?;
    }
    Ok(())
}

#[test]
fn a_worker_serves_as_soon_as_its_migrations_are_applied() -> Result<()> {
    let (_workers, dir) = (Workers::lock()?, database("migrated-late"));
    let vars = [("SECRET_KEY", "a secret of the tests of broken Workers, 32 bytes"), ("BCRYPT_COST", "10")];
    let worker = Worker::start_migrated(WorkerOptions::test(dir.clone(), &vars))?;
    let is_set_up =
        || Ok::<_, anyhow::Error>(json(&send(&worker, "GET", "/page.json", &[], "")?)?.get("setup").is_none());
    expect(&login(&worker, "username=ada@example.org&password=x")?, 503)?;
    ensure!(!is_set_up()?, "the page is told");
    wrangler::migrate(&dir)?;
    expect_detail(&login(&worker, "username=ada@example.org&password=x")?, 403, "Invalid Credentials")?;
    ensure!(is_set_up()?, "nothing is missing any more");
    Ok(())
}

/// Every test ends with a search of the logs for secrets. This test checks that there are logs to search.
#[test]
fn no_secret_is_in_the_log() -> Result<()> {
    let workers = &*Workers::lock()?;
    let (good, keyed) = (workers.good.log().len(), workers.keyed.log().len());
    let tokens = begin(workers, "log@broken.example.org")?;
    expect(&refresh(&workers.keyed, &tokens.refresh)?, 200)?;
    expect(&refresh(&workers.keyed, "x")?, 400)?;
    expect(&login(&workers.good, "username=alice@example.com&password=hunter2")?, 403)?;
    wait_for_log_after(&workers.good, good, "wrong-password")?;
    wait_for_log_after(&workers.keyed, keyed, r#""reason":"refresh-token-malformed""#)?;
    wait_for_log_after(&workers.keyed, keyed, r#""reason":"accepted","status":200"#)?;
    ensure!(!workers.given().is_empty(), "no refresh token was given");
    Ok(())
}

pub(crate) fn wait_for_log(worker: &Worker, text: &str) -> Result<()> {
    wait_for_log_after(worker, 0, text)
}

/// The log of the Worker arrives after the response. Only what follows the first `earlier` bytes counts.
pub(crate) fn wait_for_log_after(worker: &Worker, earlier: usize, text: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !worker.log().split_off(earlier).contains(text) {
        ensure!(Instant::now() < deadline, "{text:?} is not in the log:\n{}", worker.log());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
