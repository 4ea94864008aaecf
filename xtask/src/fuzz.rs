//! `cargo xtask fuzz`: runs a target of `fuzz/` with libFuzzer.

use std::{fs, path::PathBuf};

use anyhow::{Result, ensure};
use edgegate_fuzz::{TARGETS, Target};
use testkit::{paths, sh::Sh};

use crate::{settings::Settings, steps::tools};

/// Look for inputs that break a promise: a panic, a reply that is none, a forged token. Needs a nightly Rust
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The target; all of them by default
    #[arg(value_parser = TARGETS.map(|target| target.name))]
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 5)]
    minutes: u32,
}

/// Runs the command.
///
/// # Errors
/// When an input was found, or a tool is missing. The message of libFuzzer names the file with the input.
pub(crate) fn run(args: &Args) -> Result<()> {
    let nightly = Sh::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
    ensure!(nightly.is_ok(), "a nightly Rust is missing: rustup toolchain install nightly");
    tools::install_cargo_fuzz(&Settings::read()?)?;
    let chosen = TARGETS.iter().filter(|target| args.target.as_ref().is_none_or(|name| name == target.name));
    for target in chosen {
        println!("\n{}: {} min", target.name, args.minutes);
        fuzz(target, args.minutes)?;
    }
    Ok(())
}

/// The corpus is kept: a later run begins with what an earlier one has found.
fn fuzz(target: &Target, minutes: u32) -> Result<()> {
    let corpus = corpus(target)?;
    let seconds = format!("-max_total_time={}", minutes.saturating_mul(60));
    Sh::new("rustup")
        .args(["run", "nightly"])
        .args([paths::tools().join("bin/cargo-fuzz")])
        .args(["run", "--fuzz-dir", "fuzz", "--features", "libfuzzer", "target"])
        .args([corpus])
        .args(["--", &seconds, "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .dir(paths::root())
        // The release profile is for the wasm.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("EDGEGATE_FUZZ_TARGET", target.name)
        .run()
}

fn corpus(target: &Target) -> Result<PathBuf> {
    let corpus = paths::root().join("target/fuzz-corpus").join(target.name);
    fs::create_dir_all(&corpus)?;
    for (number, seed) in target.seeds.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number}")), seed)?;
    }
    Ok(corpus)
}
