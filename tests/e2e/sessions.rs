//! Refresh tokens and logout, with a local D1.

use std::{collections::BTreeSet, fs, path::PathBuf, thread};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use testkit::{
    http::Response,
    paths,
    worker::{Worker, WorkerOptions},
    wrangler,
};

use crate::{
    client::{FORM, Listens, expect, expect_detail, json, login, me, register, send, text},
    flow::escape,
    workers::{Workers, database},
};

#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

const PASSWORD: &str = "the password of the sessions";

#[test]
fn each_use_of_a_refresh_token_returns_the_next() -> Result<()> {
    let workers = &*Workers::lock()?;
    let first = begin(workers, "rotation@sessions.example.org")?;
    let second = rotate(workers, &first)?;
    let third = rotate(workers, &second)?;
    ensure!(BTreeSet::from([&first.refresh, &second.refresh, &third.refresh]).len() == 3, "a token came twice");
    for Tokens { access, .. } in [&first, &second, &third] {
        expect(&me(&workers.keyed, access)?, 200)?;
    }
    let answer = refresh(&workers.keyed, &third.refresh)?;
    ensure!(answer.header("cache-control").as_deref() == Some("no-store"), "{answer:?}");
    let members = json(&answer)?;
    let names: BTreeSet<&str> = members.as_object().context("an object")?.keys().map(String::as_str).collect();
    ensure!(names == BTreeSet::from(["access_token", "expires_in", "refresh_token", "token_type"]), "{names:?}");
    ensure!(members["expires_in"] == 1800 && members["token_type"] == "bearer", "{names:?}");
    read(workers, &answer).map(drop)
}

#[test]
fn eight_concurrent_uses_get_the_same_next_token() -> Result<()> {
    let workers = &*Workers::lock()?;
    const CONNECTIONS: usize = 8;
    let mut tokens = begin(workers, "together@sessions.example.org")?;
    for _ in 0..3 {
        let current = &tokens;
        let answers = thread::scope(|scope| {
            let uses: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| rotate(workers, current))).collect();
            let joined = uses.into_iter().map(|one| one.join().map_err(|_| anyhow!("a thread panicked"))?);
            joined.collect::<Result<Vec<_>>>()
        })?;
        let different: BTreeSet<&str> = answers.iter().map(|tokens| tokens.refresh.as_str()).collect();
        ensure!(different.len() == 1, "{} different tokens came of one", different.len());
        for Tokens { access, .. } in &answers {
            expect(&me(&workers.keyed, access)?, 200)?;
        }
        tokens = answers.into_iter().next().context("answers")?;
    }
    Ok(())
}

#[test]
fn a_token_two_rotations_old_ends_its_session() -> Result<()> {
    let workers = &*Workers::lock()?;
    let email = "reuse@sessions.example.org";
    let first = begin(workers, email)?;
    let other = log_in(workers, email)?;
    let second = rotate(workers, &first)?;
    let third = rotate(workers, &second)?;
    expect_no_grant(&refresh(&workers.keyed, &first.refresh)?)?;
    for Tokens { refresh: token, .. } in [&third, &second, &first] {
        expect_no_grant(&refresh(&workers.keyed, token)?)?;
    }
    ensure!(count("sessions", &id_is(&first))? == 0, "the session is still there");
    rotate(workers, &other).map(drop)
}

#[test]
fn invalid_refresh_tokens_are_refused() -> Result<()> {
    let Workers { keyed, .. } = &*Workers::lock()?;
    let (id, secret) = ("A".repeat(22), "A".repeat(43));
    for token in ["x", ".", &format!("{id}.{secret}"), &format!("{id}.{secret}.{id}"), "a' OR 1=1 --.b.c"] {
        expect_no_grant(&refresh(keyed, token)?)?;
    }
    let missing = login(keyed, "grant_type=refresh_token")?;
    expect(&missing, 422)?;
    ensure!(json(&missing)?["detail"][0]["loc"][1] == "refresh_token", "{}", text(&missing));
    Ok(())
}

