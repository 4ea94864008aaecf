//! A Python virtual environment with pinned packages.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use testkit::{paths, sh::Sh};

/// The folder and the packages of an environment.
#[derive(Debug)]
pub(crate) struct Venv {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// The requirements file, with pinned versions.
    pub(crate) requirements: PathBuf,
}

impl Venv {
    /// Creates the environment and installs the packages, unless they are installed. Uses the first of these Pythons
    /// whose `--version` begins with `version`.
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
        Sh::new(&system)
            .args(["-m", "venv", "--clear"])
            .args([&self.dir])
            .run()
            .context("python3 has no working `venv`: install it (Debian: apt install python3-venv)")?;
        let pip = || Sh::new(self.python()).args(["-m", "pip", "--disable-pip-version-check"]);
        pip().args(["install", "--no-deps", "--requirement"]).args([&self.requirements]).run()?;
        pip().args(["check"]).run()?;
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
    for python in names.iter().filter_map(|name| paths::which(name)) {
        let Ok(version) = Sh::new(&python).args(["--version"]).output() else { continue };
        if version.starts_with(wanted) {
            return Ok(python);
        }
        found = Some(version);
    }
    match found {
        Some(version) => bail!("{wanted}x is required, and this is {}", version.trim()),
        None => bail!("no python3 on the PATH: install it (Debian: apt install python3 python3-venv)"),
    }
}
