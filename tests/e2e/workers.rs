//! The Workers under test.

use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use testkit::{
    fixture, paths,
    worker::{Worker, WorkerOptions},
    wrangler,
};

use crate::keys::Recorded;

/// Four Workers: two good ones, and two that are set up wrongly.
pub(crate) struct Workers {
    /// With the users of the contract fixtures, and registration open.
    pub(crate) good: Worker,
    /// The same, and with key pairs, refresh tokens and revocation.
    pub(crate) keyed: Worker,
    /// Without a `SECRET_KEY`.
    pub(crate) keyless: Worker,
    /// Without migrations, and with nothing set but the key.
    pub(crate) tableless: Worker,
    given: Mutex<Vec<String>>,
}

impl Workers {
    pub(crate) fn start() -> Result<Self> {
        let dir = paths::state().join("e2e");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        let seed = fixture::seed()?;
        let key = ("SECRET_KEY", seed.secret_key.as_str());
        let [good, keyed_dir] = ["good", "keyed"].map(database);
        for dir in [&good, &keyed_dir] {
            wrangler::migrate_by_copy(dir)?;
            wrangler::execute(dir, &insert(&seed))?;
        }
        let open = [key, ("REGISTRATION", "open"), ("BCRYPT_COST", "10")];
        let jwt_keys = Recorded::read()?.jwt_keys();
        let sessions = [("JWT_KEYS", jwt_keys.as_str()), ("REVOCATION", "on"), ("REFRESH_TOKEN_EXPIRE_MINUTES", "60")];
        Ok(Self {
            good: start(good, &open)?,
            keyed: start(keyed_dir, &[&open[..], &sessions].concat())?,
            keyless: start(database("keyless"), &[("REGISTRATION", "open")])?,
            tableless: start(database("tableless"), &[key])?,
            given: Mutex::default(),
        })
    }

    /// Takes note of a refresh token that was given.
    pub(crate) fn note(&self, refresh_token: &str) {
        self.noted().push(refresh_token.to_owned());
    }

    /// The refresh tokens that were given.
    pub(crate) fn given(&self) -> Vec<String> {
        self.noted().clone()
    }

    fn noted(&self) -> MutexGuard<'_, Vec<String>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the Worker of this name has its database.
pub(crate) fn database(name: &str) -> PathBuf {
    paths::state().join("e2e").join(name)
}

fn start(dir: PathBuf, vars: &[(&str, &str)]) -> Result<Worker> {
    Worker::start_migrated(WorkerOptions::test(dir, vars))
}

fn insert(seed: &fixture::Seed) -> String {
    let text = |value: &str| {
        let bytes: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("CAST(x'{bytes}' AS TEXT)")
    };
    let row = |user: &fixture::User| {
        format!("({}, {}, {}, {})", user.id, text(&user.email), text(&user.password), text(&user.created_at))
    };
    let rows: Vec<_> = seed.users.iter().map(row).collect();
    format!("INSERT INTO users (id, email, password, created_at) VALUES {};", rows.join(", "))
}
