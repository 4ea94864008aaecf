//! The reference app in its Python virtual environment: installed, started, awaited, and always killed.

use std::{
    fs::{self, File},
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    fixture::{self, Seed},
    paths,
    process::Group,
};

/// The texts of JSON errors are Python's own and change between its versions.
const PYTHON: &str = "Python 3.11.";

/// How long the app may take to import everything and listen.
const START: Duration = Duration::from_secs(60);

/// A running reference app; dropping it ends it.
pub(super) struct Reference {
    server: Group,
    addr: SocketAddr,
}

impl Reference {
    /// Starts the app with the users of `seed` on a free port and waits until it listens.
    pub(super) fn start(seed: &Seed) -> Result<Self> {
        let output = File::create(log())?;
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut uvicorn = Command::new(python());
        uvicorn
            .args(["-m", "uvicorn", "reference_app:app", "--http", "h11", "--log-level", "critical", "--app-dir"])
            .arg(fixture::dir())
            .args(["--host", &addr.ip().to_string(), "--port", &addr.port().to_string()])
            .env("SECRET_KEY", &seed.secret_key)
            .env("ALGORITHM", "HS256")
            .env("ACCESS_TOKEN_EXPIRE_MINUTES", "30")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let mut reference = Self { server: Group::spawn(&uvicorn, output.try_clone()?.into(), output.into())?, addr };
        let deadline = Instant::now() + START;
        while TcpStream::connect(addr).is_err() {
            if let Some(status) = reference.server.ended()? {
                bail!("the reference app ended with {status}: see {}", log().display());
            }
            ensure!(Instant::now() < deadline, "the app does not listen after {START:?}: see {}", log().display());
            sleep(Duration::from_millis(50));
        }
        Ok(reference)
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// Makes the virtual environment and installs the pinned packages, unless exactly these are there already.
pub(super) fn install() -> Result<()> {
    let requirements = fixture::dir().join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).context("cannot read requirements.txt")?;
    let installed = venv().join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|done| done == wanted) && python().exists() {
        return Ok(());
    }
    let system = system_python()?;
    println!("making {} with {}", venv().display(), system.display());
    run(Command::new(&system).args(["-m", "venv", "--clear"]).arg(venv()))
        .context("python3 has no working `venv`: install it (Debian: apt install python3-venv)")?;
    run(Command::new(python())
        .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--requirement"])
        .arg(&requirements))?;
    run(Command::new(python()).args(["-m", "pip", "check", "--disable-pip-version-check"]))?;
    fs::write(installed, wanted).context("cannot mark the virtual environment as finished")
}

/// The Python whose texts the fixtures hold.
fn system_python() -> Result<PathBuf> {
    let mut found = None;
    for name in ["python3.11", "python3"] {
        let version = match Command::new(name).arg("--version").output() {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot run {name}")),
        };
        if version.starts_with(PYTHON) {
            return Ok(PathBuf::from(name));
        }
        found = Some(version);
    }
    match found {
        Some(version) => bail!("the contract is that of {PYTHON}x and this is {version}: install python3.11"),
        None => bail!("no python3 on the PATH: install it (Debian: apt install python3 python3-venv)"),
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn python() -> PathBuf {
    venv().join("bin/python")
}

/// What the app says of the requests it fails on.
fn log() -> PathBuf {
    venv().join("reference.log")
}

fn venv() -> PathBuf {
    paths::root().join("target/contract-venv")
}
