//! Paths in the repository, and the search path for programs.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let testkit = Path::new(env!("CARGO_MANIFEST_DIR"));
    testkit.parent().unwrap_or(testkit).to_path_buf()
}

/// The folder for files that are kept between runs: stamps, logs, databases of tests.
#[must_use]
pub fn state() -> PathBuf {
    root().join("target/xtask")
}

/// The folder where wasm-pack and wasm-bindgen are installed.
#[must_use]
pub fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The folder in which cargo unpacks the sources of registries, one folder for each registry.
///
/// # Errors
/// When there is no home directory.
pub fn registry_sources() -> Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("there is no home directory")?;
    Ok(home.join("registry/src"))
}

/// The folder of the commands of npm packages, including Node 22.
#[must_use]
pub fn node_bin() -> PathBuf {
    root().join("node_modules/.bin")
}

/// The `PATH` for every child program: the project's own tools first.
///
/// wasm-pack takes `wasm-bindgen` from the `PATH` and would otherwise download it.
#[must_use]
pub fn search_path() -> std::ffi::OsString {
    let own = [tools().join("bin"), node_bin()];
    let inherited = env::var_os("PATH").unwrap_or_default();
    env::join_paths(own.into_iter().chain(env::split_paths(&inherited))).unwrap_or(inherited)
}

/// The first file called `name` on the search path.
#[must_use]
pub fn which(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Every file below `dir`, sorted, without generated and installed files.
#[must_use]
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if !path.is_dir() {
                found.push(path);
            } else if !is_generated(&path) {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder recursively.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn is_generated(dir: &Path) -> bool {
    let name = dir.file_name().unwrap_or_default();
    ["target", "node_modules", "dist", ".git", ".wrangler"].iter().any(|generated| name == *generated)
        || dir.ends_with("pkg/wasm")
}
