//! `cargo xtask fuzz`: runs the targets of `fuzz/` with libFuzzer, or compares edgegate with the running FastAPI ([`login`]).

use std::path::Path;

use anyhow::{Result, ensure};
use testkit::{paths, sh::Sh};

mod login;

use crate::{settings::Settings, steps::tools};

/// Look for inputs that break a promise: a panic, a reply that is none, a forged token. Needs a nightly Rust
///
/// The target `login` needs Python 3.11 and no nightly Rust: it changes the recorded requests of tests/contract, sends them to the real
/// FastAPI and to edgegate, and prints each new difference between the answers with the shortest request that shows it. Those that are
/// listed in tests/contract/fuzz.toml, or are of the kind of a recorded one, are only counted; any other fails the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The target; all of libFuzzer's by default
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Of the target `login`: the changes; the same number gives the same requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the command. The corpus is kept: a later run begins with what an earlier one has found.
///
/// # Errors
/// When an input was found, or a tool is missing. The message of libFuzzer names the file with the input.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.target.as_deref() == Some(login::NAME) {
        return login::run(args.minutes, args.seed);
    }
    let corpus = paths::root().join("target/fuzz-corpus");
    let seeds =
        Sh::new("cargo").args(["run", "--quiet", "-p", "edgegate-fuzz", "--bin", "seeds", "--"]).args([&corpus]);
    let names = seeds.output()?;
    let chosen: Vec<&str> =
        names.lines().filter(|name| args.target.as_deref().is_none_or(|only| only == *name)).collect();
    ensure!(!chosen.is_empty(), "there is no such target. The targets are:\n{names}{}", login::NAME);
    let nightly = Sh::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
    ensure!(nightly.is_ok(), "a nightly Rust is missing: rustup toolchain install nightly");
    tools::install_cargo_fuzz(&Settings::read()?)?;
    for target in chosen {
        println!("\n{target}: {} min", args.minutes);
        fuzz(target, &corpus.join(target), args.minutes)?;
    }
    Ok(())
}

fn fuzz(target: &str, corpus: &Path, minutes: u32) -> Result<()> {
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
        .env("EDGEGATE_FUZZ_TARGET", target)
        .run()
}
