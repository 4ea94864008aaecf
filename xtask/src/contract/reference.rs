//! The reference app in its Python virtual environment.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use testkit::{
    fixture::{self, Seed},
    paths,
    process::Group,
    sh::Sh,
};

use crate::venv::Venv;

/// The messages of JSON errors depend on the version of Python.
const PYTHON: &str = "Python 3.11.";

/// The login that edgegate replaces.
const APP: &str = "reference_app:app";

/// Time limit for the app to import its modules and listen.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running reference app; dropping it ends it.
pub(crate) struct Reference {
    server: Group,
    addr: SocketAddr,
}

impl Reference {
    /// Starts [`APP`] with the users of `seed` and these origins on a free port and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(seed: &Seed, cors_origins: &str) -> Result<Self> {
        Self::start_app(APP, seed, cors_origins)
    }

    /// The same for another app of the folder of the fixtures.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_app(app: &str, seed: &Seed, cors_origins: &str) -> Result<Self> {
        let output = File::create(log())?;
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut uvicorn = Command::new(venv().python());
        uvicorn
            .args(["-m", "uvicorn", app, "--http", "h11", "--log-level", "critical", "--app-dir"])
            .arg(fixture::dir())
            .args(["--host", &addr.ip().to_string(), "--port", &addr.port().to_string()])
            .env("SECRET_KEY", &seed.secret_key)
            .env("ALGORITHM", "HS256")
            .env("CORS_ORIGINS", cors_origins)
            .env("ACCESS_TOKEN_EXPIRE_MINUTES", "30")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let mut reference = Self { server: Group::spawn(&uvicorn, output.try_clone()?.into(), output.into())?, addr };
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(addr).is_err() {
            if let Some(status) = reference.server.ended()? {
                bail!("the reference app ended with {status}: see {}", log().display());
            }
            ensure!(
                Instant::now() < deadline,
                "the app does not listen after {START_TIMEOUT:?}: see {}",
                log().display()
            );
            sleep(Duration::from_millis(50));
        }
        Ok(reference)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// Installs the packages whose responses are recorded.
///
/// # Errors
/// When there is no Python of that version, or the packages cannot be installed.
pub(crate) fn install() -> Result<()> {
    venv()
        .install(&["python3.11", "python3"], PYTHON)
        .context("install python3.11, the version of the recorded responses")
}

/// Writes FastAPI's own document of the routes of [`APP`].
///
/// # Errors
/// When the app cannot be imported.
pub(crate) fn record_document() -> Result<()> {
    let print =
        "import json, reference_app; print(json.dumps(reference_app.app.openapi(), indent=2, ensure_ascii=False))";
    let document = Sh::new(venv().python())
        .args(["-c", print])
        .dir(fixture::dir())
        .env("SECRET_KEY", "none is needed")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()?;
    fs::write(fixture::dir().join("openapi.json"), document.trim_end().to_owned() + "\n").context("openapi.json")
}

/// The log of the app.
fn log() -> PathBuf {
    venv().dir.join("reference.log")
}

fn venv() -> Venv {
    Venv { dir: paths::root().join("target/contract-venv"), requirements: fixture::dir().join("requirements.txt") }
}
