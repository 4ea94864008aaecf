//! What `npm pack` makes of `pkg/`, as its users meet it.

use anyhow::{Context, Result};
use testkit::{paths, sh::Sh};

use super::{Outcome, counts::judge};

/// Has publint read the manifest, attw resolve the types, and Node install and use the packed package.
pub(super) fn check() -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let destination = folder.path().display().to_string();
    let packed = Sh::new("npm").args(["pack", "./pkg", "--silent", "--pack-destination", &destination]).output()?;
    let tarball = folder.path().join(packed.lines().last().context("npm pack names no file")?);
    Sh::node_tool("publint").args(["--strict".as_ref(), tarball.as_os_str()]).run()?;
    // The package has ES modules alone: Node's `require` takes them from 20.19 on, the old resolution of TypeScript does not.
    Sh::node_tool("attw").args(["--profile", "esm-only", "--format", "table-flipped"]).args([&tarball]).run()?;
    let test = Sh::node_tool("node").args(["--test", "installed.test.mts"]).dir(paths::root().join("tests/package"));
    let (succeeded, output) = test.env("EDGEGATE_TARBALL", &tarball).tee()?;
    Ok(judge(succeeded, &output))
}
