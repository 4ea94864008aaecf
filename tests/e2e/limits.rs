//! Long bodies and clients that disconnect.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Result, ensure};
use testkit::worker::{Worker, WorkerOptions};

use crate::{
    client::{FORM, expect, expect_detail, login, send},
    workers::{Workers, database},
};

#[test]
fn a_long_body_is_refused_without_being_read() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let body = format!("username=a&password={}", "x".repeat(16 * 1024));
    expect_detail(&send(good, "POST", "/login", &[FORM], &body)?, 413, "Request Entity Too Large")?;
    // `Content-Length` is a gigabyte, but only a little more than the limit is sent: the response must not wait for the
    // rest.
    let mut stream = begin_login(good, 1_000_000_000)?;
    stream.write_all("x".repeat(17 * 1024).as_bytes())?;
    let mut answer = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.read_exact(&mut answer)?;
    ensure!(&answer == b"HTTP/1.1 413", "{}", String::from_utf8_lossy(&answer));
    expect(&login(good, "username=alice@example.com&password=correct+horse+battery+staple")?, 200)
}

/// A body that trickles in and does not end within `BODY_TIMEOUT_SECONDS`.
#[test]
fn a_slow_body_is_refused_when_its_time_is_over() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let mut stream = begin_login(good, 1000)?;
    stream.write_all(b"username=alice@example.com&password=")?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut answer = [0; 12];
    // Sixty seconds are six times the default: the test fails there instead of waiting without end.
    let answered = (0..120).any(|_| {
        let read = stream.read_exact(&mut answer).is_ok();
        read || stream.write_all(b"x").is_err()
    });
    ensure!(answered && &answer == b"HTTP/1.1 408", "{}", String::from_utf8_lossy(&answer));
    expect(&login(good, "username=alice@example.com&password=correct+horse+battery+staple")?, 200)
}

/// By the rate limiting bindings of `www/wrangler.jsonc`.
#[test]
fn logins_with_one_address_are_limited() -> Result<()> {
    let _workers = Workers::lock()?;
    let vars = [("SECRET_KEY", "a secret of the tests, 32 bytes or more"), ("BCRYPT_COST", "10")];
    let worker = Worker::start(WorkerOptions::test(database("limited"), &vars))?;
    for binding in ["env.CLIENT_LIMITER", "env.ACCOUNT_LIMITER"] {
        ensure!(worker.log().contains(binding), "{binding} is not bound:\n{}", worker.log());
    }
    let mut refused = 0;
    // A new minute may begin among them, but not two.
    for _ in 0..30 {
        let answer = login(&worker, "username=one@example.com&password=wrong")?;
        match answer.status {
            429 => {
                expect_detail(&answer, 429, "Too Many Requests")?;
                ensure!(answer.header("retry-after").as_deref() == Some("60"), "{answer:?}");
                refused += 1;
            }
            _ => expect(&answer, 403)?,
        }
    }
    ensure!((10..=20).contains(&refused), "{refused} of 30 were refused");
    expect(&login(&worker, "username=another@example.com&password=wrong")?, 403)?;
    let counted = worker.log().matches(r#""reason":"rate-limited""#).count();
    ensure!(counted == refused, "{counted} entries of {refused} refusals");
    Ok(())
}

#[test]
fn a_client_that_disconnects_does_not_affect_others() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    for _ in 0..20 {
        let mut stream = begin_login(good, 64)?;
        stream.write_all(b"username=alice@example.com&password=")?;
        drop(stream);
    }
    let form = "username=alice@example.com&password=wrong";
    for _ in 0..5 {
        let mut stream = begin_login(good, form.len())?;
        stream.write_all(form.as_bytes())?;
        drop(stream);
    }
    expect(&login(good, "username=alice@example.com&password=correct+horse+battery+staple")?, 200)
}

pub(crate) fn begin_login(worker: &Worker, length: usize) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(worker.addr())?;
    let (name, value) = FORM;
    write!(
        stream,
        "POST /login HTTP/1.1\r\nhost: {}\r\n{name}: {value}\r\ncontent-length: {length}\r\n\r\n",
        worker.addr()
    )?;
    Ok(stream)
}
