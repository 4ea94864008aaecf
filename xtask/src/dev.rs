//! `cargo xtask dev`: builds everything, starts the Worker and creates a demo user.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::OpenOptionsExt,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use testkit::{
    http, paths,
    progress::{Did, Progress, seconds},
    worker::{Worker, WorkerOptions},
    wrangler::{self, WORKER},
};

use crate::build;

const DEMO_EMAIL: &str = "demo@example.com";
const DEMO_PASSWORD: &str = "correct horse battery staple";

/// Build everything and serve the Worker on http://127.0.0.1:8787 with a local database and a demo user
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
}

/// Runs the command until Ctrl-C or an error.
///
/// # Errors
/// Those of the steps, and an error if the Worker ends.
pub(crate) fn run(args: &Args) -> Result<()> {
    check_port(args.port)?;
    let mut progress = Progress::new(build::STEPS + 4);
    build::steps(&mut progress)?;
    progress.step("Random secrets in www/.dev.vars", write_dev_vars)?;
    progress.step("D1 migrations on the local database", migrate)?;
    let mut worker = None;
    progress.step("The Worker on workerd", || {
        worker = Some(Worker::start_migrated(WorkerOptions {
            port: Some(args.port),
            persist_to: database(),
            vars: None,
            folder: WORKER,
            echo: true,
        })?);
        Ok(Did::Work)
    })?;
    let mut worker = worker.context("the Worker did not start")?;
    progress.step("The demo user", || create_demo_user(&worker))?;
    print_what_to_paste(args.port, &progress);

    // Runs until Ctrl-C.
    loop {
        worker.check_alive()?;
        thread::sleep(Duration::from_millis(200));
    }
}

/// Checked first, because the first build takes minutes.
fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => bail!(
            "port {port} on 127.0.0.1 cannot be used ({error}). Choose another: cargo xtask dev --port {}",
            port ^ 1
        ),
    }
}

fn write_dev_vars() -> Result<Did> {
    let file = paths::root().join(WORKER).join(".dev.vars");
    if file.exists() {
        return Ok(Did::Nothing);
    }
    let mut key = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    // Readable by the owner only, because the key can sign any token.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(
        file,
        "SECRET_KEY={key}\nREGISTRATION=open\n\
         # Everything that the page shows.\n\
         REFRESH_TOKEN_EXPIRE_MINUTES=1440\nREVOCATION=on\n\
         # What users do by mail. Mails are written to the console.\n\
         PASSWORD_CHANGE=on\nPASSWORD_RECOVERY=on\nEMAIL_VERIFICATION=on\nACCOUNT_DELETION=on\n\
         FRONTEND_HOST=http://127.0.0.1:8787\nMAIL=console"
    )?;
    Ok(Did::Work)
}

fn database() -> std::path::PathBuf {
    paths::root().join(WORKER).join(".wrangler/state")
}

fn migrate() -> Result<Did> {
    let stamp = wrangler::migrations_stamp("migrations", "www/.wrangler/state/v3/d1");
    stamp.unless_unchanged(|| wrangler::migrate(&database()))
}

fn create_demo_user(worker: &Worker) -> Result<Did> {
    let body = format!(r#"{{"email":"{DEMO_EMAIL}","password":"{DEMO_PASSWORD}"}}"#);
    let request = http::Request {
        method: "POST".into(),
        path: "/users".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Some(body.into_bytes()),
    };
    let response = http::send(worker.addr(), &request)?;
    match response.status {
        201 => Ok(Did::Work),
        409 => Ok(Did::Nothing),
        403 => bail!("the demo user cannot be created: www/.dev.vars does not set REGISTRATION=open"),
        status => bail!("POST /users answered {status} {}\n{}", String::from_utf8_lossy(&response.body), worker.log()),
    }
}

fn print_what_to_paste(port: u16, progress: &Progress) {
    let url = format!("http://127.0.0.1:{port}");
    let login = format!("curl -s {url}/login -d 'username={DEMO_EMAIL}' -d 'password={DEMO_PASSWORD}'");
    println!("\nready on {url} after {}. Log the demo user in:\n", seconds(progress.elapsed()));
    println!("  {login}\n\nUse the token:\n");
    println!(
        "  curl -s {url}/me -H \"Authorization: Bearer $({login} | cut -d'\"' -f4)\"\n\nCtrl-C stops the server. Its log follows."
    );
}
