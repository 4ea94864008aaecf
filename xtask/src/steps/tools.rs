//! The wasm target, wasm-pack, wasm-bindgen and cargo-mutants.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use testkit::{paths, progress::Did, sh::Sh};

use crate::{next::Advice, settings::Settings};

/// The wasm target of Rust.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Unoptimised: compiling takes 3 instead of 5 minutes on two cores, and wasm-bindgen still needs less than a second
/// for 13 MB of wasm.
const FAST_COMPILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Adds the wasm target to the toolchain.
///
/// # Errors
/// When it is missing and there is no rustup to add it.
pub(crate) fn add_target() -> Result<Did> {
    let sysroot = Sh::new("rustc").args(["--print", "sysroot"]).output()?;
    if fs::exists(format!("{}/lib/rustlib/{TARGET}", sysroot.trim()))? {
        return Ok(Did::Nothing);
    }
    if paths::which("rustup").is_none() {
        bail!(Advice {
            what: format!(
                "the Rust target {TARGET} is missing, and so is rustup, which adds it. With a Rust of the system, its packages may have it \
                 (Debian: libstd-rust-dev-wasm32)"
            ),
            next: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh".to_owned(),
        });
    }
    Sh::new("rustup").args(["target", "add", TARGET]).run().context(Advice {
        what: format!(
            "rustup has not added the target {TARGET}. Without a connection to static.rust-lang.org it cannot"
        ),
        next: format!("rustup target add {TARGET}"),
    })?;
    Ok(Did::Work)
}

/// Installs the wasm-bindgen command in the version of the crate in Cargo.lock: the two must match exactly.
///
/// # Errors
/// When Cargo.lock does not contain wasm-bindgen, or `cargo install` fails.
pub(crate) fn install_wasm_bindgen() -> Result<Did> {
    let lock = fs::read_to_string(paths::root().join("Cargo.lock")).context("Cargo.lock")?;
    let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock does not contain wasm-bindgen")?;
    install("wasm-bindgen-cli", "wasm-bindgen", version, &[])
}

/// Installs wasm-pack in the version of `wasm-pack.toml`.
///
/// # Errors
/// When `cargo install` fails.
pub(crate) fn install_wasm_pack(settings: &Settings) -> Result<Did> {
    let did = install("wasm-pack", "wasm-pack", &settings.tools.wasm_pack, &["--locked"])?;
    // The last of the two tools: the build folder is not needed any more.
    if scratch().exists() {
        fs::remove_dir_all(scratch())?;
    }
    Ok(did)
}

/// Installs cargo-mutants in the version of `wasm-pack.toml`.
///
/// # Errors
/// When `cargo install` fails.
pub(crate) fn install_cargo_mutants(settings: &Settings) -> Result<Did> {
    install("cargo-mutants", "cargo-mutants", &settings.tools.cargo_mutants, &["--locked"])
}

/// Installs cargo-fuzz in the version of `wasm-pack.toml`.
///
/// # Errors
/// When `cargo install` fails.
pub(crate) fn install_cargo_fuzz(settings: &Settings) -> Result<Did> {
    install("cargo-fuzz", "cargo-fuzz", &settings.tools.cargo_fuzz, &["--locked"])
}

/// Installs cargo-deny in the version of `wasm-pack.toml`.
///
/// # Errors
/// When `cargo install` fails.
pub(crate) fn install_cargo_deny(settings: &Settings) -> Result<Did> {
    install("cargo-deny", "cargo-deny", &settings.tools.cargo_deny, &["--locked"])
}

/// Installs cargo-cyclonedx in the version of `wasm-pack.toml`.
///
/// # Errors
/// When `cargo install` fails.
pub(crate) fn install_cargo_cyclonedx(settings: &Settings) -> Result<Did> {
    install("cargo-cyclonedx", "cargo-cyclonedx", &settings.tools.cargo_cyclonedx, &["--locked"])
}

/// Installs worker-build in the version of `wasm-pack.toml`.
///
/// # Errors
/// When `cargo install` fails.
pub(crate) fn install_worker_build(settings: &Settings) -> Result<Did> {
    let did = install("worker-build", "worker-build", &settings.tools.worker_build, &["--locked"])?;
    if scratch().exists() {
        fs::remove_dir_all(scratch())?;
    }
    Ok(did)
}

/// The two tools share most dependencies, so they share a build folder.
fn scratch() -> PathBuf {
    paths::tools().join("build")
}

fn install(package: &str, program: &str, version: &str, flags: &[&str]) -> Result<Did> {
    let file = paths::tools().join("bin").join(program);
    // A subcommand of cargo expects its own name first.
    let subcommand = program.strip_prefix("cargo-");
    if file.is_file()
        && Sh::new(&file).args(subcommand).args(["--version"]).output()?.trim().rsplit(' ').next() == Some(version)
    {
        return Ok(Did::Nothing);
    }
    println!("      compiling {package} {version} into target/tools; this happens once and takes minutes");
    let root = paths::tools();
    let scratch = scratch();
    let mut cargo =
        Sh::new("cargo").args(["install", package, "--version", &format!("={version}"), "--force", "--root"]);
    cargo = cargo.args([root.as_os_str(), "--target-dir".as_ref(), scratch.as_os_str()]).args(flags);
    for (name, value) in FAST_COMPILE {
        cargo = cargo.env(name, value);
    }
    cargo.run().context(Advice {
        what: format!("{package} {version} was not installed. Without a connection to crates.io, or with a crate that does not compile, it cannot be"),
        next: format!("cargo info {package}@{version}"),
    })?;
    Ok(Did::Work)
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, entry) = lock.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    entry.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn the_version_is_that_of_the_package_and_not_of_one_with_a_longer_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
