//! Mails of the Worker: to a webhook, and to the console.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use testkit::{
    http::Response,
    paths,
    worker::{Worker, WorkerOptions},
    wrangler,
};

use crate::{
    broken::wait_for_log,
    client::{JSON, expect, expect_detail, login, me, register, send, text, token},
    workers::{Workers, database},
};

/// What a webhook gets.
struct Webhook {
    url: String,
    mails: Receiver<(String, Value)>,
}

impl Webhook {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/send", listener.local_addr()?);
        let (sender, mails) = channel();
        // It ends with the test program.
        thread::spawn(move || -> Result<()> {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream?);
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line)?;
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse()?;
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head += &line;
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body)?;
                reader
                    .into_inner()
                    .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
                sender.send((head, serde_json::from_slice(&body)?))?;
            }
            Ok(())
        });
        Ok(Self { url, mails })
    }

    /// The next mail, which comes after the answer.
    fn mail(&self) -> Result<(String, Value)> {
        self.mails.recv_timeout(Duration::from_secs(20)).context("no mail has come")
    }
}

fn link_token(link: &str) -> Result<&str> {
    Ok(link.split_once("?token=").context("the link has no token")?.1)
}

fn post(worker: &Worker, path: &str, body: &Value) -> Result<Response> {
    send(worker, "POST", path, &[JSON], &body.to_string())
}

