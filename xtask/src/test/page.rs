//! The page of the Worker in Chromium: tests/page.

use std::{fs, path::PathBuf, thread};

use anyhow::{Result, anyhow, bail};
use serde_json::json;
use testkit::{
    paths,
    sh::Sh,
    worker::{Worker, WorkerOptions, free_port},
    wrangler::{self, WORKER},
};

use super::{Outcome, counts::judge, stages::chromium};

const SECRET_KEY: &str = "a secret of the tests of the page, 32 bytes or more";

/// A Worker that has no binding, from the root of the repository.
const UNBOUND: &str = "tests/page/unbound";

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
        ("DOCS", "on"),
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
    let [key, weak] = [SECRET_KEY, "hunter2"].map(|secret| [("SECRET_KEY", secret)]);
    // Together: each takes seconds.
    let workers = thread::scope(|scope| {
        let whole = [("all", &all[..], Some(port)), ("bare", &[][..], None), ("invited", &invited[..], None)];
        let whole = whole.map(|(name, vars, port)| {
            let folder = folder.join(name);
            scope.spawn(move || start(folder, vars, port))
        });
        let broken = [
            ("keyless", WORKER, &[][..]),
            ("unbound", UNBOUND, &key[..]),
            ("tableless", WORKER, &key[..]),
            ("weak", WORKER, &weak[..]),
        ]
        .map(|(name, worker, vars)| {
            let options = WorkerOptions { folder: worker, ..WorkerOptions::test(folder.join(name), vars) };
            scope.spawn(move || Worker::start_migrated(options))
        });
        let started = whole.into_iter().chain(broken);
        let joined =
            started.map(|started| started.join().unwrap_or_else(|_| Err(anyhow!("the start of a Worker panicked"))));
        joined.collect::<Result<Vec<Worker>>>()
    })?;
    let [all, bare, invited, keyless, unbound, tableless, weak] = &workers[..] else {
        bail!("seven Workers were started")
    };
    let url = |worker: &Worker| format!("http://{}", worker.addr());
    let given = json!({
        "browser": browser,
        "all": url(all),
        "bare": url(bare),
        "invited": url(invited),
        "keyless": url(keyless),
        "unbound": url(unbound),
        "tableless": url(tableless),
        "weak": url(weak),
        "webhookPort": webhook,
        "secretKey": SECRET_KEY,
        "screenshots": screenshots,
    });
    let tests = Sh::node_tool("node")
        .args(["--test", "--test-concurrency=2", "tests/page/*.test.mts"])
        .env("EDGEGATE_PAGE", given.to_string());
    let (succeeded, output) = tests.tee()?;
    if !succeeded {
        workers.iter().for_each(|worker| println!("{}", worker.log()));
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
