//! The built Worker on workerd with a local D1 database, for `cargo xtask dev` and the end-to-end tests.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    paths,
    process::Group,
    wrangler::{WORKER, migrate_by_copy, wrangler},
};

/// Time limit for the start of a Worker.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// wrangler prints this when the Worker accepts requests.
const READY: &str = "Ready on http";

/// workerd and Node end with this message.
pub const PORT_TAKEN: &str = "ddress already in use";

/// How often a Worker without a given port is started while its port is taken.
const ATTEMPTS: u32 = 3;

/// How to start a Worker.
#[derive(Debug)]
pub struct WorkerOptions<'a> {
    /// The port on 127.0.0.1; `None` selects a free one.
    pub port: Option<u16>,
    /// The folder of the local database. Migrations are applied to it.
    pub persist_to: PathBuf,
    /// The settings; `None` uses those of `.dev.vars`.
    pub vars: Option<&'a [(&'a str, &'a str)]>,
    /// The folder of the Worker, from the root of the repository.
    pub folder: &'a str,
    /// Whether the output of the Worker after its start is also printed here.
    pub echo: bool,
}

impl<'a> WorkerOptions<'a> {
    /// A Worker for a test: a free port, its own database, only these settings, and no output.
    #[must_use]
    pub fn test(persist_to: PathBuf, vars: &'a [(&'a str, &'a str)]) -> Self {
        Self { port: None, persist_to, vars: Some(vars), folder: WORKER, echo: false }
    }
}

/// A running Worker; dropping it ends it.
#[derive(Debug)]
pub struct Worker {
    group: Group,
    addr: SocketAddr,
    log: Log,
}

impl Worker {
    /// Applies the migrations, starts the Worker and waits until it responds.
    ///
    /// # Errors
    /// When a migration fails, or the Worker does not start; the message contains its log.
    pub fn start(options: WorkerOptions<'_>) -> Result<Self> {
        migrate_by_copy(&options.persist_to)?;
        Self::start_migrated(options)
    }

    /// As [`Worker::start`], for a database that is already migrated.
    ///
    /// # Errors
    /// When the Worker does not start; the message contains its log.
    pub fn start_migrated(options: WorkerOptions<'_>) -> Result<Self> {
        // Another process may take a free port before workerd does.
        for _ in 1..ATTEMPTS {
            match Self::start_once(&options) {
                Err(error) if options.port.is_none() && format!("{error:#}").contains(PORT_TAKEN) => {}
                started => return started,
            }
        }
        Self::start_once(&options)
    }

    fn start_once(options: &WorkerOptions<'_>) -> Result<Self> {
        let port = options.port.map_or_else(free_port, Ok)?;
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let persist_to = options.persist_to.display().to_string();
        let mut args = vec!["dev", "--local", "--ip", "127.0.0.1", "--persist-to", &persist_to];
        let (port, inspector) = (port.to_string(), free_port()?.to_string());
        args.extend(["--port", &port, "--inspector-port", &inspector, "--show-interactive-dev-session=false"]);
        let env_file;
        if let Some(vars) = options.vars {
            env_file = write_vars(&options.persist_to, vars)?;
            args.extend(["--env-file", &env_file]);
        }
        let mut group =
            wrangler(&args).dir(paths::root().join(options.folder)).spawn(Stdio::piped(), Stdio::piped())?;
        let log = Log::default();
        log.follow(group.leader().stdout.take(), options.echo);
        log.follow(group.leader().stderr.take(), options.echo);
        let mut worker = Self { group, addr, log };
        worker.wait_until_ready()?;
        Ok(worker)
    }

    /// Its address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its output so far: wrangler's own lines and the Worker's console.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lines().join("\n")
    }

    /// Checks that the Worker is still running.
    ///
    /// # Errors
    /// When it has ended, with its log.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.group.ended()? {
            None => Ok(()),
            Some(status) => bail!("the Worker ended ({status}):\n{}", self.log()),
        }
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while !self.log.lines().iter().any(|line| line.contains(READY)) {
            self.check_alive()?;
            if Instant::now() > deadline {
                bail!("the Worker was not ready after {} s:\n{}", START_TIMEOUT.as_secs(), self.log());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn follow(&self, pipe: Option<impl Read + Send + 'static>, echo: bool) {
        let (log, Some(pipe)) = (self.clone(), pipe) else { return };
        thread::spawn(move || {
            let mut up = false;
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if echo && up && !line.trim().is_empty() {
                    println!("{line}");
                }
                let mut lines = log.0.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(line);
                up = up || lines.iter().any(|line| line.contains(READY));
            }
        });
    }
}

/// A free port on 127.0.0.1. It is below those that the system gives, one of which a program may take for itself before it listens
/// here.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    let ports = std::iter::repeat_with(|| 20_000 + RandomState::new().hash_one(()) % 12_000).take(100);
    let mut ports = ports.filter_map(|port| u16::try_from(port).ok());
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).context("no free port")
}

/// wrangler reads this file instead of `.dev.vars`, so a setting that is not in it is unset.
fn write_vars(dir: &Path, vars: &[(&str, &str)]) -> Result<String> {
    fs::create_dir_all(dir)?;
    let file = dir.join("vars.env");
    fs::write(&file, env_file(vars)?)?;
    Ok(file.display().to_string())
}

fn env_file(vars: &[(&str, &str)]) -> Result<String> {
    let mut text = String::new();
    for (name, value) in vars {
        if value.contains(['\'', '\n']) {
            bail!("{name}: an env file cannot hold this value");
        }
        // dotenv-expand expands `$` even between single quotes.
        text.push_str(&format!("{name}='{}'\n", value.replace('$', "\\$")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::env_file;

    #[test]
    fn a_setting_is_quoted_and_one_that_cannot_be_is_refused() {
        assert_eq!(env_file(&[("SECRET_KEY", "a$b c")]).ok().as_deref(), Some("SECRET_KEY='a\\$b c'\n"));
        assert!(env_file(&[("SECRET_KEY", "it's")]).is_err());
    }
}