#[test]
fn a_user_verifies_the_address_and_sets_a_new_password_by_mail() -> Result<()> {
    let _workers = Workers::lock()?;
    let (dir, webhook) = (database("mails"), Webhook::start()?);
    let vars = [
        ("SECRET_KEY", "a secret of the mails, 32 bytes or more"),
        ("REGISTRATION", "open"),
        ("BCRYPT_COST", "10"),
        ("RATE_LIMIT", "off"),
        ("ACCESS_LOG", "on"),
        ("PASSWORD_RECOVERY", "on"),
        ("EMAIL_VERIFICATION", "required"),
        ("ACCOUNT_DELETION", "on"),
        ("FRONTEND_HOST", "https://app.example.com"),
        ("MAIL_WEBHOOK", &webhook.url),
        ("MAIL_WEBHOOK_TOKEN", "the-token-of-the-webhook"),
    ];
    let worker = Worker::start(WorkerOptions::test(dir.clone(), &vars))?;
    expect(&register(&worker, "mailed@flow.example.org", "correct horse")?, 201)?;
    let (head, mail) = webhook.mail()?;
    ensure!(head.to_ascii_lowercase().contains("authorization: bearer the-token-of-the-webhook"), "{head}");
    ensure!(mail["kind"] == "email-verification" && mail["to"] == "mailed@flow.example.org", "{mail}");
    let log_in = |password: &str| login(&worker, &format!("username=mailed@flow.example.org&password={password}"));
    expect_detail(&log_in("correct+horse")?, 400, "Email not verified")?;
    let verification = link_token(mail["link"].as_str().context("no link")?)?.to_owned();
    expect(&post(&worker, "/verify-email", &json!({ "token": verification }))?, 200)?;
    expect_detail(&post(&worker, "/verify-email", &json!({ "token": verification }))?, 400, "Invalid token")?;
    let bearer = token(&log_in("correct+horse")?)?;

    let [known, unknown] = ["mailed@flow.example.org", "nobody@flow.example.org"]
        .map(|email| send(&worker, "POST", &format!("/password-recovery/{email}"), &[], ""));
    let (known, unknown) = (known?, unknown?);
    ensure!((known.status, text(&known)) == (200, text(&unknown)), "{}", text(&unknown));
    let (_, mail) = webhook.mail()?;
    ensure!(mail["kind"] == "password-recovery", "{mail}");
    let recovery = link_token(mail["link"].as_str().context("no link")?)?.to_owned();
    expect(&post(&worker, "/reset-password", &json!({ "token": recovery, "new_password": "a new secret" }))?, 200)?;
    expect(&log_in("correct+horse")?, 403)?;
    expect(&log_in("a+new+secret")?, 200)?;
    ensure!(webhook.mails.try_recv().is_err(), "one mail more");

    wrangler::execute(&dir, "UPDATE users SET is_active = 0;")?;
    expect_detail(&me(&worker, &bearer)?, 400, "Inactive user")?;
    wrangler::execute(&dir, "UPDATE users SET is_active = 1;")?;
    let authorization = format!("Bearer {bearer}");
    let headers = [JSON, ("authorization", authorization.as_str())];
    expect(&send(&worker, "DELETE", "/me", &headers, r#"{"current_password":"a new secret"}"#)?, 200)?;
    expect(&log_in("a+new+secret")?, 403)?;
    // wrangler's own lines have the path.
    let log = worker.log();
    let entries: Vec<_> = log.lines().filter(|line| line.contains(r#""source":"edgegate""#)).collect();
    let entries = entries.join("\n");
    ensure!(entries.contains("/password-recovery/{email}"), "{entries}");
    for secret in [verification.as_str(), &recovery, "@flow.example", "correct horse", "a new secret", "the token of"] {
        ensure!(!entries.contains(secret), "the log has {secret:?}");
    }
    Ok(())
}

/// The binding of Cloudflare's Email Service, as wrangler has it: it names the file into which it has written the mail.
#[test]
fn mails_are_sent_by_a_binding() -> Result<()> {
    let _workers = Workers::lock()?;
    let folder = "target/xtask/e2e-email";
    fs::create_dir_all(paths::root().join(folder))?;
    let config = json!({
        "name": "email",
        "main": paths::root().join("www/src/worker.ts"),
        "compatibility_date": "2026-11-01",
        "send_email": [{ "name": "EMAIL", "allowed_sender_addresses": ["login@example.org"] }],
        "d1_databases": [{
            "binding": "DB",
            "database_name": "edgegate",
            "database_id": "00000000-0000-0000-0000-000000000000",
        }],
    });
    fs::write(paths::root().join(folder).join("wrangler.json"), config.to_string())?;
    let dir = database("email");
    wrangler::migrate_by_copy(&dir)?;
    let vars = [
        ("SECRET_KEY", "a secret of the mails, 32 bytes or more"),
        ("REGISTRATION", "open"),
        ("BCRYPT_COST", "10"),
        ("EMAIL_VERIFICATION", "on"),
        ("FRONTEND_HOST", "https://app.example.com"),
        ("PROJECT_NAME", "Example"),
        ("MAIL_FROM", "login@example.org"),
    ];
    let options = WorkerOptions { folder, ..WorkerOptions::test(dir, &vars) };
    let worker = Worker::start_migrated(options)?;
    expect(&register(&worker, "bound@flow.example.org", "correct horse")?, 201)?;
    wait_for_log(&worker, "Example - Verify your e-mail address")?;
    let log = worker.log();
    let file = log.split_whitespace().find(|word| word.ends_with(".txt")).with_context(|| format!("no file: {log}"))?;
    let mail = fs::read_to_string(file)?;
    ensure!(mail.contains("https://app.example.com/verify-email?token="), "{mail}");
    for part in ["login@example.org", "bound@flow.example.org"] {
        ensure!(log.contains(part), "no {part}: {log}");
    }
    Ok(())
}

#[test]
fn in_development_mails_are_written_to_the_console() -> Result<()> {
    let _workers = Workers::lock()?;
    let vars = [
        ("SECRET_KEY", "a secret of the mails, 32 bytes or more"),
        ("REGISTRATION", "open"),
        ("BCRYPT_COST", "10"),
        ("EMAIL_VERIFICATION", "on"),
        ("FRONTEND_HOST", "http://127.0.0.1:8787"),
        ("MAIL", "console"),
    ];
    let worker = Worker::start(WorkerOptions::test(database("console"), &vars))?;
    expect(&register(&worker, "console@flow.example.org", "correct horse")?, 201)?;
    wait_for_log(&worker, "http://127.0.0.1:8787/verify-email?token=")
}

#[test]
fn without_a_way_to_send_mails_the_log_says_so() -> Result<()> {
    let _workers = Workers::lock()?;
    let vars = [
        ("SECRET_KEY", "a secret of the mails, 32 bytes or more"),
        ("PASSWORD_RECOVERY", "on"),
        ("FRONTEND_HOST", "https://app.example.com"),
    ];
    let worker = Worker::start(WorkerOptions::test(database("mailless"), &vars))?;
    expect(&login(&worker, "username=a@b.co&password=x")?, 500)?;
    wait_for_log(&worker, "need the option `sendMail`")
}
