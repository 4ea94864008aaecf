//! A private PostgreSQL server for tests, reached by a Unix socket only.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use crate::{paths, process::Group, sh::Sh};

/// Time limit for the start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The user that Debian's package makes. PostgreSQL refuses to run as root.
const USER: &str = "postgres";

/// A running server with the database and the superuser `postgres`; dropping it ends it and deletes its data.
#[derive(Debug)]
pub struct Postgres {
    // Before the folder, so that the server ends first.
    group: Group,
    folder: TempDir,
}

impl Postgres {
    /// The server of this test program: the tests that run at the same time share one.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn shared() -> Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// Creates a cluster and starts it.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self> {
        let programs = programs().context("PostgreSQL is missing: apt-get install postgresql")?;
        let folder = tempfile::tempdir()?;
        if geteuid().is_root() {
            let user = User::from_name(USER)?.with_context(|| format!("there is no user `{USER}`"))?;
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let data = folder.path().join("data").display().to_string();
        run(&programs.join("initdb"), folder.path())
            .args([
                "-D",
                &data,
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ])
            .output()?;
        let log = folder.path().join("log");
        let socket = folder.path().display().to_string();
        let fast = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"];
        let server = run(&programs.join("postgres"), folder.path());
        let server = server.args(["-D", &data, "-k", &socket, "-c", "listen_addresses="]).args(fast);
        let group = server.spawn(Stdio::null(), fs::File::create(&log)?.into())?;
        let mut started = Self { group, folder };
        started.wait_until_ready(&log)?;
        Ok(started)
    }

    /// The URL of this database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@localhost/{database}?host={}", self.folder.path().display())
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if text.contains("ready to accept connections") {
                return Ok(());
            }
            if self.group.ended()?.is_some() || Instant::now() > deadline {
                bail!("PostgreSQL did not start:\n{text}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The program, run as a user that is not root.
fn run(program: &Path, folder: &Path) -> Sh {
    let program = program.display().to_string();
    if !geteuid().is_root() {
        return Sh::new(program).dir(folder);
    }
    let user = [format!("--reuid={USER}"), format!("--regid={USER}"), "--init-groups".to_owned()];
    Sh::new("setpriv").args(user).args([program]).dir(folder)
}

/// The folder of `initdb` and `postgres`: that of the newest version that Debian has installed, or one on the search path.
fn programs() -> Option<PathBuf> {
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = versions.max_by_key(version).map(|folder| folder.join("bin"));
    newest.filter(|folder| folder.join("initdb").is_file()).or_else(|| Some(paths::which("initdb")?.parent()?.into()))
}
