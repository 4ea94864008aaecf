//! What the Worker does when something around it is wrong.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use testkit::worker::Worker;

use crate::{
    client::{expect, expect_detail, login, me, register, send},
    keys::Recorded,
    workers::Workers,
};

pub(crate) fn a_missing_secret(Workers { keyless, .. }: &Workers) -> Result<()> {
    for (method, path) in
        [("POST", "/login"), ("GET", "/me"), ("POST", "/users"), ("GET", "/nowhere"), ("PUT", "/login")]
    {
        expect_detail(&send(keyless, method, path, &[], "")?, 500, "Internal Server Error")?;
    }
    wait_for_log(keyless, "SECRET_KEY is missing")?;
    wait_for_log(keyless, "wrangler secret put SECRET_KEY")
}

pub(crate) fn registration_is_closed_by_default(Workers { tableless, .. }: &Workers) -> Result<()> {
    expect_detail(&register(tableless, "a@example.com", "secret")?, 403, "Registration is closed")
}

pub(crate) fn a_database_error(Workers { tableless, good, .. }: &Workers) -> Result<()> {
    let response = login(tableless, "username=alice@example.com&password=x")?;
    expect_detail(&response, 503, "Service Unavailable")?;
    ensure!(response.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{response:?}");
    let token =
        crate::client::token(&login(good, "username=alice@example.com&password=correct+horse+battery+staple")?)?;
    expect(&me(tableless, &token)?, 503)?;
    wait_for_log(tableless, "no such table: users")
}

pub(crate) fn no_secret_is_in_the_log(workers: &Workers) -> Result<()> {
    let Workers { good, keyed, tableless, .. } = workers;
    let seed = testkit::fixture::seed()?;
    wait_for_log(good, "wrong-password")?;
    wait_for_log(keyed, r#""reason":"refresh-token""#)?;
    let log = [good, keyed, tableless].map(Worker::log).join("\n");
    let hashes = seed.users.iter().filter(|user| user.password.starts_with('$')).map(|user| user.password.clone());
    let passwords = ["correct horse", "correct+horse", "hunter2", "pa ss+", "the password of"].map(str::to_owned);
    let keys = [seed.secret_key.clone(), Recorded::read()?.private_member()?.to_owned(), "eyJ".to_owned()];
    let given = workers.given();
    ensure!(!given.is_empty(), "no refresh token was given");
    let halves = given.iter().flat_map(|token| token.split('.')).map(str::to_owned);
    for secret in hashes.chain(passwords).chain(keys).chain(halves) {
        ensure!(!log.contains(&secret), "the log holds {secret:?}");
    }
    Ok(())
}

/// What the Worker prints arrives a little later than what it answers.
pub(crate) fn wait_for_log(worker: &Worker, text: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !worker.log().contains(text) {
        ensure!(Instant::now() < deadline, "{text:?} is not in the log:\n{}", worker.log());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
