//! The crates as their users get them.

use std::fs;

use anyhow::{Context, Result, ensure};
use testkit::{paths, sh::Sh};

use super::Outcome::{self, NotRun, Passed};

/// That of all crates and of the npm package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The crates that are published, each after those that it depends on.
const CRATES: [&str; 6] = ["-p", "edgegate", "-p", "edgegate-axum", "-p", "edgegate-schemes"];

/// Publishes everything but for the upload: packs the crates and compiles them from their packages, and packs the npm package.
pub(super) fn check() -> Result<Outcome> {
    let section = format!("## [{VERSION}] - 20");
    let changelog = fs::read_to_string(paths::root().join("CHANGELOG.md"))?;
    ensure!(changelog.contains(&section), "CHANGELOG.md has no section with a date for {VERSION}");
    // cargo takes a version that it has unpacked and compiled for unchanged: that of an earlier run.
    let packed = paths::root().join("target/publish");
    if packed.exists() {
        fs::remove_dir_all(&packed)?;
    }
    for registry in fs::read_dir(paths::registry_sources()?)? {
        let unpacked = registry?.path().join(format!("edgegate-{VERSION}"));
        if unpacked.exists() {
            fs::remove_dir_all(unpacked)?;
        }
    }
    // In one command, so that a crate is compiled with one that is not published.
    Sh::new("cargo")
        .args(["publish", "--dry-run", "--allow-dirty"])
        .args(CRATES)
        .env("CARGO_TARGET_DIR", packed)
        .run()?;
    Sh::new("npm").args(["publish", "--dry-run", "--access", "public"]).dir(paths::root().join("pkg")).run()?;
    Ok(Passed(VERSION.to_owned()))
}

/// Compiles the crates on the version of `rust-version`.
pub(super) fn check_oldest_rust() -> Result<Outcome> {
    let manifest = fs::read_to_string(paths::root().join("Cargo.toml"))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).context("no rust-version")?;
    let version = version.trim_matches('"');
    let has_rust = |name: &str| Sh::new("rustup").args(["run", name, "rustc", "--version"]).output().is_ok();
    if !has_rust(version) {
        return Ok(NotRun(format!("Rust {version} is missing: rustup toolchain install {version}")));
    }
    let cargo = Sh::new("rustup").args(["run", version, "cargo", "check", "--all-features"]).args(CRATES);
    // Artefacts of another version are of no use to it, and its own are of none to the others.
    cargo.env("CARGO_TARGET_DIR", paths::root().join("target/msrv")).run()?;
    Ok(Passed(version.to_owned()))
}

/// Compiles the crates with the oldest versions that they allow of their direct dependencies.
pub(super) fn check_oldest_dependencies() -> Result<Outcome> {
    if Sh::new("rustup").args(["run", "nightly", "rustc", "--version"]).output().is_err() {
        return Ok(NotRun("a nightly Rust is missing: rustup toolchain install nightly".into()));
    }
    // A workspace of its own, so that the versions of the other packages do not matter.
    let folder = paths::root().join("target/minimal");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for part in ["src", "axum/src", "axum/migrations", "schemes/src"] {
        paths::copy_dir(&paths::root().join(part), &folder.join(part))?;
    }
    for file in ["README.md", "axum/README.md", "schemes/README.md"] {
        fs::copy(paths::root().join(file), folder.join(file))?;
    }
    for file in ["Cargo.toml", "axum/Cargo.toml", "schemes/Cargo.toml"] {
        fs::write(folder.join(file), without_tests(&fs::read_to_string(paths::root().join(file))?)?)?;
    }
    let resolve = ["run", "nightly", "cargo", "update", "-Z", "direct-minimal-versions"];
    Sh::new("rustup").args(resolve).dir(&folder).run()?;
    Sh::new("cargo").args(["check", "--all-features"]).args(CRATES).dir(&folder).run()?;
    Ok(Passed(String::new()))
}

/// The manifest without dependencies and targets of tests.
fn without_tests(manifest: &str) -> Result<String> {
    let mut manifest: toml::Table = manifest.parse()?;
    for table in ["dev-dependencies", "test", "example"] {
        manifest.remove(table);
    }
    if let Some(workspace) = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut) {
        workspace.insert("members".to_owned(), vec!["axum", "schemes"].into());
        workspace.remove("exclude");
    }
    if let Some(targets) = manifest.get_mut("target").and_then(toml::Value::as_table_mut) {
        for (_, target) in targets.iter_mut() {
            target.as_table_mut().and_then(|target| target.remove("dev-dependencies"));
        }
    }
    Ok(toml::to_string(&manifest)?)
}
