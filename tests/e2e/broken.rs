//! What the Worker does when something around it is wrong.

use anyhow::{Result, ensure};

use crate::{
    client::{expect, expect_detail, login, me, register, send},
    workers::Workers,
};

pub(crate) fn a_missing_secret(Workers { keyless, .. }: &Workers) -> Result<()> {
    for (method, path) in
        [("POST", "/login"), ("GET", "/me"), ("POST", "/users"), ("GET", "/nowhere"), ("PUT", "/login")]
    {
        expect_detail(&send(keyless, method, path, &[], "")?, 500, "Internal Server Error")?;
    }
    let log = keyless.log();
    ensure!(log.contains("SECRET_KEY is missing") && log.contains("wrangler secret put SECRET_KEY"), "{log}");
    Ok(())
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
    let log = tableless.log();
    ensure!(log.contains("no such table: users"), "{log}");
    Ok(())
}

pub(crate) fn no_secret_is_in_the_log(Workers { good, tableless, .. }: &Workers) -> Result<()> {
    let seed = xtask::fixture::seed()?;
    let log = format!("{}\n{}", good.log(), tableless.log());
    ensure!(log.contains("wrong-password"), "the log tells nothing:\n{log}");
    let hashes = seed.users.iter().filter(|user| user.password.starts_with('$')).map(|user| user.password.as_str());
    let secrets = [seed.secret_key.as_str(), "eyJ", "correct horse", "correct+horse", "hunter2", "pa ss+"];
    for secret in secrets.into_iter().chain(hashes) {
        ensure!(!log.contains(secret), "the log holds {secret:?}");
    }
    Ok(())
}
