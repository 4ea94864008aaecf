//! The packed npm package.

use anyhow::{Context, Result};
use testkit::{paths, sh::Sh};

use super::{Outcome, counts::judge};

/// Packs the package, checks the manifest with publint and the types with attw, installs it and runs a test on it.
pub(super) fn check() -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let destination = folder.path().display().to_string();
    let packed = Sh::new("npm").args(["pack", "./pkg", "--silent", "--pack-destination", &destination]).output()?;
    let tarball = folder.path().join(packed.lines().last().context("npm pack names no file")?);
    Sh::node_tool("publint").args(["--strict".as_ref(), tarball.as_os_str()]).run()?;
    // The package has ES modules only: Node's `require` loads them since 20.19, TypeScript's older resolutions do not.
    Sh::node_tool("attw").args(["--profile", "esm-only", "--format", "table-flipped"]).args([&tarball]).run()?;
    let test = Sh::node_tool("node").args(["--test", "installed.test.mts"]).dir(paths::root().join("tests/package"));
    let (succeeded, output) = test.env("EDGEGATE_TARBALL", &tarball).tee()?;
    Ok(judge(succeeded, &output))
}
