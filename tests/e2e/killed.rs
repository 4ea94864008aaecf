//! workerd is killed by SIGKILL in the middle of writes, and started again: what was answered is there.

use std::{
    env, fs,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use testkit::{
    paths,
    server::{Bundle, Server},
    sh::Sh,
    wrangler,
};

use crate::{
    client::{JSON, expect, json, login, me, register, send},
    sessions::{Tokens, parse, refresh, with_token},
    workers::Workers,
};

const PASSWORD: &str = "the password of the killed";

/// Of that password, at bcrypt's least cost: `REHASH=on` replaces it.
const OLD_HASH: &str = "$2b$04$i.dfmlUWDDJZO9rM/KQK2eLlb2Cf0oTHLK5SFzFxcfNRRfXls4UFi";

/// How many users of each round have the old hash.
const REHASHED: usize = 40;

const VARS: [(&str, &str); 8] = [
    ("SECRET_KEY", "a secret of the killed, 32 bytes or more"),
    ("REGISTRATION", "open"),
    ("BCRYPT_COST", "10"),
    ("REHASH", "on"),
    ("REVOCATION", "on"),
    ("PASSWORD_CHANGE", "on"),
    ("REFRESH_TOKEN_EXPIRE_MINUTES", "60"),
    ("RATE_LIMIT", "off"),
];

/// `cargo xtask test --all` kills it twenty times.
fn kills() -> usize {
    env::var("EDGEGATE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4)
}

#[test]
fn what_was_answered_survives_a_kill() -> Result<()> {
    let _workers = Workers::lock()?;
    let killed = Killed::prepare()?;
    let mut answered = [0; WRITES];
    for round in 0..kills() {
        let done = killed.round(round)?;
        killed.check(round, &done).with_context(|| format!("after kill {}", round + 1))?;
        let Done { signed_up, logged_in, logged_out, rotations, passwords, .. } = done;
        let counts = [signed_up.len(), logged_in.len(), logged_out.len(), rotations, passwords];
        answered = std::array::from_fn(|at| answered[at] + counts[at]);
    }
    println!(
        "answered before {} kills: sign-ups, logins with a re-hash, logouts, rotations, new passwords: {answered:?}",
        kills()
    );
    ensure!(answered.iter().all(|count| *count >= kills()), "few writes before the kills: {answered:?}");
    // Each address is there once, and no account is half-made.
    let counts = wrangler::execute(
        &killed.database,
        "SELECT COUNT(*) - COUNT(DISTINCT lower(email)) AS doubled, SUM(length(password) <> 60) AS broken FROM users;",
    )?;
    ensure!(counts.contains(r#""doubled": 0"#) && counts.contains(r#""broken": 0"#), "{counts}");
    Ok(())
}

/// The bundled Worker and its database.
struct Killed {
    dir: PathBuf,
    database: PathBuf,
}

/// The writes of a round, which go on until the kill.
#[derive(Default)]
struct Traffic {
    ended: AtomicBool,
    answered: [AtomicUsize; WRITES],
}

/// The place of a kind of write in [`Traffic::answered`].
#[derive(Clone, Copy)]
enum Write {
    SignUp,
    Login,
    Logout,
    Rotation,
    Password,
}

/// How many kinds there are.
const WRITES: usize = 5;

impl Traffic {
    fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::SeqCst)
    }

    fn answered(&self, write: Write) {
        self.answered[write as usize].fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until a write of each kind was answered. A busy machine takes seconds for that.
    fn flows(&self) -> Result<()> {
        let begin = Instant::now();
        while self.answered.iter().any(|count| count.load(Ordering::SeqCst) == 0) {
            ensure!(begin.elapsed() < Duration::from_secs(60), "no write of some kind: {:?}", self.answered);
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// What was answered before the kill, and what was under way.
#[derive(Default)]
struct Done {
    signed_up: Vec<String>,
    signing_up: Vec<String>,
    logged_in: Vec<String>,
    logged_out: Vec<Tokens>,
    /// The last tokens of each session that was rotated.
    rotated: Vec<Tokens>,
    /// How often they were.
    rotations: usize,
    /// How many passwords of the user [`changing`] were answered.
    passwords: usize,
}

impl Killed {
    fn prepare() -> Result<Self> {
        let dir = paths::state().join("e2e/killed");
        let database = dir.join("database");
        fs::create_dir_all(&dir)?;
        wrangler::migrate_by_copy(&database)?;
        let users = (0..kills()).flat_map(|round| (0..REHASHED).map(move |number| old(round, number)));
        let rows: Vec<_> = users.map(|email| format!("('{email}', '{OLD_HASH}')")).collect();
        wrangler::execute(&database, &format!("INSERT INTO users (email, password) VALUES {};", rows.join(", ")))?;
        let out = dir.join("bundle").display().to_string();
        wrangler::wrangler(&["deploy", "--dry-run", "--outdir", &out]).output()?;
        Ok(Self { dir, database })
    }

    fn start(&self, name: &str) -> Result<(Server, SocketAddr)> {
        let bundle = Bundle { dir: &self.dir.join("bundle"), persist_to: &self.database, vars: &VARS, nodejs: false };
        bundle.start(&self.dir.join(format!("{name}.log")))
    }

    /// Sends writes until workerd is killed.
    fn round(&self, round: usize) -> Result<Done> {
        let (mut server, addr) = self.start(&format!("{round}-killed"))?;
        let sessions = (0..2).map(|number| begin(&addr, &format!("session{round}.{number}@killed.example.org")));
        let sessions = sessions.collect::<Result<Vec<_>>>()?;
        expect(&register(&addr, &changing(round), &password(0))?, 201)?;
        let changing = parse(&login(&addr, &form(&changing(round), &password(0)))?)?;
        let traffic = &Traffic::default();
        thread::scope(|scope| {
            let sign_ups: Vec<_> = (0..2)
                .map(|thread| scope.spawn(move || sign_up(&addr, &format!("{round}.{thread}"), traffic)))
                .collect();
            let rotations: Vec<_> =
                sessions.into_iter().map(|tokens| scope.spawn(move || rotate(&addr, tokens, traffic))).collect();
            let logins = scope.spawn(move || log_in(&addr, round, traffic));
            let logouts = scope.spawn(move || log_out(&addr, round, traffic));
            let passwords = scope.spawn(move || change_passwords(&addr, changing, traffic));
            let flows = traffic.flows();
            // Another moment each time.
            thread::sleep(Duration::from_millis(u64::try_from(round)? * 67 % 400));
            Sh::new("kill").args(["-KILL", &server.workerd()?.to_string()]).output()?;
            traffic.ended.store(true, Ordering::SeqCst);
            let mut done = Done::default();
            for thread in sign_ups {
                let (signed_up, signing_up) = thread.join().map_err(|_| anyhow!("a thread panicked"))??;
                done.signed_up.extend(signed_up);
                done.signing_up.extend(signing_up);
            }
            for thread in rotations {
                let (tokens, rotations) = thread.join().map_err(|_| anyhow!("a thread panicked"))??;
                done.rotated.push(tokens);
                done.rotations += rotations;
            }
            done.logged_in = logins.join().map_err(|_| anyhow!("a thread panicked"))??;
            done.logged_out = logouts.join().map_err(|_| anyhow!("a thread panicked"))??;
            done.passwords = passwords.join().map_err(|_| anyhow!("a thread panicked"))??;
            flows?;
            Ok(done)
        })
    }

    fn check(&self, round: usize, done: &Done) -> Result<()> {
        let (_server, addr) = self.start(&format!("{round}-checked"))?;
        for email in &done.signed_up {
            expect(&log_in_as(&addr, email)?, 200).with_context(|| format!("{email} has signed up"))?;
        }
        for email in &done.signing_up {
            let status = register(&addr, email, PASSWORD)?.status;
            ensure!([201, 409].contains(&status), "{email}: {status}");
            expect(&log_in_as(&addr, email)?, 200).with_context(|| format!("{email} was signing up"))?;
        }
        for email in &done.logged_in {
            expect(&log_in_as(&addr, email)?, 200).with_context(|| format!("{email} has another hash"))?;
        }
        for Tokens { access, .. } in &done.logged_out {
            expect(&me(&addr, access)?, 401).context("a token that was revoked")?;
        }
        // The change that was under way may have happened or not: one of two passwords is right.
        let [before, last, next] = [done.passwords.checked_sub(1), Some(done.passwords), done.passwords.checked_add(1)]
            .map(|number| number.map(|number| login(&addr, &form(&changing(round), &password(number)))).transpose());
        let statuses = [last?, next?].map(|response| response.map(|response| response.status));
        ensure!([[Some(200), Some(403)], [Some(403), Some(200)]].contains(&statuses), "new passwords: {statuses:?}");
        ensure!(before?.is_none_or(|response| response.status == 403), "an old password is right");
        for tokens in &done.rotated {
            // The rotation that was under way may have happened or not.
            let next = parse(&refresh(&addr, &tokens.refresh)?).context("the last refresh token that was answered")?;
            let last = parse(&refresh(&addr, &next.refresh)?).context("the one after it")?;
            let listed = json(&with_token(&addr, "GET", "/me/sessions", &last.access)?)?;
            ensure!(listed.as_array().is_some_and(|sessions| sessions.len() == 1), "{listed}");
        }
        Ok(())
    }
}

fn old(round: usize, number: usize) -> String {
    format!("old{round}.{number}@killed.example.org")
}

fn log_in_as(addr: &SocketAddr, email: &str) -> Result<testkit::http::Response> {
    login(addr, &format!("username={email}&password={}", PASSWORD.replace(' ', "+")))
}

/// The user who changes the password again and again.
fn changing(round: usize) -> String {
    format!("changing{round}@killed.example.org")
}

fn password(number: usize) -> String {
    format!("password-{number}")
}

fn form(email: &str, password: &str) -> String {
    format!("username={email}&password={password}")
}

/// How many new passwords were answered.
fn change_passwords(addr: &SocketAddr, mut tokens: Tokens, traffic: &Traffic) -> Result<usize> {
    for number in 0.. {
        let body = serde_json::json!({ "current_password": password(number), "new_password": password(number + 1) });
        let authorization = format!("Bearer {}", tokens.access);
        let headers = [JSON, ("authorization", authorization.as_str())];
        match send(addr, "PATCH", "/me/password", &headers, &body.to_string()) {
            Ok(response) if response.status == 200 => {
                tokens = parse(&response)?;
                traffic.answered(Write::Password);
            }
            Ok(response) if traffic.goes_on() => expect(&response, 200)?,
            _ => return Ok(number),
        }
    }
    Ok(0)
}

fn begin(addr: &SocketAddr, email: &str) -> Result<Tokens> {
    expect(&register(addr, email, PASSWORD)?, 201)?;
    parse(&log_in_as(addr, email)?)
}

/// Those that were answered, and the one that was not.
fn sign_up(addr: &SocketAddr, name: &str, traffic: &Traffic) -> Result<(Vec<String>, Option<String>)> {
    let mut done = Vec::new();
    for number in 0.. {
        let email = format!("new{name}.{number}@killed.example.org");
        // Without an answer, it was killed.
        let Ok(response) = register(addr, &email, PASSWORD) else { return Ok((done, Some(email))) };
        if !traffic.goes_on() {
            return Ok((done, Some(email)));
        }
        expect(&response, 201)?;
        traffic.answered(Write::SignUp);
        done.push(email);
    }
    Ok((done, None))
}

/// The last tokens that were answered, and how many were.
fn rotate(addr: &SocketAddr, mut tokens: Tokens, traffic: &Traffic) -> Result<(Tokens, usize)> {
    let mut rotations = 0;
    while let Ok(response) = refresh(addr, &tokens.refresh) {
        match parse(&response) {
            Ok(next) => {
                (tokens, rotations) = (next, rotations + 1);
                traffic.answered(Write::Rotation);
            }
            Err(error) if traffic.goes_on() => return Err(error),
            Err(_) => break,
        }
    }
    Ok((tokens, rotations))
}

/// Those whose login was tried. The new hash is stored after the password was checked.
fn log_in(addr: &SocketAddr, round: usize, traffic: &Traffic) -> Result<Vec<String>> {
    let mut tried = Vec::new();
    for number in 0..REHASHED {
        tried.push(old(round, number));
        match log_in_as(addr, &old(round, number)) {
            Ok(response) if traffic.goes_on() => {
                expect(&response, 200)?;
                traffic.answered(Write::Login);
            }
            _ => break,
        }
    }
    Ok(tried)
}

/// The tokens whose revocation was answered.
fn log_out(addr: &SocketAddr, round: usize, traffic: &Traffic) -> Result<Vec<Tokens>> {
    let mut done = Vec::new();
    for number in 0.. {
        let Ok(tokens) = begin(addr, &format!("out{round}.{number}@killed.example.org")) else { break };
        match with_token(addr, "POST", "/logout", &tokens.access) {
            Ok(response) if response.status == 204 => {
                traffic.answered(Write::Logout);
                done.push(tokens);
            }
            Ok(response) if traffic.goes_on() => expect(&response, 204)?,
            _ => break,
        }
    }
    Ok(done)
}
