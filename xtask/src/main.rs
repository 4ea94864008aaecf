//! `cargo xtask`: the project's commands in Rust, so that a new machine needs only rustup and Node with npm.
//!
//! Each command is a module: [`bench`], [`build`], [`contract`], [`dev`], [`fuzz`], [`interop`], [`mutants`], [`sbom`], [`soak`], [`test`].

mod bench;
mod build;
mod contract;
mod dev;
mod fuzz;
mod interop;
mod markers;
mod mutants;
mod next;
mod sbom;
mod settings;
mod settings_table;
mod size;
mod soak;
mod steps;
mod test;
mod venv;

use std::{env, ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use testkit::process;

/// The project's commands. To start: `cargo xtask dev` and `cargo xtask test`
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bench(bench::Args),
    Build(build::Args),
    Dev(dev::Args),
    Test(test::Args),
    Consumers(test::consumers::Args),
    Fuzz(fuzz::Args),
    Interop(interop::Args),
    Mutants(mutants::Args),
    /// Write what is in the wasm to target/sbom.cdx.json (CycloneDX)
    Sbom,
    /// Write the table of settings from the comments of src/settings.rs to docs/settings.md
    Settings,
    Soak(soak::Args),
    #[command(hide = true)]
    TestRunner(mutants::test_runner::Args),
    /// Record the responses of the real FastAPI
    #[command(subcommand)]
    Contract(Contract),
}

#[derive(Subcommand)]
enum Contract {
    /// Start the reference app on the real FastAPI and write its responses to tests/contract
    Record,
}

/// The exit code for wrong arguments.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().collect();
    let command = match Cli::try_parse_from(&args) {
        Ok(Cli { command }) => command,
        // `--help`.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            eprintln!("{}", next::usage(&error, &args));
            return ExitCode::from(USAGE);
        }
    };
    process::run(|| run(command).map_err(|error| next::advised(&error, &args)))
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Bench(args) => bench::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Consumers(args) => test::consumers::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Interop(args) => interop::run(&args),
        Command::Mutants(args) => mutants::run(&args),
        Command::Sbom => sbom::write().map(drop),
        Command::Settings => settings_table::write(),
        Command::Soak(args) => soak::run(&args),
        Command::TestRunner(args) => mutants::test_runner::run(&args),
        Command::Contract(Contract::Record) => contract::record(),
    }
}
