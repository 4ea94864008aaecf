//! The packed npm package.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use testkit::{paths, sh::Sh, stamp::Stamp};

use super::{Outcome, counts::judge};

/// Packs the package, checks the manifest with publint and the types with attw, installs it and runs a test on it.
pub(super) fn check() -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let tarball = pack(folder.path())?;
    Sh::node_tool("publint").args(["--strict".as_ref(), tarball.as_os_str()]).run()?;
    // The wasm can only be imported.
    Sh::node_tool("attw")
        .args(["--profile", "strict", "--exclude-entrypoints", "edgegate.wasm", "--format", "table-flipped"])
        .args([&tarball])
        .run()?;
    let tests = paths::root().join("tests/package");
    install_runtimes(&tests)?;
    let test = Sh::node_tool("node").args(["--test", "installed.test.mts"]).dir(tests);
    let (succeeded, output) = test.env("EDGEGATE_TARBALL", &tarball).tee()?;
    Ok(judge(succeeded, &output))
}

/// Packs the package into this folder, and returns the path of the tarball.
pub(super) fn pack(folder: &Path) -> Result<PathBuf> {
    let destination = folder.display().to_string();
    let packed = Sh::new("npm").args(["pack", "./pkg", "--silent", "--pack-destination", &destination]).output()?;
    Ok(folder.join(packed.lines().last().context("npm pack names no file")?))
}

fn install_runtimes(tests: &Path) -> Result<()> {
    let stamp = Stamp {
        name: "package-runtimes",
        inputs: &["tests/package/package.json", "tests/package/package-lock.json", "tests/package/.npmrc"],
        also: std::env::consts::ARCH,
        outputs: vec!["tests/package/node_modules/.package-lock.json"],
    };
    let install = || Sh::new("npm").args(["ci", "--ignore-scripts", "--loglevel=error"]).dir(tests).run();
    stamp.unless_unchanged(install).map(drop)
}
