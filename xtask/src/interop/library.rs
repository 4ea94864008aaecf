//! The libraries, how their programs are run, and what must be installed for them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use testkit::{paths, progress::Did, sh::Sh, stamp::Stamp};

use super::{Key, algorithm};
use crate::venv::Venv;

/// A library and its program, which takes the path of a job file and prints its result.
pub(super) struct Library {
    pub(super) name: &'static str,
    /// The algorithms that it both signs and verifies.
    pub(super) algorithms: &'static [&'static str],
    pub(super) command: fn() -> (PathBuf, Vec<PathBuf>),
}

const ALL: [&str; 12] =
    ["HS256", "HS384", "HS512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"];

/// edgegate verifies every algorithm, and signs with these.
pub(super) const OURS: Library =
    Library { name: "edgegate", algorithms: &["HS256", "HS384", "HS512", "EdDSA"], command: ours };

/// The other libraries.
pub(super) const LIBRARIES: [Library; 5] = [
    Library { name: "PyJWT", algorithms: &ALL, command: || python("pyjwt.py") },
    Library {
        name: "python-jose",
        algorithms: &["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384"],
        command: || python("python_jose.py"),
    },
    Library { name: "jose", algorithms: &ALL, command: || node("jose.mjs") },
    Library {
        name: "jsonwebtoken",
        algorithms: &[
            "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
        ],
        command: || node("jsonwebtoken.mjs"),
    },
    Library { name: "jwt-simple", algorithms: &ALL, command: jwt_simple },
];

impl Library {
    pub(super) fn knows(&self, key: &Key) -> bool {
        self.algorithms.contains(&algorithm(key))
    }
}

/// Installs the pinned dependencies of the programs.
pub(super) fn install() -> Result<()> {
    venv().install(&["python3"], "Python ").context("PyJWT and python-jose need Python")?;
    let npm = Stamp {
        name: "interop-npm",
        inputs: &["tests/interop/package.json", "tests/interop/package-lock.json"],
        also: std::env::consts::ARCH,
        outputs: vec!["tests/interop/node_modules/.package-lock.json"],
    };
    npm.unless_unchanged(|| {
        Sh::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).dir(dir()).run()
    })
    .map(|_: Did| ())?;
    // Built in advance, so that the stdout of a program contains only its result.
    Sh::new("cargo").args(["build", "--quiet", "-p", "edgegate", "--example", "interop"]).run()?;
    Sh::new("cargo")
        .args(["build", "--quiet", "--locked", "--manifest-path", "tests/interop/jwt-simple/Cargo.toml"])
        .args(["--target-dir".as_ref(), jwt_simple_target().as_os_str()])
        .run()
}

/// The folder of the programs, the keys and the recorded tokens.
pub(super) fn dir() -> PathBuf {
    paths::root().join("tests/interop")
}

/// The target folder of cargo, derived from the path of the running `xtask`.
fn ours() -> (PathBuf, Vec<PathBuf>) {
    let xtask = std::env::current_exe().unwrap_or_default();
    (xtask.with_file_name("examples").join("interop"), Vec::new())
}

fn jwt_simple() -> (PathBuf, Vec<PathBuf>) {
    (jwt_simple_target().join("debug/interop-jwt-simple"), Vec::new())
}

fn jwt_simple_target() -> PathBuf {
    paths::root().join("target/interop-jwt-simple")
}

fn python(script: &str) -> (PathBuf, Vec<PathBuf>) {
    (venv().python(), vec![dir().join(script)])
}

fn node(script: &str) -> (PathBuf, Vec<PathBuf>) {
    ("node".into(), vec![dir().join(script)])
}

fn venv() -> Venv {
    Venv { dir: paths::root().join("target/interop-venv"), requirements: dir().join("requirements.txt") }
}
