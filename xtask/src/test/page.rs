//! The page of the Worker in Chromium: tests/page.

use std::{fs, path::PathBuf, thread};

use anyhow::{Result, anyhow};
use serde_json::json;
use testkit::{
    paths,
    sh::Sh,
    worker::{Worker, WorkerOptions, free_port},
    wrangler,
};

use super::{Outcome, counts::judge, stages::chromium};

const SECRET_KEY: &str = "a secret of the tests of the page, 32 bytes or more";

/// A user of the Worker that lets nobody sign up, with the password `correct horse battery`.
const USER: &str = "INSERT INTO users (email, password) VALUES \
    ('ada@example.org', '$2b$10$7elpkUGUkDdKcEFMdbA/Zet.qb8NQ/H8WhbeU/NQg4dADRAs8lXSu');";

/// The stage of `cargo xtask test`.
pub(super) fn check() -> Result<Outcome> {
    let Some(browser) = chromium() else {
        return Ok(Outcome::NotRun("no Chromium here: apt-get install chromium".into()));
    };
    let (port, webhook) = (free_port()?, free_port()?);
    let (origin, webhook) = (format!("http://127.0.0.1:{port}"), webhook.to_string());
    let mails = format!("http://127.0.0.1:{webhook}/");
    let all = [
        ("REGISTRATION", "open"),
        ("RATE_LIMIT", "off"),
        ("PASSWORD_CHANGE", "on"),
        ("PASSWORD_RECOVERY", "on"),
        ("EMAIL_VERIFICATION", "on"),
        ("ACCOUNT_DELETION", "on"),
        ("REFRESH_TOKEN_EXPIRE_MINUTES", "60"),
        ("REVOCATION", "on"),
        ("FRONTEND_HOST", &origin),
        ("MAIL_WEBHOOK", &mails),
    ];
    let invited = [
        ("REGISTRATION", "invitation"),
        ("EMAIL_VERIFICATION", "required"),
        ("REFRESH_TOKEN_EXPIRE_MINUTES", "60"),
        ("TOKEN_COOKIE", "on"),
        ("FRONTEND_HOST", &origin),
        ("MAIL_WEBHOOK", &mails),
    ];
    let (folder, screenshots) = (paths::state().join("page"), paths::root().join("target/screenshots"));
    // A screenshot of an earlier run would seem to be of this one.
    for old in [&folder, &screenshots].into_iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(old)?;
    }
    let bare = folder.join("bare");
    wrangler::migrate_by_copy(&bare)?;
    wrangler::execute(&bare, USER)?;
    // Together: each takes seconds.
    let workers: [Result<Worker>; 3] = thread::scope(|scope| {
        [("all", &all[..], Some(port)), ("bare", &[][..], None), ("invited", &invited[..], None)]
            .map(|(name, vars, port)| {
                let folder = folder.join(name);
                scope.spawn(move || start(folder, vars, port))
            })
            .map(|started| started.join().unwrap_or_else(|_| Err(anyhow!("the start of a Worker panicked"))))
    });
    let [all, bare, invited] = workers;
    let (all, bare, invited) = (all?, bare?, invited?);
    let url = |worker: &Worker| format!("http://{}", worker.addr());
    let given = json!({
        "browser": browser,
        "all": url(&all),
        "bare": url(&bare),
        "invited": url(&invited),
        "webhookPort": webhook,
        "secretKey": SECRET_KEY,
        "screenshots": screenshots,
    });
    let tests = Sh::node_tool("node")
        .args(["--test", "--test-concurrency=2", "tests/page/*.test.mts"])
        .env("EDGEGATE_PAGE", given.to_string());
    let (succeeded, output) = tests.tee()?;
    if !succeeded {
        [all, bare, invited].iter().for_each(|worker| println!("{}", worker.log()));
    }
    Ok(judge(succeeded, &output))
}

fn start(folder: PathBuf, vars: &[(&str, &str)], port: Option<u16>) -> Result<Worker> {
    let shared = [("SECRET_KEY", SECRET_KEY), ("BCRYPT_COST", "10"), ("LOCKOUT", "off")];
    let vars = [&shared[..], vars].concat();
    if !folder.exists() {
        wrangler::migrate_by_copy(&folder)?;
    }
    Worker::start_migrated(WorkerOptions { port, ..WorkerOptions::test(folder, &vars) })
}
