//! Runs a test program of Rust, the fast tests first, and ends it at the first failure. libtest has no such option, and
//! cargo-nextest starts a process for each test, which takes longer than the test.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Result, ensure};

/// The start of the names of tests that take long.
const SLOW: [&str; 8] = [
    "contract::",
    "email::",
    "gate::a_new_",
    "gate::every_refused_login",
    "password::",
    "refresh::nothing_in_flight",
    "token::bits::",
    "token::wycheproof::",
];

/// Run a test program until its first failure
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    program: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When a test fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    let skip_slow: Vec<_> = SLOW.iter().flat_map(|slow| ["--skip", slow]).collect();
    pass(&args.program, &skip_slow)?;
    pass(&args.program, &SLOW)
}

fn pass(program: &[String], more: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = program else { return Ok(()) };
    let mut child = Command::new(program).args(arguments).args(more).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(BufReader::new);
    for line in stdout.into_iter().flat_map(BufReader::lines) {
        let line = line?;
        println!("{line}");
        if line.starts_with("test ") && line.ends_with("... FAILED") {
            child.kill()?;
            break;
        }
    }
    ensure!(child.wait()?.success(), "a test failed");
    Ok(())
}