#[test]
fn a_logout_ends_every_token_and_a_new_login_works_at_once() -> Result<()> {
    let workers = &*Workers::lock()?;
    let keyed = &workers.keyed;
    let email = "logout@sessions.example.org";
    let bystander = begin(workers, "bystander@sessions.example.org")?;
    let (phone, laptop) = (begin(workers, email)?, log_in(workers, email)?);
    expect_detail(&log_out(keyed, "x")?, 401, "Could not validate credentials")?;
    let answer = log_out(keyed, &phone.access)?;
    expect(&answer, 204)?;
    ensure!(answer.body.is_empty() && answer.header("cache-control").as_deref() == Some("no-store"), "{answer:?}");
    let again = log_in(workers, email)?;
    expect(&me(keyed, &again.access)?, 200)?;
    for Tokens { access, refresh: token } in [&phone, &laptop] {
        expect_detail(&me(keyed, access)?, 401, "Could not validate credentials")?;
        expect_detail(&log_out(keyed, access)?, 401, "Could not validate credentials")?;
        expect_no_grant(&refresh(keyed, token)?)?;
    }
    expect(&me(keyed, &again.access)?, 200)?;
    rotate(workers, &again)?;
    expect(&me(keyed, &bystander.access)?, 200)?;
    rotate(workers, &bystander)?;
    // Even in the same second: the second logout revokes tokens issued after the first.
    let mut tokens = again;
    for _ in 0..3 {
        expect(&log_out(keyed, &tokens.access)?, 204)?;
        expect(&me(keyed, &tokens.access)?, 401)?;
        tokens = log_in(workers, email)?;
        expect(&me(keyed, &tokens.access)?, 200)?;
    }
    Ok(())
}

#[test]
fn a_deleted_user_has_no_session() -> Result<()> {
    let workers = &*Workers::lock()?;
    let email = "deleted@sessions.example.org";
    let tokens = begin(workers, email)?;
    ensure!(count("sessions", &id_is(&tokens))? == 1, "there is no session to delete");
    wrangler::execute(&database("keyed"), &format!("DELETE FROM users WHERE email = '{email}';"))?;
    ensure!(count("sessions", &id_is(&tokens))? == 0, "the session is still there");
    expect_no_grant(&refresh(&workers.keyed, &tokens.refresh)?)?;
    expect(&me(&workers.keyed, &tokens.access)?, 401)
}

#[test]
fn the_database_contains_no_refresh_token() -> Result<()> {
    let workers = &*Workers::lock()?;
    let tokens = begin(workers, "stored@sessions.example.org")?;
    let next = rotate(workers, &tokens)?;
    let rows = wrangler::execute(&database("keyed"), "SELECT * FROM sessions;")?;
    let (id, _) = next.refresh.split_once('.').context("a refresh token has three parts")?;
    ensure!(rows.contains(id), "the session is not in {rows}");
    let files: Vec<PathBuf> = paths::files_below(&database("keyed").join("v3/d1"));
    let contents = files.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
    ensure!(holds(&contents, id), "the session is in none of {files:?}");
    for token in workers.given() {
        let secret = token.split('.').nth(1).context("a refresh token has three parts")?;
        ensure!(!rows.contains(secret) && !holds(&contents, secret), "the database holds a refresh token");
    }
    Ok(())
}

#[test]
fn without_the_settings_there_is_no_logout_and_no_refresh() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let answer = login(good, "username=alice@example.com&password=correct+horse+battery+staple")?;
    expect(&answer, 200)?;
    let members = json(&answer)?;
    ensure!(members.as_object().is_some_and(|members| members.len() == 2), "{members}");
    let token = members["access_token"].as_str().context("a token")?;
    expect_detail(&log_out(good, token)?, 404, "Not Found")?;
    expect(&me(good, token)?, 200)?;
    let refused = refresh(good, &format!("{}.{}", "A".repeat(22), "A".repeat(43)))?;
    expect(&refused, 422)?;
    let kinds: Vec<Value> = json(&refused)?["detail"].as_array().context("a list")?.clone();
    let kinds: Vec<_> = kinds.iter().map(|entry| (entry["type"].as_str(), entry["loc"][1].as_str())).collect();
    let expected = [("string_pattern_mismatch", "grant_type"), ("missing", "username"), ("missing", "password")];
    ensure!(kinds == expected.map(|(kind, field)| (Some(kind), Some(field))), "{kinds:?}");
    Ok(())
}

#[test]
fn sessions_are_listed_and_ended() -> Result<()> {
    let workers = &*Workers::lock()?;
    let keyed = &workers.keyed;
    let email = "list@sessions.example.org";
    let (phone, laptop) = (begin(workers, email)?, log_in(workers, email)?);
    let id = |tokens: &Tokens| tokens.refresh.split('.').next().unwrap_or_default().to_owned();
    let answer = with_token(keyed, "GET", "/me/sessions", &phone.access)?;
    expect(&answer, 200)?;
    let listed: Vec<Value> = json(&answer)?.as_array().context("a list")?.clone();
    let ids: BTreeSet<_> = listed.iter().map(|session| session["id"].as_str().unwrap_or_default().to_owned()).collect();
    ensure!(ids == BTreeSet::from([id(&phone), id(&laptop)]), "{listed:?}");
    expect(&with_token(keyed, "DELETE", &format!("/me/sessions/{}", id(&laptop)), &phone.access)?, 204)?;
    expect_no_grant(&refresh(keyed, &laptop.refresh)?)?;
    let form = format!("token={}", escape(&phone.refresh));
    expect(&send(keyed, "POST", "/revoke", &[FORM], &form)?, 200)?;
    expect_no_grant(&refresh(keyed, &phone.refresh)?)
}

