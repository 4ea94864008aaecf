//! `cargo xtask dev`: builds everything, starts the Worker and creates a demo user.

use std::{
    fs::{self, File, OpenOptions},
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
    worker::{Worker, WorkerOptions, free_port},
    wrangler::{self, WORKER},
};

use crate::{build, next::Advice};

const DEMO_EMAIL: &str = "demo@example.com";
const DEMO_PASSWORD: &str = "correct horse battery staple";

/// Build everything and serve the Worker on http://127.0.0.1:8787 with a local database and a demo user
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The folder of the Worker, for tests
    #[arg(long, hide = true, default_value = WORKER)]
    worker: String,
}

const FIRST_RUN: &str = "\
The first run takes five to ten minutes on two cores, most of it for compiling. Later runs do only what has changed, and take some seconds.
It needs a connection to the registries of Rust and npm, and writes into this folder only, besides the caches of cargo and npm and the wasm
target of Rust. At the end it prints the address of the page, and opens nothing.
";

/// Runs the command until Ctrl-C or an error.
///
/// # Errors
/// Those of the steps, and an error if the Worker ends.
pub(crate) fn run(args: &Args) -> Result<()> {
    check_port(args.port)?;
    // Nothing was built here before.
    let is_first = !paths::root().join("pkg/dist").exists();
    if is_first {
        println!("{FIRST_RUN}");
    }
    let mut progress = Progress::new(build::STEPS + 4).explaining(is_first);
    build::steps(&mut progress)?;
    progress.explained(
        "Random secrets in www/.dev.vars",
        "wrangler dev reads the settings there: a fresh SECRET_KEY, and everything that the page can show. It stays on this machine.",
        || write_dev_vars(args),
    )?;
    progress.explained(
        "D1 migrations on the local database",
        "Into www/.wrangler/state: a file of SQLite with the tables of www/migrations. Some seconds.",
        || migrate(&args.worker),
    )?;
    let mut worker = None;
    progress.explained("The Worker on workerd", "wrangler dev, on 127.0.0.1 only. Some seconds.", || {
        worker = Some(Worker::start_migrated(WorkerOptions {
            port: Some(args.port),
            persist_to: database(&args.worker),
            vars: None,
            folder: &args.worker,
            echo: true,
        })?);
        Ok(Did::Work)
    })?;
    let mut worker = worker.context("the Worker did not start")?;
    progress.explained("The demo user", "By POST /users, as anybody signs up.", || create_demo_user(&worker))?;
    print_what_to_paste(args, &progress);

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
        Err(error) => bail!(Advice {
            what: format!(
                "port {port} on 127.0.0.1 cannot be used ({error}): end the program that uses it, or choose another"
            ),
            next: format!("cargo xtask dev --port {}", free_port()?),
        }),
    }
}

fn write_dev_vars(Args { port, worker }: &Args) -> Result<Did> {
    let file = dev_vars(worker);
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
         # The API docs, on /docs and /openapi.json.\n\
         DOCS=on\n\
         # What users do by mail. Mails are written to the console.\n\
         PASSWORD_CHANGE=on\nPASSWORD_RECOVERY=on\nEMAIL_VERIFICATION=on\nACCOUNT_DELETION=on\n\
         FRONTEND_HOST=http://127.0.0.1:{port}\nMAIL=console"
    )?;
    Ok(Did::Work)
}

fn dev_vars(worker: &str) -> std::path::PathBuf {
    paths::root().join(worker).join(".dev.vars")
}

fn database(worker: &str) -> std::path::PathBuf {
    paths::root().join(worker).join(".wrangler/state")
}

fn migrate(worker: &str) -> Result<Did> {
    if worker != WORKER {
        return wrangler::migrate(&database(worker)).map(|()| Did::Work);
    }
    let stamp = wrangler::migrations_stamp("migrations", "www/.wrangler/state/v3/d1");
    stamp.unless_unchanged(|| wrangler::migrate(&database(worker)))
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
        403 => bail!(Advice {
            what: "the demo user cannot be created: www/.dev.vars does not set REGISTRATION=open. Add this line, or remove the file: \
                   the next run writes another one"
                .to_owned(),
            next: "cargo xtask dev".to_owned(),
        }),
        status => bail!("POST /users answered {status} {}\n{}", String::from_utf8_lossy(&response.body), worker.log()),
    }
}

fn print_what_to_paste(Args { port, worker }: &Args, progress: &Progress) {
    let url = format!("http://127.0.0.1:{port}");
    let login = format!("curl -s {url}/login -d 'username={DEMO_EMAIL}' -d 'password={DEMO_PASSWORD}'");
    println!("\nready after {}\n", seconds(progress.elapsed()));
    let has_docs = fs::read_to_string(dev_vars(worker)).is_ok_and(|vars| vars.lines().any(|line| line == "DOCS=on"));
    let docs = if has_docs { format!("  API docs    {url}/docs\n") } else { String::new() };
    println!("  the page    {url}/\n{docs}  e-mail      {DEMO_EMAIL}\n  password    {DEMO_PASSWORD}\n");
    println!("Without the page, log in and use the token:\n\n  {login}\n");
    println!("  curl -s {url}/me -H \"Authorization: Bearer $({login} | cut -d'\"' -f4)\"\n");
    println!(
        "Settings are in www/.dev.vars, the Worker in www/src; wrangler loads both again when they change. `cargo xtask test` runs the tests.\n\
         Ctrl-C stops the server. Its log follows, with the mails that it would send."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_an_error_that_names_a_free_one() -> Result<()> {
        let used = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let error = check_port(used.local_addr()?.port()).expect_err("it is in use");
        let advice = error.downcast_ref::<Advice>().context("no advice")?;
        let port = advice.next.strip_prefix("cargo xtask dev --port ").context("another command")?;
        check_port(port.parse()?)
    }
}
