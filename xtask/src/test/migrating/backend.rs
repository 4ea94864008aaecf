//! The FastAPI backends of `tests/migrating`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use testkit::{paths, postgres::Postgres, server::Server, sh::Sh, worker::free_port};

use crate::venv::Venv;

/// How many users a backend has from an earlier time: more than the import reads at once.
pub(super) const OLDER_USERS: usize = 1200;

/// Their password.
pub(super) const OLDER_PASSWORD: &str = "a password of an earlier time";

/// A FastAPI backend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backend {
    /// `NAME_app.py` and `requirements-NAME.txt`.
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    /// Its paths of a login, of the own user, and of a sign-up.
    pub(super) paths: [&'static str; 3],
    pub(super) text_ids: bool,
}

/// All of them.
pub(super) const BACKENDS: [Backend; 2] = [
    Backend {
        name: "template",
        table: "user",
        paths: ["/api/v1/login/access-token", "/api/v1/users/me", "/api/v1/users/signup"],
        text_ids: true,
    },
    Backend { name: "passlib", table: "users", paths: ["/login", "/me", "/users"], text_ids: false },
];

impl Backend {
    /// Installs its packages.
    ///
    /// # Errors
    /// When they cannot be installed.
    pub(super) fn install(&self) -> Result<()> {
        self.venv().install(&["python3"], "Python ")
    }

    fn venv(&self) -> Venv {
        Venv {
            dir: paths::root().join("target/migrating-venv").join(self.name),
            requirements: sources().join(format!("requirements-{}.txt", self.name)),
        }
    }
}

/// A running backend with its own PostgreSQL; dropping it ends both.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) backend: Backend,
    pub(super) secret_key: String,
    /// Its URL, by HTTPS.
    pub(super) url: String,
    pub(super) database_url: String,
    /// An empty folder for the run.
    pub(super) folder: PathBuf,
    /// The certificates that clients must trust.
    pub(super) certificates: PathBuf,
    // The server first, because it uses the database.
    _server: Server,
    _postgres: Postgres,
}

impl Running {
    /// Starts it with [`OLDER_USERS`].
    ///
    /// # Errors
    /// When PostgreSQL or the app does not start.
    pub(super) fn start(backend: &Backend) -> Result<Self> {
        let folder = paths::state().join("migrating").join(backend.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let postgres = Postgres::start()?;
        let database_url = postgres.url("postgres");
        let secret_key: String = std::iter::repeat_with(|| fastrand::digit(16)).take(64).collect();
        let python = |args: &[&str]| {
            Sh::new(backend.venv().python())
                .args(args)
                .dir(sources())
                .env("SECRET_KEY", &secret_key)
                .env("DATABASE_URL", &database_url)
                .env("ACCESS_TOKEN_EXPIRE_MINUTES", "60")
                .env("PYTHONDONTWRITEBYTECODE", "1")
        };
        let app = format!("{}_app", backend.name);
        python(&["older_users.py", &app, &OLDER_USERS.to_string(), OLDER_PASSWORD]).output()?;
        let port = free_port()?;
        let [certificate, key] =
            ["cert", "key"].map(|kind| paths::root().join(format!("pkg/test/https/localhost.{kind}.pem")));
        let uvicorn =
            python(&["-m", "uvicorn", &format!("{app}:app"), "--host", "127.0.0.1", "--port", &port.to_string()])
                .args(["--ssl-certfile".as_ref(), certificate.as_os_str(), "--ssl-keyfile".as_ref(), key.as_os_str()]);
        let server = Server::start(&folder.join("backend.log"), &uvicorn, &[port])?;
        Ok(Self {
            backend: *backend,
            secret_key,
            url: format!("https://localhost:{port}"),
            database_url,
            certificates: trusted(&certificate, &folder)?,
            folder,
            _server: server,
            _postgres: postgres,
        })
    }
}

/// The certificate, and those that Node trusts here already: npm may need them.
fn trusted(certificate: &Path, folder: &Path) -> Result<PathBuf> {
    let mut all = fs::read_to_string(certificate).with_context(|| certificate.display().to_string())?;
    if let Some(further) = std::env::var_os("NODE_EXTRA_CA_CERTS") {
        all += &fs::read_to_string(further).unwrap_or_default();
    }
    let file = folder.join("certificates.pem");
    fs::write(&file, all)?;
    Ok(file)
}

/// The folder of the apps.
pub(super) fn sources() -> PathBuf {
    paths::root().join("tests/migrating")
}
