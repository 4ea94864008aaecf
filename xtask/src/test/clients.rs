//! Clients generated from `/openapi.json` of running Workers: tests/clients.

use std::{fs, thread};

use anyhow::{Result, anyhow};
use serde_json::json;
use testkit::{
    paths,
    sh::Sh,
    worker::{Worker, WorkerOptions},
    wrangler,
};

use super::{Outcome, counts::judge};
use crate::{steps::npm, venv::Venv};

const BARE: [(&str, &str); 5] = [
    ("SECRET_KEY", "a secret of the tests of clients, 32 bytes or more"),
    ("BCRYPT_COST", "10"),
    ("LOCKOUT", "off"),
    ("REGISTRATION", "open"),
    ("DOCS", "on"),
];

const ALL: [(&str, &str); 8] = [
    ("PASSWORD_CHANGE", "on"),
    ("PASSWORD_RECOVERY", "on"),
    ("EMAIL_VERIFICATION", "on"),
    ("ACCOUNT_DELETION", "on"),
    ("REFRESH_TOKEN_EXPIRE_MINUTES", "60"),
    ("REVOCATION", "on"),
    ("FRONTEND_HOST", "http://127.0.0.1"),
    ("MAIL", "console"),
];

/// The stage of `cargo xtask test`.
pub(super) fn check() -> Result<Outcome> {
    if Sh::new("python3").args(["-c", "import ensurepip, venv"]).output().is_err() {
        return Ok(Outcome::NotRun("no python3 with venv here: apt-get install python3 python3-venv".into()));
    }
    let folder = paths::root().join("tests/clients");
    let venv = Venv { dir: paths::root().join("target/clients-venv"), requirements: folder.join("requirements.txt") };
    venv.install(&["python3"], "Python ")?;
    npm::install_in("tests/clients")?;

    let databases = paths::state().join("clients");
    if databases.exists() {
        fs::remove_dir_all(&databases)?;
    }
    // Together: each takes seconds.
    let workers: [Result<Worker>; 2] = thread::scope(|scope| {
        [("bare", BARE.to_vec()), ("all", [&BARE[..], &ALL].concat())]
            .map(|(name, vars)| {
                let database = databases.join(name);
                scope.spawn(move || {
                    wrangler::migrate_by_copy(&database)?;
                    Worker::start_migrated(WorkerOptions::test(database, &vars))
                })
            })
            .map(|started| started.join().unwrap_or_else(|_| Err(anyhow!("the start of a Worker panicked"))))
    });
    let [bare, all] = workers;
    let (bare, all) = (bare?, all?);
    let url = |worker: &Worker| format!("http://{}", worker.addr());
    let given = json!({ "urls": { "bare": url(&bare), "all": url(&all) }, "python": venv.dir });
    let tests = Sh::node_tool("node").args(["--test"]).dir(&folder).env("EDGEGATE_CLIENTS", given.to_string());
    let (succeeded, output) = tests.tee()?;
    if !succeeded {
        [bare, all].iter().for_each(|worker| println!("{}", worker.log()));
    }
    Ok(judge(succeeded, &output))
}
