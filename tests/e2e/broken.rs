//! The Worker with failing parts around it.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use testkit::worker::Worker;

use crate::{
    client::{expect, expect_detail, login, me, register, send},
    sessions::{begin, refresh},
    workers::Workers,
};

#[test]
fn a_missing_secret_is_500_everywhere_and_the_log_says_how_to_fix_it() -> Result<()> {
    let Workers { keyless, .. } = &*Workers::lock()?;
    for (method, path) in
        [("POST", "/login"), ("GET", "/me"), ("POST", "/users"), ("GET", "/nowhere"), ("PUT", "/login")]
    {
        expect_detail(&send(keyless, method, path, &[], "")?, 500, "Internal Server Error")?;
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
fn a_database_error_is_503_and_logged_with_its_cause() -> Result<()> {
    let Workers { tableless, good, .. } = &*Workers::lock()?;
    let response = login(tableless, "username=alice@example.com&password=x")?;
    expect_detail(&response, 503, "Service Unavailable")?;
    ensure!(response.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{response:?}");
    let token =
        crate::client::token(&login(good, "username=alice@example.com&password=correct+horse+battery+staple")?)?;
    expect(&me(tableless, &token)?, 503)?;
    wait_for_log(tableless, "no such table: users")
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
