//! The running subjects of `bench/subjects`, and the rounds in which they take turns.

use std::{net::SocketAddr, time::Instant};

use anyhow::{Context, Result};
use testkit::{
    server::{Server, address},
    sh::Sh,
    usage,
    worker::free_port,
};

use super::{
    bundle,
    connection::{Connection, get},
    round_counter::RoundCounter,
    series::Series,
    server::{Service, bench, start, workerd},
};

/// Where a subject runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// Node 22, one process each.
    Node,
    /// workerd, one isolate each.
    Workerd,
    /// A native Rust program, one process each.
    Native,
}

/// A running subject.
#[derive(Debug)]
pub(super) struct Subject {
    /// Its name in the tables.
    pub(super) label: String,
    addr: SocketAddr,
    pid: u32,
}

/// All running subjects of one kind.
#[derive(Debug, Default)]
pub(super) struct Running {
    servers: Vec<Server>,
    /// In the order in which they take turns.
    pub(super) subjects: Vec<Subject>,
}

/// The results: wall-clock time and CPU time of one operation, in ms, for each subject.
#[derive(Debug)]
pub(super) struct Timed {
    /// Wall-clock time.
    pub(super) time: Vec<Series>,
    /// CPU time from `/proc`.
    pub(super) cpu: Vec<Series>,
    /// The last response of each subject.
    pub(super) answers: Vec<String>,
}

/// Number of rounds, and of operations in each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounds {
    /// Rounds that are not counted, because the engines still compile.
    pub(super) warm_up: u32,
    /// Rounds that are counted.
    pub(super) counted: u32,
    /// Operations in one request.
    pub(super) each: u32,
}

impl Running {
    /// Starts these subjects of one kind.
    pub(super) fn start(kind: &str, subjects: &[(Runtime, &str)]) -> Result<Self> {
        let mut running = Self::default();
        let mut services = Vec::new();
        for (runtime, name) in subjects {
            let port = free_port()?;
            let log = format!("{runtime:?}-{kind}-{name}").to_lowercase();
            let pid = match runtime {
                Runtime::Node => {
                    let subject = format!("./subjects/{kind}/{name}.js");
                    let program = Sh::new("node").args(["node.js", &subject, &port.to_string()]).dir(bench());
                    running.add(start(&log, &program, &[port])?)
                }
                Runtime::Native => {
                    let program = Sh::new(bundle::native_program()).args([name, port.to_string().as_str()]);
                    running.add(start(&log, &program, &[port])?)
                }
                Runtime::Workerd => {
                    let bundle = bundle::subject_bundle(kind, name);
                    services.push(Service { name: (*name).to_owned(), bundle, port });
                    // All addresses are known after all have started.
                    0
                }
            };
            running.subjects.push(Subject { label: label(*runtime, name), addr: address(port), pid });
        }
        if !services.is_empty() {
            let pid = running.add(workerd(&format!("workerd-{kind}"), &services)?);
            running.subjects.iter_mut().filter(|subject| subject.pid == 0).for_each(|each| each.pid = pid);
        }
        Ok(running)
    }

    /// Runs this work on each subject in turn, in each round.
    ///
    /// # Errors
    /// When a subject returns a wrong result.
    pub(super) fn rounds(&self, work: &str, rounds: Rounds) -> Result<Timed> {
        let request = get(&format!("/{work}{}n={}", if work.contains('?') { '&' } else { '?' }, rounds.each), "");
        let series = || self.subjects.iter().map(|subject| Series::new(&subject.label)).collect();
        let mut timed = Timed { time: series(), cpu: series(), answers: vec![String::new(); self.subjects.len()] };
        let mut connections: Vec<_> =
            self.subjects.iter().map(|subject| Connection::open(subject.addr)).collect::<Result<_>>()?;
        let mut counter = RoundCounter::new(work, rounds.warm_up + rounds.counted);
        for round in 0..rounds.warm_up + rounds.counted {
            counter.next_round();
            for (index, (subject, connection)) in self.subjects.iter().zip(&mut connections).enumerate() {
                let cpu = usage::cpu(subject.pid)?;
                let started = Instant::now();
                let answer = connection.send(&request).with_context(|| format!("{}: {work}", subject.label))?;
                let elapsed = started.elapsed();
                timed.answers[index] = String::from_utf8_lossy(answer).into_owned();
                if round >= rounds.warm_up {
                    let each = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0 / f64::from(rounds.each);
                    timed.time[index].samples.push(each(elapsed));
                    timed.cpu[index].samples.push(each(usage::cpu(subject.pid)?.saturating_sub(cpu)));
                }
            }
        }
        Ok(timed)
    }

    /// The resident memory of the process of a subject, in MB.
    ///
    /// # Errors
    /// When no subject has the label.
    pub(super) fn megabytes(&self, label: &str) -> Result<f64> {
        let subject = self.subjects.iter().find(|subject| subject.label == label);
        let pid = subject.with_context(|| format!("no subject is called {label}"))?.pid;
        Ok(usage::memory(pid)? as f64 / 1e6)
    }

    fn add(&mut self, mut server: Server) -> u32 {
        let pid = server.pid();
        self.servers.push(server);
        pid
    }
}

/// The name of a subject in the tables.
pub(super) fn label(runtime: Runtime, name: &str) -> String {
    let package = match name {
        "tsndr" => "@tsndr/cloudflare-worker-jwt",
        "hono" => "hono/jwt",
        "node-rs" => "@node-rs/bcrypt (native)",
        "bcrypt" => "bcrypt (C++)",
        "bcrypt-crate" => "bcrypt crate",
        "openpgp" => "argon2id of OpenPGP.js",
        "noble" => "@noble/hashes",
        "argon2-crate" => "argon2 crate, simd128",
        "argon2-rust" => "argon2-rust crate, simd128",
        _ => name,
    };
    let runtime = match runtime {
        Runtime::Node => "Node",
        Runtime::Workerd => "workerd",
        Runtime::Native => "Rust, native",
    };
    format!("{package}, {runtime}")
}
