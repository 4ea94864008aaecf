//! The subjects of `bench/subjects`, each running, and the rounds in which they take turns.

use std::{net::SocketAddr, time::Instant};

use anyhow::{Context, Result};
use testkit::{sh::Sh, worker::free_port};

use super::{
    bundle,
    connection::{Connection, get},
    cpu,
    series::Series,
    server::{Server, Service, address, bench, workerd},
    ticker::Ticker,
};

/// Where a subject runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// Node 22, a process each.
    Node,
    /// workerd, an isolate each.
    Workerd,
    /// No runtime: Rust, a process each.
    Native,
}

/// A subject, running.
#[derive(Debug)]
pub(super) struct Contestant {
    /// Its name in the tables.
    pub(super) label: String,
    addr: SocketAddr,
    pid: u32,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Lab {
    servers: Vec<Server>,
    /// In the order in which they take turns.
    pub(super) contestants: Vec<Contestant>,
}

/// What a round of one subject gave: the wall clock and the CPU time for each operation, in ms.
#[derive(Debug)]
pub(super) struct Timed {
    /// By the wall clock.
    pub(super) time: Vec<Series>,
    /// By `/proc`.
    pub(super) cpu: Vec<Series>,
    /// What each answered last.
    pub(super) answers: Vec<String>,
}

/// How often, and how much each time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounds {
    /// Rounds that are not counted, until every engine has compiled what it will.
    pub(super) warm_up: u32,
    /// Rounds that are counted.
    pub(super) counted: u32,
    /// Operations a request.
    pub(super) each: u32,
}

impl Lab {
    /// Starts these subjects of one kind.
    pub(super) fn start(kind: &str, subjects: &[(Runtime, &str)]) -> Result<Self> {
        let mut lab = Self::default();
        let mut services = Vec::new();
        for (runtime, name) in subjects {
            let port = free_port()?;
            let log = format!("{runtime:?}-{kind}-{name}").to_lowercase();
            let pid = match runtime {
                Runtime::Node => {
                    let subject = format!("./subjects/{kind}/{name}.js");
                    let program = Sh::new("node").args(["node.js", &subject, &port.to_string()]).dir(bench());
                    lab.add(Server::start(&log, &program, &[port])?)
                }
                Runtime::Native => {
                    let program = Sh::new(bundle::native_program()).args([name, port.to_string().as_str()]);
                    lab.add(Server::start(&log, &program, &[port])?)
                }
                Runtime::Workerd => {
                    let bundle = bundle::subject_bundle(kind, name);
                    services.push(Service { name: (*name).to_owned(), bundle, port });
                    // Known once all of them are started together.
                    0
                }
            };
            lab.contestants.push(Contestant { label: label(*runtime, name), addr: address(port), pid });
        }
        if !services.is_empty() {
            let pid = lab.add(workerd(&format!("workerd-{kind}"), &services)?);
            lab.contestants.iter_mut().filter(|contestant| contestant.pid == 0).for_each(|each| each.pid = pid);
        }
        Ok(lab)
    }

    /// Lets each do this work in turn, round after round.
    ///
    /// # Errors
    /// When one gives a wrong answer.
    pub(super) fn rounds(&self, work: &str, rounds: Rounds) -> Result<Timed> {
        let request = get(&format!("/{work}{}n={}", if work.contains('?') { '&' } else { '?' }, rounds.each), "");
        let series = || self.contestants.iter().map(|contestant| Series::new(&contestant.label)).collect();
        let mut timed = Timed { time: series(), cpu: series(), answers: vec![String::new(); self.contestants.len()] };
        let mut connections: Vec<_> =
            self.contestants.iter().map(|contestant| Connection::open(contestant.addr)).collect::<Result<_>>()?;
        let mut ticker = Ticker::new(work, rounds.warm_up + rounds.counted);
        for round in 0..rounds.warm_up + rounds.counted {
            ticker.tick();
            for (index, (contestant, connection)) in self.contestants.iter().zip(&mut connections).enumerate() {
                let cpu = cpu::used(contestant.pid)?;
                let started = Instant::now();
                let answer = connection.send(&request).with_context(|| format!("{}: {work}", contestant.label))?;
                let elapsed = started.elapsed();
                timed.answers[index] = String::from_utf8_lossy(answer).into_owned();
                if round >= rounds.warm_up {
                    let each = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0 / f64::from(rounds.each);
                    timed.time[index].samples.push(each(elapsed));
                    timed.cpu[index].samples.push(each(cpu::used(contestant.pid)?.saturating_sub(cpu)));
                }
            }
        }
        Ok(timed)
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
        _ => name,
    };
    let runtime = match runtime {
        Runtime::Node => "Node",
        Runtime::Workerd => "workerd",
        Runtime::Native => "Rust, native",
    };
    format!("{package}, {runtime}")
}
