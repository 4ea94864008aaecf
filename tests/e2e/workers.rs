//! The Workers under test.

use std::{
    fs,
    ops::Deref,
    path::PathBuf,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::{Result, anyhow, ensure};
use testkit::{
    fixture, paths,
    worker::{Worker, WorkerOptions},
    wrangler,
};

use crate::keys::Recorded;

/// Five Workers: three with valid settings, two with errors.
pub(crate) struct Workers {
    /// With the users of the contract fixtures, and open registration.
    pub(crate) good: Worker,
    /// The same, with pages of other origins.
    pub(crate) cors: Worker,
    /// The same as the first, with key pairs, refresh tokens and revocation.
    pub(crate) keyed: Worker,
    /// Without a `SECRET_KEY`.
    pub(crate) keyless: Worker,
    /// Without migrations, and with no setting but the key.
    pub(crate) tableless: Worker,
    /// Values that must not be logged: keys, stored hashes and passwords.
    secrets: Vec<String>,
    given: Mutex<Vec<String>>,
}

/// Statics are never dropped: [`testkit::process::Group`] ends the Workers when the test program ends.
static WORKERS: LazyLock<Result<Mutex<Workers>, String>> =
    LazyLock::new(|| Workers::start().map(Mutex::new).map_err(|error| format!("{error:#}")));

/// The Workers of this run, used by one test at a time because some tests count log entries. Dropping it searches the
/// logs for secrets.
pub(crate) struct Lock(MutexGuard<'static, Workers>);

impl Deref for Lock {
    type Target = Workers;

    fn deref(&self) -> &Workers {
        &self.0
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let searched = self.0.no_secret_is_logged();
        assert!(thread::panicking() || searched.is_ok(), "{searched:?}");
    }
}

impl Workers {
    /// Starts the Workers at the first call.
    pub(crate) fn lock() -> Result<Lock> {
        let workers = WORKERS.as_ref().map_err(|error| anyhow!("the Workers did not start: {error}"))?;
        // A lock poisoned by a failed test is still usable.
        Ok(Lock(workers.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn start() -> Result<Self> {
        let dir = paths::state().join("e2e");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        let seed = fixture::seed()?;
        let key = ("SECRET_KEY", seed.secret_key.as_str());
        let [good, cors, keyed_dir] = ["good", "cors", "keyed"].map(database);
        for dir in [&good, &cors, &keyed_dir] {
            wrangler::migrate_by_copy(dir)?;
            wrangler::execute(dir, &seed.sql())?;
        }
        let open = [
            key,
            ("REGISTRATION", "open"),
            ("BCRYPT_COST", "10"),
            ("PASSWORD_MIN_LENGTH", "1"),
            ("COMMON_PASSWORDS", "accept"),
            ("RATE_LIMIT", "off"),
            ("LOCKOUT", "off"),
        ];
        let jwt_keys = Recorded::read()?.jwt_keys();
        let sessions = [("JWT_KEYS", jwt_keys.as_str()), ("REVOCATION", "on"), ("REFRESH_TOKEN_EXPIRE_MINUTES", "60")];
        Ok(Self {
            good: start(good, &open)?,
            cors: start(cors, &[&open[..], &[("CORS_ORIGINS", fixture::CORS_ORIGINS)]].concat())?,
            keyed: start(keyed_dir, &[&open[..], &sessions].concat())?,
            keyless: start(database("keyless"), &[("REGISTRATION", "open")])?,
            tableless: start(database("tableless"), &[key])?,
            secrets: secrets(&seed)?,
            given: Mutex::default(),
        })
    }

    /// # Errors
    /// When a log contains a key, a hash, a password, a token, or a part of a refresh token.
    fn no_secret_is_logged(&self) -> Result<()> {
        let log = [&self.good, &self.cors, &self.keyed, &self.keyless, &self.tableless].map(Worker::log).join("\n");
        let given = self.given();
        // The first part is the name of the session, which is part of a path.
        let parts = given.iter().flat_map(|token| token.split('.').skip(1));
        for secret in self.secrets.iter().map(String::as_str).chain(parts) {
            ensure!(!log.contains(secret), "the log holds {secret:?}");
        }
        let mut entries = log.lines().filter(|line| line.contains(r#""source":"edgegate""#));
        let address = entries.find(|entry| entry.contains('@') || entry.contains("%40"));
        ensure!(address.is_none(), "the log holds an address: {address:?}");
        Ok(())
    }

    /// Remembers an issued refresh token.
    pub(crate) fn note(&self, refresh_token: &str) {
        self.noted().push(refresh_token.to_owned());
    }

    /// The issued refresh tokens.
    pub(crate) fn given(&self) -> Vec<String> {
        self.noted().clone()
    }

    fn noted(&self) -> MutexGuard<'_, Vec<String>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The folder of the database of the Worker with this name.
pub(crate) fn database(name: &str) -> PathBuf {
    paths::state().join("e2e").join(name)
}

fn secrets(seed: &fixture::Seed) -> Result<Vec<String>> {
    let hashes = seed.users.iter().map(|user| &user.password).filter(|hash| hash.starts_with('$')).cloned();
    let passwords = ["correct horse", "correct+horse", "hunter2", "pa ss+", "the password of"].map(str::to_owned);
    let keys = [seed.secret_key.clone(), Recorded::read()?.private_member()?.to_owned(), "eyJ".to_owned()];
    Ok(hashes.chain(passwords).chain(keys).collect())
}

fn start(dir: PathBuf, vars: &[(&str, &str)]) -> Result<Worker> {
    Worker::start_migrated(WorkerOptions::test(dir, vars))
}
