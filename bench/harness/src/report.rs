//! The stored results: JSON for each measure, and `bench/RESULTS.md` and the charts made from all of them.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use testkit::sh::Sh;

use super::{
    chart,
    measures::{ALL, Effort, Measure},
    outcome::{Outcome, Table},
    server::{bench, dir},
};

/// A measure's result, with time and machine.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The date.
    pub(super) date: String,
    /// The machine.
    pub(super) machine: String,
    /// Whether it was a quick run.
    pub(super) is_quick: bool,
    /// The result.
    pub(super) outcome: Outcome,
}

impl Record {
    /// A record of the current run.
    pub(super) fn new(effort: Effort, outcome: Outcome) -> Result<Self> {
        Ok(Self { date: date()?, machine: machine()?, is_quick: effort == Effort::Quick, outcome })
    }

    /// Stores it as the latest record of the measure.
    pub(super) fn save(&self, measure: &Measure) -> Result<()> {
        let effort = if self.is_quick { Effort::Quick } else { Effort::Full };
        fs::write(file(measure, effort)?, serde_json::to_string_pretty(self)?)?;
        Ok(())
    }

    /// The latest record of the measure.
    fn load(measure: &Measure, effort: Effort) -> Result<Self> {
        let file = latest(measure, effort)?;
        let text = fs::read_to_string(&file).with_context(|| format!("{} was not measured", measure.name))?;
        serde_json::from_str(&text).with_context(|| format!("{}: cannot be read, delete it", file.display()))
    }
}

/// The file of the latest record; after a quick run the quick one, if it exists.
fn latest(measure: &Measure, effort: Effort) -> Result<PathBuf> {
    let quick = Some(file(measure, Effort::Quick)?).filter(|file| effort == Effort::Quick && file.exists());
    quick.map_or_else(|| file(measure, Effort::Full), Ok)
}

/// Fails unless there is a record of each of these measures, which `bench/RESULTS.md` would lack otherwise.
pub(super) fn check<'m>(effort: Effort, measures: impl Iterator<Item = &'m Measure>) -> Result<()> {
    let mut missing = Vec::new();
    for measure in measures {
        if !latest(measure, effort)?.exists() {
            missing.push(measure.name);
        }
    }
    ensure!(
        missing.is_empty(),
        "bench/RESULTS.md cannot be written: this machine has not measured {} yet. Run `cargo xtask bench` first",
        missing.join(", ")
    );
    Ok(())
}

/// Quick records are stored separately, so that they do not replace those of a full run.
fn file(measure: &Measure, effort: Effort) -> Result<PathBuf> {
    Ok(dir(effort.pick("results", "results-quick"))?.join(measure.name).with_extension("json"))
}

/// The result as text for the terminal.
pub(super) fn show(outcome: &Outcome) -> String {
    let tables: String = outcome.tables.iter().map(|table| format!("\n{}", table.markdown())).collect();
    let notes: String = outcome.notes.iter().map(|note| format!("\n{note}\n")).collect();
    let goals = if outcome.goals.is_empty() { String::new() } else { format!("\n{}", goals([outcome]).markdown()) };
    format!("{tables}{notes}{goals}")
}

/// Writes `bench/RESULTS.md` and the charts from the latest record of every measure.
pub(super) fn write(effort: Effort) -> Result<()> {
    let mut records = Vec::new();
    for measure in &ALL {
        records.push((measure, Record::load(measure, effort)?));
    }
    fs::write(bench().join("RESULTS.md"), results(&records)?)?;
    let charts = bench().join("charts");
    fs::create_dir_all(&charts)?;
    for chart in records.iter().flat_map(|(_, record)| &record.outcome.charts) {
        fs::write(charts.join(&chart.name).with_extension("svg"), chart::svg(chart))?;
    }
    Ok(())
}

fn results(records: &[(&Measure, Record)]) -> Result<String> {
    let mut text = format!(
        "# Benchmark results\n\n\
         Written by `cargo xtask bench` ([what is measured and how](harness/src/measures)); do not edit.\n\n\
         All subjects take turns in one run on one machine, and ratios are computed for each round. Compare the ratios; the \
         times depend on the machine. Each number is a median, with the minimum and the maximum in brackets.\n\n\
         {}\n\n## Goals\n\n{}",
        versions()?,
        goals(records.iter().map(|(_, record)| &record.outcome)).markdown()
    );
    for (measure, record) in records {
        text += &format!("\n## {}: {}\n\n", measure.name, measure.what);
        let quick = if record.is_quick { ", with `--quick`: few rounds, for orientation" } else { "" };
        text += &format!("{}, {}{quick}.\n", record.date, record.machine);
        for chart in &record.outcome.charts {
            text += &format!("\n![{}](charts/{}.svg)\n", chart.title, chart.name);
        }
        text += &record.outcome.tables.iter().map(|table| format!("\n{}", table.markdown())).collect::<String>();
        text += &record.outcome.notes.iter().map(|note| format!("\n{note}\n")).collect::<String>();
    }
    Ok(text)
}

fn goals<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Table {
    Table {
        caption: "The goals of the project and the results of this run:".into(),
        columns: ["measure", "goal", "here", "verdict"].map(String::from).into(),
        rows: outcomes.into_iter().flat_map(|outcome| &outcome.goals).map(|goal| goal.cells()).collect(),
    }
}

fn date() -> Result<String> {
    Ok(Sh::new("date").args(["-u", "+%Y-%m-%d"]).output()?.trim().to_owned())
}

fn machine() -> Result<String> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{}, {cores} cores", model.unwrap_or(std::env::consts::ARCH)))
}

/// The versions of all programs and packages that were measured.
fn versions() -> Result<String> {
    let node = Sh::new("node").args(["--version"]).output()?;
    let rustc = Sh::new("rustc").args(["--version"]).output()?;
    let workerd = Sh::new("node").args(["-p", "require('workerd').version"]).output()?;
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(bench().join("package.json"))?)?;
    let peers = manifest["dependencies"].as_object().context("bench/package.json names no peers")?;
    let peers: Vec<_> =
        peers.iter().map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("?"))).collect();
    Ok(format!(
        "Node {}, workerd {}, {}; {}.",
        node.trim().trim_start_matches('v'),
        workerd.trim(),
        rustc.split(" (").next().unwrap_or_default(),
        peers.join(", ")
    ))
}
