//! A new secret key under load: two deployments run side by side, as on Cloudflare while one replaces the other.

use std::{
    fs,
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};
use testkit::{paths, server::Bundle, wrangler};

use crate::{
    client::{expect, login, me, token},
    workers::Workers,
};

const OLD: &str = r#"{"kty":"oct","alg":"HS256","k":"b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE"}"#;
const NEW: &str = r#"{"kty":"oct","alg":"HS256","kid":"new","k":"bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE"}"#;
const SECRET: &str = "old old old old old old old old!";

const PASSWORD: &str = "a password of the rotation";

/// The steps of the README: the new key last, then first, then alone.
fn steps() -> [(&'static str, String); 4] {
    [
        ("SECRET_KEY", SECRET.to_owned()),
        ("JWT_KEYS", format!(r#"{{"keys":[{OLD},{NEW}]}}"#)),
        ("JWT_KEYS", format!(r#"{{"keys":[{NEW},{OLD}]}}"#)),
        ("JWT_KEYS", format!(r#"{{"keys":[{NEW}]}}"#)),
    ]
}

#[test]
fn no_valid_token_is_refused_while_the_secret_key_is_rotated() -> Result<()> {
    let _workers = Workers::lock()?;
    let dir = paths::state().join("e2e/rotation");
    let database = dir.join("database");
    fs::create_dir_all(&dir)?;
    wrangler::migrate_by_copy(&database)?;
    let out = dir.join("bundle").display().to_string();
    wrangler::wrangler(&["deploy", "--dry-run", "--outdir", &out]).output()?;
    let start = |number: usize, (name, value): &(&str, String)| {
        let vars = [(*name, value.as_str()), ("REGISTRATION", "open"), ("BCRYPT_COST", "10"), ("RATE_LIMIT", "off")];
        let bundle = Bundle { dir: &dir.join("bundle"), persist_to: &database, vars: &vars, nodejs: false };
        bundle.start(&dir.join(format!("{number}.log")))
    };
    let steps = steps();
    let (mut _server, mut before) = start(0, &steps[0])?;
    expect(&crate::client::register(&before, "ada@rotation.example.org", PASSWORD)?, 201)?;
    // Tokens of the step before the last are not verified by the last one: they have expired by then.
    let mut valid = Vec::new();
    for (number, step) in steps.iter().enumerate().skip(1) {
        let (next_server, after) = start(number, step)?;
        if number == 3 {
            // Issued with the old key, and expired when the step is taken.
            valid.clear();
        }
        let checked = together(before, after, &mut valid)?;
        ensure!(checked > 20, "only {checked} tokens were checked in step {number}");
        // The old deployment ends.
        (_server, before) = (next_server, after);
        for token in &valid {
            expect(&me(&before, token)?, 200)?;
        }
    }
    Ok(())
}

/// Logs in at both and checks each token at both. Returns how many were checked.
fn together(before: SocketAddr, after: SocketAddr, valid: &mut Vec<String>) -> Result<usize> {
    let (ended, checked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let form = format!("username=ada@rotation.example.org&password={}", PASSWORD.replace(' ', "+"));
    let traffic = |at: SocketAddr| {
        let mut tokens = Vec::new();
        while !ended.load(Ordering::SeqCst) {
            let issued = token(&login(&at, &form)?)?;
            for other in [before, after] {
                expect(&me(&other, &issued)?, 200)?;
                checked.fetch_add(1, Ordering::SeqCst);
            }
            tokens.push(issued);
        }
        anyhow::Ok(tokens)
    };
    for token in valid.iter() {
        expect(&me(&after, token)?, 200)?;
    }
    thread::scope(|scope| {
        let threads = [before, after].map(|at| scope.spawn(move || traffic(at)));
        thread::sleep(Duration::from_millis(1500));
        ended.store(true, Ordering::SeqCst);
        for thread in threads {
            valid.extend(thread.join().map_err(|_| anyhow!("a thread panicked"))??);
        }
        Ok(checked.load(Ordering::SeqCst))
    })
}
