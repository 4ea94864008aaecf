//! A Python virtual environment with pinned packages.

use std::{fs, io::ErrorKind, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail, ensure};

/// Where it is, and what is in it.
#[derive(Debug)]
pub(crate) struct Venv {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// The file with the packages, every one pinned.
    pub(crate) requirements: PathBuf,
}

impl Venv {
    /// Makes it and installs the packages, unless exactly these are there already. The first of the Pythons whose
    /// `--version` begins so is taken.
    ///
    /// # Errors
    /// When there is no such Python, or the packages cannot be installed.
    pub(crate) fn install(&self, names: &[&str], version: &str) -> Result<()> {
        let wanted = fs::read_to_string(&self.requirements)
            .with_context(|| format!("cannot read {}", self.requirements.display()))?;
        let installed = self.dir.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|done| done == wanted) && self.python().exists() {
            return Ok(());
        }
        let system = system_python(names, version)?;
        println!("making {} with {}", self.dir.display(), system.display());
        run(Command::new(&system).args(["-m", "venv", "--clear"]).arg(&self.dir))
            .context("python3 has no working `venv`: install it (Debian: apt install python3-venv)")?;
        run(Command::new(self.python())
            .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--requirement"])
            .arg(&self.requirements))?;
        run(Command::new(self.python()).args(["-m", "pip", "check", "--disable-pip-version-check"]))?;
        fs::write(installed, wanted).context("cannot mark the virtual environment as finished")
    }

    /// Its Python.
    #[must_use]
    pub(crate) fn python(&self) -> PathBuf {
        self.dir.join("bin/python")
    }
}

fn system_python(names: &[&str], wanted: &str) -> Result<PathBuf> {
    let mut found = None;
    for name in names {
        let version = match Command::new(name).arg("--version").output() {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot run {name}")),
        };
        if version.starts_with(wanted) {
            return Ok(PathBuf::from(name));
        }
        found = Some(version);
    }
    match found {
        Some(version) => bail!("{wanted}x is wanted and this is {version}"),
        None => bail!("no python3 on the PATH: install it (Debian: apt install python3 python3-venv)"),
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
