//! The Workers under test.

use std::{fs, path::PathBuf};

use anyhow::Result;
use xtask::{
    fixture, paths,
    worker::{Worker, WorkerOptions},
    wrangler,
};

/// Three Workers: a good one, and two that are set up wrongly.
pub(crate) struct Workers {
    /// With the users of the contract fixtures, and registration open.
    pub(crate) good: Worker,
    /// Without a `SECRET_KEY`.
    pub(crate) keyless: Worker,
    /// Without migrations, and with nothing set but the key.
    pub(crate) tableless: Worker,
}

impl Workers {
    pub(crate) fn start() -> Result<Self> {
        let dir = paths::state().join("e2e");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        let seed = fixture::seed()?;
        let key = ("SECRET_KEY", seed.secret_key.as_str());
        let good = dir.join("good");
        wrangler::migrate(&good)?;
        wrangler::execute(&good, &insert(&seed))?;
        let open = [key, ("REGISTRATION", "open"), ("BCRYPT_COST", "10")];
        Ok(Self {
            good: start(good, &open)?,
            keyless: start(dir.join("keyless"), &[("REGISTRATION", "open")])?,
            tableless: start(dir.join("tableless"), &[key])?,
        })
    }
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
