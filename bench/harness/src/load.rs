//! The load generator: one thread for each connection. Each sends its next request after the last response.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use super::{connection::Connection, cpu, series::quantile};

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
    let cpu_before = cpu::used(target.pid)?;
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
    let cpu = cpu::used(target.pid)?.saturating_sub(cpu_before);
    latencies.sort_by(f64::total_cmp);
    let answers = latencies.len() as f64;
    Ok(Load {
        per_second: answers / elapsed,
        p50: quantile(&latencies, 0.5),
        p99: quantile(&latencies, 0.99),
        cpu: cpu.as_secs_f64() * 1000.0 / answers,
    })
}

/// The latencies in ms of the requests of one connection, at least one.
fn send_until(target: &Target, deadline: Instant) -> Result<Vec<f64>> {
    let mut connection = Connection::open(target.addr)?;
    let mut latencies = Vec::new();
    loop {
        let sent = Instant::now();
        connection.send(&target.request)?;
        latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
        if Instant::now() >= deadline {
            return Ok(latencies);
        }
    }
}
