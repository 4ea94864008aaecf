//! Runs a test program of Rust, the fast tests first, and ends it at the first failure. libtest has no such option, and
//! cargo-nextest starts a process for each test, which takes longer than the test.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

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

/// The time limit of the fast tests. Without a fault they take five seconds, beside other programs a few times as long.
const FAST_LIMIT: Duration = Duration::from_secs(40);

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
    pass(&args.program, &skip_slow, Some(FAST_LIMIT))?;
    pass(&args.program, &SLOW, None)
}

fn pass(program: &[String], more: &[&str], limit: Option<Duration>) -> Result<()> {
    let [program, arguments @ ..] = program else { return Ok(()) };
    let mut child = Command::new(program).args(arguments).args(more).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(BufReader::new);
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || stdout.into_iter().flat_map(BufReader::lines).all(|line| sender.send(line).is_ok()));
    let started = Instant::now();
    loop {
        let left = limit.map_or(Duration::MAX, |limit| limit.saturating_sub(started.elapsed()));
        let line = match lines.recv_timeout(left) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill()?;
                bail!("the fast tests do not end");
            }
        };
        println!("{line}");
        if line.starts_with("test ") && line.ends_with("... FAILED") {
            child.kill()?;
            break;
        }
    }
    ensure!(child.wait()?.success(), "a test failed");
    Ok(())
}
