//! The first response of a fresh isolate in a fresh workerd. An earlier isolate of the same workerd would leave
//! compiled wasm in its cache.

use std::{path::PathBuf, time::Instant};

use anyhow::Result;
use testkit::{server::address, worker::free_port};

use super::{
    connection::{Connection, get},
    round_counter::RoundCounter,
    series::Series,
    server::{bench, file_name, modules, serve},
};

/// A Worker to be started repeatedly.
#[derive(Debug)]
pub(super) struct Fresh {
    /// Its name in the tables.
    pub(super) label: String,
    /// Its modules.
    pub(super) bundle: PathBuf,
    /// The first request.
    pub(super) target: String,
    /// The expected status.
    pub(super) status: u16,
    /// Whether it needs Node's modules.
    pub(super) nodejs: bool,
}

impl Fresh {
    /// A Worker with status 200 and without Node's modules.
    pub(super) fn new(label: impl Into<String>, bundle: PathBuf, target: &str) -> Self {
        Self { label: label.into(), bundle, target: target.into(), status: 200, nodejs: false }
    }

    /// The time from requesting the isolate to the end of its first response, in ms.
    fn first_answer(&self) -> Result<f64> {
        let port = free_port()?;
        let _server = serve(&format!("fresh-{port}"), &self.config(port), &[port])?;
        let mut connection = Connection::open(address(port))?;
        connection.send(&get("/", ""))?;
        let started = Instant::now();
        connection.expect(self.status, &get(&self.target, ""))?;
        Ok(started.elapsed().as_secs_f64() * 1000.0)
    }

    fn config(&self, port: u16) -> String {
        let loader = bench().join("loader.js");
        let files = modules(&self.bundle);
        let bindings = files.iter().map(|file| {
            let kind = if file.extension().is_some_and(|kind| kind == "wasm") { "data" } else { "text" };
            format!("(name = \"{}\", {kind} = embed \"{}\"), ", file_name(file), file.display())
        });
        let mut bindings: String = bindings.collect();
        if self.nodejs {
            bindings += "(name = \"NODEJS\", text = \"yes\"), ";
        }
        format!(
            "using Workerd = import \"/workerd/workerd.capnp\";\n\
             const config :Workerd.Config = (\n\
             services = [(name = \"loader\", worker = (\n\
             compatibilityDate = \"2026-11-01\",\n\
             modules = [(name = \"loader.js\", esModule = embed \"{}\")],\n\
             bindings = [(name = \"LOADER\", workerLoader = ()), {bindings}]))],\n\
             sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"loader\")]);\n",
            loader.display()
        )
    }
}

/// Measures the Workers in turn, in each round.
pub(super) fn rounds(workers: &[Fresh], count: u32) -> Result<Vec<Series>> {
    let mut series: Vec<_> = workers.iter().map(|worker| Series::new(&worker.label)).collect();
    let mut counter = RoundCounter::new("fresh isolates", count);
    for _ in 0..count {
        counter.next_round();
        for (worker, series) in workers.iter().zip(&mut series) {
            series.samples.push(worker.first_answer()?);
        }
    }
    Ok(series)
}