/// Over a database without the later migrations, and over one that has their first version.
#[test]
fn missing_migrations_are_applied() -> Result<()> {
    let _workers = Workers::lock()?;
    let first = fs::read_to_string(paths::root().join("www/migrations/0001_users.sql"))?;
    let old = "ALTER TABLE users ADD COLUMN tokens_valid_after INTEGER; \
               CREATE TABLE refresh_tokens (family TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id), \
               current TEXT NOT NULL, previous TEXT, rotated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL); \
               INSERT INTO d1_migrations (name) VALUES ('0002_tokens_valid_after.sql'), ('0003_refresh_tokens.sql'); \
               INSERT INTO refresh_tokens VALUES ('f', 1, 'c', NULL, 1, 9999999999);";
    for (name, later) in [("older", ""), ("old", old)] {
        let dir = database(name);
        fs::create_dir_all(&dir)?;
        let applied = "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, \
                       applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL); \
                       INSERT INTO d1_migrations (name) VALUES ('0001_users.sql');";
        let user = "INSERT INTO users (email, password) VALUES ('older@example.org', 'no hash');";
        wrangler::execute(&dir, &format!("{first}\n{applied}\n{user}\n{later}"))?;
        let vars = [
            ("SECRET_KEY", "another secret, 32 bytes or more"),
            ("REGISTRATION", "open"),
            ("REVOCATION", "on"),
            ("REFRESH_TOKEN_EXPIRE_MINUTES", "60"),
            ("BCRYPT_COST", "10"),
        ];
        let worker = Worker::start(WorkerOptions::test(dir.clone(), &vars))?;
        expect(&register(&worker, "OLDER@example.org", PASSWORD)?, 409)?;
        expect(&register(&worker, "newer@example.org", PASSWORD)?, 201)?;
        let tokens = parse(&login(&worker, &form("newer@example.org"))?)?;
        expect(&refresh(&worker, &tokens.refresh)?, 200)?;
        expect(&log_out(&worker, &tokens.access)?, 204)?;
    }
    Ok(())
}

/// Registers a user and logs in.
pub(crate) fn begin(workers: &Workers, email: &str) -> Result<Tokens> {
    expect(&register(&workers.keyed, email, PASSWORD)?, 201)?;
    log_in(workers, email)
}

fn log_in(workers: &Workers, email: &str) -> Result<Tokens> {
    read(workers, &login(&workers.keyed, &form(email))?)
}

fn rotate(workers: &Workers, tokens: &Tokens) -> Result<Tokens> {
    read(workers, &refresh(&workers.keyed, &tokens.refresh)?)
}

/// Remembers the refresh token, which must not appear in any log.
fn read(workers: &Workers, answer: &Response) -> Result<Tokens> {
    let tokens = parse(answer)?;
    workers.note(&tokens.refresh);
    Ok(tokens)
}

pub(crate) fn parse(answer: &Response) -> Result<Tokens> {
    expect(answer, 200)?;
    let members = json(answer)?;
    let member = |name: &str| members[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
    Ok(Tokens { access: member("access_token")?, refresh: member("refresh_token")? })
}

pub(crate) fn refresh(worker: &impl Listens, token: &str) -> Result<Response> {
    send(worker, "POST", "/login", &[FORM], &format!("grant_type=refresh_token&refresh_token={}", escape(token)))
}

fn log_out(worker: &Worker, token: &str) -> Result<Response> {
    with_token(worker, "POST", "/logout", token)
}

pub(crate) fn with_token(worker: &impl Listens, method: &str, path: &str, token: &str) -> Result<Response> {
    send(worker, method, path, &[("authorization", &format!("Bearer {token}"))], "")
}

fn form(email: &str) -> String {
    format!("username={}&password={}", escape(email), escape(PASSWORD))
}

fn expect_no_grant(answer: &Response) -> Result<()> {
    expect(answer, 400)?;
    ensure!(text(answer) == r#"{"error":"invalid_grant","detail":"Invalid refresh token"}"#, "{}", text(answer));
    Ok(())
}

fn id_is(tokens: &Tokens) -> String {
    format!("id = '{}'", tokens.refresh.split('.').next().unwrap_or_default())
}

fn count(table: &str, condition: &str) -> Result<u64> {
    let answer =
        wrangler::execute(&database("keyed"), &format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition};"))?;
    let answer: Value = serde_json::from_str(&answer)?;
    answer[0]["results"][0]["n"].as_u64().with_context(|| format!("no count in {answer}"))
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
