//! Many concurrent logins in one isolate: they share the lanes, and nothing else.

use std::{
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use edgegate::password::{Cost, hash_all};
use testkit::{worker::Worker, wrangler};

use crate::{
    client::{expect_detail, json, login, me, token},
    flow::escape,
    limits::begin_login,
    workers::{Workers, database},
};

const CONNECTIONS: usize = 64;
const LOGINS_EACH: usize = 3;
const PASSWORDS: usize = 8;

/// Other clients disconnect meanwhile: before the response, and in the middle of the form.
#[test]
fn each_of_64_connections_gets_its_own_answer() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    create_users()?;
    let busy = AtomicUsize::new(0);
    thread::scope(|scope| {
        let busy = &busy;
        let logins: Vec<_> = (0..CONNECTIONS).map(|user| scope.spawn(move || log_in_often(good, user, busy))).collect();
        let hang_ups = scope.spawn(|| (0..CONNECTIONS / 2).try_for_each(|user| hang_up(good, user)));
        let joined = logins.into_iter().chain([hang_ups]);
        joined.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
    })?;
    println!("{} logins, told to come back later {} times", CONNECTIONS * LOGINS_EACH, busy.into_inner());
    Ok(())
}

fn log_in_often(worker: &Worker, user: usize, busy: &AtomicUsize) -> Result<()> {
    for attempt in 0..LOGINS_EACH {
        let is_wrong = (user + attempt).is_multiple_of(4);
        let password = if is_wrong { password(user + 1) } else { password(user) };
        let form = format!("username={}&password={}", escape(&email(user)), escape(&password));
        let response = loop {
            let response = login(worker, &form)?;
            if response.status != 503 {
                break response;
            }
            ensure!(response.header("retry-after").is_some(), "{response:?}");
            busy.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(100));
        };
        if is_wrong {
            expect_detail(&response, 403, "Invalid Credentials")?;
        } else {
            let shown = json(&me(worker, &token(&response)?)?)?;
            ensure!(shown["email"] == email(user), "{} was answered as {shown}", email(user));
        }
    }
    Ok(())
}

fn hang_up(worker: &Worker, user: usize) -> Result<()> {
    let form = format!("username={}&password={}", escape(&email(user)), escape(&password(user)));
    let mut stream = begin_login(worker, form.len())?;
    let sent = if user.is_multiple_of(3) { form.len() / 2 } else { form.len() };
    stream.write_all(form.get(..sent).unwrap_or_default().as_bytes())?;
    thread::sleep(Duration::from_millis(20));
    Ok(())
}

fn create_users() -> Result<()> {
    let passwords: Vec<String> = (0..PASSWORDS).map(password).collect();
    let texts: Vec<&str> = passwords.iter().map(String::as_str).collect();
    let hashes = hash_all(&texts, Cost::new(10)?).into_iter().collect::<Result<Vec<_>, _>>()?;
    let row = |user: usize| {
        let hash = hashes.get(user % PASSWORDS).context("a hash for each password")?;
        Ok(format!("('{}', '{hash}')", email(user)))
    };
    let rows = (0..CONNECTIONS).map(row).collect::<Result<Vec<String>>>()?;
    let sql = format!("INSERT INTO users (email, password) VALUES {};", rows.join(", "));
    wrangler::execute(&database("good"), &sql).map(drop)
}

fn email(user: usize) -> String {
    format!("user{user}@crowd.example.org")
}

/// Neighbouring users have different passwords.
fn password(user: usize) -> String {
    format!("password number {}", user % PASSWORDS)
}
