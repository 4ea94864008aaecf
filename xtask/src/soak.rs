//! `cargo xtask soak`: mixed traffic against the Worker on workerd for a long time.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use testkit::progress::{Did, Progress, seconds};

use self::{client::Client, memory::Memory, tally::Tally, workers::Workers};
use crate::build;

mod client;
mod memory;
mod refusals;
mod tally;
mod workers;

/// How often the figures are printed.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// How often the memory is read.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Answers that are not as expected, after which the run ends early.
const FAULTS_MAX: u64 = 100;

/// Send mixed traffic to the Worker on workerd for a long time, and watch its answers and its memory
///
/// Most requests are GET /me with a token. The others are logins with a right password, a wrong one and an unknown user, new users, refresh
/// tokens, clients that hang up, and the requests of tests/contract that FastAPI refuses: wrong content types, broken JSON, broken forms,
/// long bodies, broken Authorization headers. An empty Worker in a workerd of its own gets the same requests.
///
/// The Worker runs on workerd itself and not in `wrangler dev`, which grows to hundreds of megabytes with any Worker. Its D1 database is
/// real. RATE_LIMIT is off, or most requests would be answered 429; BCRYPT_COST is 10, the lowest, and the hashes of most users have cost 4,
/// so that the requests are many and not the passwords.
///
/// Every 30 seconds it prints the requests, the answers by status, the latencies of each kind, and the resident memory of both workerds.
///
/// It fails when an answer is not the expected one: a valid request was refused, an issued token did not verify, a refresh token was not
/// accepted. It also fails when the memory grows: the median of the last quarter of the run is compared with that of the second quarter, and
/// the growth may be 25 % + 16 MB above that of the empty Worker. Runs of less than two minutes do not check the memory.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long the traffic lasts
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    minutes: u32,
    /// Connections, each of which sends its next request after the last answer
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: u16,
    /// The order of the requests; the same number gives the same order on each connection
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the command.
///
/// # Errors
/// When a Worker does not start, an answer is not as expected, or the memory grows.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut progress = Progress::new(build::STEPS + 1);
    build::steps(&mut progress)?;
    progress.step("The bundle of the Worker", || workers::bundle().map(|()| Did::Work))?;
    let duration = Duration::from_secs(60 * u64::from(args.minutes));
    println!("\n{} min of traffic on {} connections, seed {}", args.minutes, args.connections, args.seed);
    soak(duration, args.connections, args.seed)
}

/// A short run, for the tests: it checks the answers and not the memory.
///
/// # Errors
/// Those of [`run`].
pub(crate) fn short() -> Result<()> {
    workers::bundle()?;
    soak(Duration::from_secs(10), 4, 1)
}

fn soak(duration: Duration, connections: u16, seed: u64) -> Result<()> {
    let workers = Workers::start(connections)?;
    let (tally, is_over, mut memory) = (Tally::default(), AtomicBool::new(false), Memory::default());
    let clients = (0..connections).map(|number| Client::new(number, seed, &workers, &tally));
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let watched = thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| client.run(&is_over));
        }
        let watched = watch(duration, &tally, &mut memory, &workers);
        is_over.store(true, Ordering::Relaxed);
        watched
    });
    println!("\nThe whole run\n{}", tally.total());
    watched?;
    tally.verdict()?;
    println!("{}", memory.verdict(duration)?);
    Ok(())
}

/// Reads the memory and prints the figures until the time is over, or too much went wrong.
fn watch(duration: Duration, tally: &Tally, memory: &mut Memory, workers: &Workers) -> Result<()> {
    let (started, mut reported) = (Instant::now(), Instant::now());
    while started.elapsed() < duration {
        thread::sleep(SAMPLE_EVERY);
        memory.sample(workers.memory()?);
        if reported.elapsed() >= REPORT_EVERY {
            println!("\n{} {}\n{}", seconds(started.elapsed()), memory.last(), tally.interval(reported.elapsed()));
            reported = Instant::now();
        }
        if tally.faults() > FAULTS_MAX {
            break;
        }
    }
    ensure!(tally.requests() > 0, "no request was answered");
    Ok(())
}
