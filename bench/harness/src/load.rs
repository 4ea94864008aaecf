//! The load generator: one thread for each connection. Each sends its next request after the last response.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use testkit::usage;

use super::{
    connection::Connection,
    series::{Series, quantile},
};

/// A server and the request to send.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Its name in the tables.
    pub(super) label: String,
    /// The address of the server.
    pub(super) addr: SocketAddr,
    /// The process whose CPU time is measured.
    pub(super) pid: u32,
    /// The request.
    pub(super) request: Vec<u8>,
    /// The expected status of the response; any other is an error.
    pub(super) status: u16,
}

/// The results of a period of load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Responses per second.
    pub(super) per_second: f64,
    /// The median latency, in ms.
    pub(super) p50: f64,
    /// The 99th percentile of the latency, in ms.
    pub(super) p99: f64,
    /// CPU time of the server for each response, in ms.
    pub(super) cpu: f64,
}

/// Sends requests for this time, and waits for the pending responses.
pub(super) fn run(target: &Target, connections: usize, duration: Duration) -> Result<Load> {
    let cpu_before = usage::cpu(target.pid)?;
    let started = Instant::now();
    let deadline = started + duration;
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let target = target.clone();
            thread::spawn(move || send_until(&target, deadline))
        })
        .collect();
    let mut latencies = Vec::new();
    for thread in threads {
        latencies.extend(thread.join().map_err(|_| anyhow!("a thread of the load generator panicked"))??);
    }
    let elapsed = started.elapsed().as_secs_f64();
    let cpu = usage::cpu(target.pid)?.saturating_sub(cpu_before);
    latencies.sort_by(f64::total_cmp);
    let answers = latencies.len() as f64;
    Ok(Load {
        per_second: answers / elapsed,
        p50: quantile(&latencies, 0.5),
        p99: quantile(&latencies, 0.99),
        cpu: cpu.as_secs_f64() * 1000.0 / answers,
    })
}

/// Does `work` while each of these targets gets requests on a connection of its own.
pub(super) fn beside<T>(targets: &[Target], work: impl FnOnce() -> Result<T>) -> Result<T> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = targets.iter().map(|target| scope.spawn(|| send_until_over(target, &is_over))).collect();
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().map_err(|_| anyhow!("a thread of the load generator panicked"))??;
        }
        done
    })
}

/// The latencies in ms of this number of requests, one after the other.
pub(super) fn latencies(target: &Target, requests: u32) -> Result<Series> {
    let mut connection = Connection::open(target.addr)?;
    let mut latencies = Series::new(&target.label);
    for _ in 0..requests {
        latencies.samples.push(timed(&mut connection, target)?);
    }
    Ok(latencies)
}

/// The latency of one request in ms.
pub(super) fn timed(connection: &mut Connection, target: &Target) -> Result<f64> {
    let sent = Instant::now();
    connection.expect(target.status, &target.request)?;
    Ok(sent.elapsed().as_secs_f64() * 1000.0)
}

fn send_until_over(target: &Target, is_over: &AtomicBool) -> Result<()> {
    let mut connection = Connection::open(target.addr)?;
    while !is_over.load(Ordering::Relaxed) {
        timed(&mut connection, target)?;
    }
    Ok(())
}

/// The latencies in ms of the requests of one connection, at least one.
fn send_until(target: &Target, deadline: Instant) -> Result<Vec<f64>> {
    let mut connection = Connection::open(target.addr)?;
    let mut latencies = Vec::new();
    loop {
        latencies.push(timed(&mut connection, target)?);
        if Instant::now() >= deadline {
            return Ok(latencies);
        }
    }
}
