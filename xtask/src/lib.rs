//! The project's own commands, in Rust, so that a fresh machine needs only rustup and Node with npm.
//!
//! Each command is a file: [`bench`], [`build`], [`dev`], [`test`], [`interop`], [`contract`]. The end-to-end tests use [`worker`] too.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod bench;
pub mod build;
pub mod checks;
pub mod contract;
pub mod dev;
pub mod fixture;
pub mod http;
pub mod interop;
pub mod paths;
pub mod process;
pub mod progress;
pub mod settings;
pub mod sh;
pub mod size;
pub mod stamp;
pub mod steps;
pub mod test;
pub mod venv;
pub mod worker;
pub mod wrangler;

/// The project's own commands. Two are all a newcomer needs: `cargo xtask dev` and `cargo xtask test`.
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
    Interop(interop::Args),
    /// The recorded answers of the real FastAPI.
    #[command(subcommand)]
    Contract(Contract),
}

#[derive(Subcommand)]
enum Contract {
    /// Start the reference app on the real FastAPI and write its answers to tests/contract.
    Record,
}

/// Parses the command line and runs the command it names.
#[must_use]
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    let done = process::end_all_on_signal().and_then(|()| match command {
        Command::Bench(args) => bench::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Interop(args) => interop::run(&args),
        Command::Contract(Contract::Record) => contract::record(),
    });
    process::keep_still_when_stopping();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
