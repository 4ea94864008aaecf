//! The same sources give the same modules of wasm, wherever they are built.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use testkit::{paths, sh::Sh};

use super::Outcome;
use crate::{
    settings::Settings,
    steps::{tools, wasm},
};

/// Builds the wasm in two folders of different lengths, and compares the bytes.
///
/// It compares what rustc writes: wasm-bindgen, wasm-opt and esbuild, in the versions of the lock files, read nothing else.
pub(super) fn check() -> Result<Outcome> {
    tools::add_target()?;
    let dir = paths::root().join("target/reproducible");
    let [one, other] = ["a", "another-folder"].map(|name| build(&dir.join(name)));
    let (one, other) = (one?, other?);
    if one != other {
        return Ok(Outcome::Failed(format!("two builds differ: {} and {} bytes", one.len(), other.len())));
    }
    let home = std::env::home_dir().context("there is no home directory")?;
    let named = [paths::root(), home].into_iter().find(|path| contains(&one, path));
    Ok(match named {
        Some(path) => Outcome::Failed(format!("the wasm names the folder {}", path.display())),
        None => Outcome::Passed(format!("two builds of {} bytes are the same", one.len())),
    })
}

/// The bytes of both modules.
fn build(dir: &Path) -> Result<Vec<u8>> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let files = Sh::new("git").args(["ls-files", "-z"]).output()?;
    for file in files.split_terminator('\0') {
        let (from, to) = (paths::root().join(file), dir.join(file));
        // A file that is deleted and not committed yet.
        if !from.exists() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        fs::copy(from, to)?;
    }
    let settings = Settings::read()?;
    let build = &settings.build;
    Sh::new("cargo")
        .args(["build", "--quiet", "--locked", "--lib", "--target", "wasm32-unknown-unknown", "--features", "wasm"])
        .args(["--profile", &build.profile])
        .args(wasm::without_paths(dir, &[])?)
        .env("CARGO_TARGET_DIR", dir.join("target"))
        .dir(dir)
        .run()?;
    let wasm = dir.join("target/wasm32-unknown-unknown").join(&build.profile).join("edgegate.wasm");
    let schemes = wasm::compile_schemes(&settings, dir, &dir.join("target"))?;
    let read = |wasm: &Path| fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()));
    Ok([read(&wasm)?, read(&schemes)?].concat())
}

fn contains(bytes: &[u8], path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    bytes.windows(path.len()).any(|window| window == path)
}
