//! The Worker under test and the empty one, each in a workerd of its own.

use std::{fs, net::SocketAddr, path::PathBuf};

use anyhow::Result;
use testkit::{
    fixture::{self, Seed},
    paths,
    server::{Bundle, Server},
    usage, wrangler,
};

use super::memory::Sample;

/// Far above the longest run: a token that expires is no fault.
const LIFETIME_MINUTES: &str = "20160";

/// The id of the first user of a connection.
const FIRST_ID: u64 = 1_000_000_000;

/// Both Workers; dropping them ends them.
#[derive(Debug)]
pub(super) struct Workers {
    /// The address of ours.
    pub(super) ours: SocketAddr,
    /// The address of the empty one.
    pub(super) empty: SocketAddr,
    pids: [u32; 2],
    /// Dropped with the Workers.
    _servers: [Server; 2],
}

/// Bundles the Worker of `www` as it would be uploaded.
///
/// # Errors
/// When wrangler fails.
pub(super) fn bundle() -> Result<()> {
    let out = dir("ours").display().to_string();
    wrangler::wrangler(&["deploy", "--dry-run", "--outdir", &out]).output()?;
    fs::create_dir_all(dir("empty"))?;
    fs::copy(paths::root().join("bench/empty.js"), dir("empty").join("worker.js"))?;
    Ok(())
}

impl Workers {
    /// Starts both, ours with the users of the contract and one for each connection.
    ///
    /// # Errors
    /// When one does not start.
    pub(super) fn start(connections: u16) -> Result<Self> {
        let seed = fixture::seed()?;
        let database = dir("database");
        if database.exists() {
            fs::remove_dir_all(&database)?;
        }
        wrangler::migrate_by_copy(&database)?;
        wrangler::execute(&database, &(seed.sql() + &users(&seed, connections)))?;
        let vars = [
            ("SECRET_KEY", seed.secret_key.as_str()),
            ("REGISTRATION", "open"),
            ("PASSWORD_MIN_LENGTH", "1"),
            ("COMMON_PASSWORDS", "accept"),
            ("BCRYPT_COST", "10"),
            ("RATE_LIMIT", "off"),
            ("ACCESS_TOKEN_EXPIRE_MINUTES", LIFETIME_MINUTES),
            ("REFRESH_TOKEN_EXPIRE_MINUTES", LIFETIME_MINUTES),
        ];
        let start = |name: &str, vars: &[(&str, &str)]| {
            Bundle { dir: &dir(name), persist_to: &database, vars, nodejs: false }.start(&dir(name).join("worker.log"))
        };
        let (mut server, ours) = start("ours", &vars)?;
        let (mut empty_server, empty) = start("empty", &[])?;
        let pids = [server.workerd()?, empty_server.workerd()?];
        Ok(Self { ours, empty, pids, _servers: [server, empty_server] })
    }

    /// The resident memory of both.
    ///
    /// # Errors
    /// When one has ended.
    pub(super) fn memory(&self) -> Result<Sample> {
        let [ours, empty] = self.pids;
        Ok(Sample { ours: usage::memory(ours)?, empty: usage::memory(empty)? })
    }
}

/// The address of the user of a connection.
#[must_use]
pub(super) fn email(connection: u16) -> String {
    format!("user{connection}@soak.example.com")
}

/// They all have the password of the seed's first user. New users have ids after theirs, which no recorded token has.
fn users(seed: &Seed, connections: u16) -> String {
    let hash = seed.users.first().map(|user| user.password.as_str()).unwrap_or_default();
    let rows: Vec<_> = (0..connections)
        .map(|number| format!("({}, '{}', '{hash}')", FIRST_ID + u64::from(number), email(number)))
        .collect();
    format!("\nINSERT INTO users (id, email, password) VALUES {};", rows.join(", "))
}

fn dir(name: &str) -> PathBuf {
    paths::state().join("soak").join(name)
}
