//! The JavaScript and the types of the npm package.

use std::fs;

use anyhow::Result;
use testkit::{paths, progress::Did, sh::Sh, stamp::Stamp};

/// Compiles `pkg/src` into `pkg/dist`.
///
/// # Errors
/// When the types are wrong.
pub(crate) fn build() -> Result<Did> {
    let stamp = Stamp {
        name: "package",
        inputs: &[
            "pkg/src",
            "pkg/package.json",
            "pkg/tsconfig.json",
            "tsconfig.base.json",
            "pkg/wasm",
            "package-lock.json",
        ],
        also: "",
        outputs: vec!["pkg/dist"],
    };
    stamp.unless_unchanged(|| {
        let dist = paths::root().join("pkg/dist");
        if dist.exists() {
            fs::remove_dir_all(&dist)?;
        }
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            fs::copy(paths::root().join(licence), paths::root().join("pkg").join(licence))?;
        }
        Sh::node_tool("tsc").args(["-p", "pkg"]).run()
    })
}
