//! The first verification in a fresh Node process and in a fresh isolate of a fresh workerd.

use anyhow::{Context, Result};
use testkit::sh::Sh;

use super::Effort;
use crate::{
    bundle::{empty_bundle, subject_bundle},
    fresh::{self, Fresh},
    outcome::{Chart, Goal, Outcome, Table},
    round_counter::RoundCounter,
    running::{
        Runtime::{Node, Workerd},
        label,
    },
    series::Series,
    server::bench,
};

const SUBJECTS: [&str; 3] = ["edgegate", "hash-wasm", "bcryptjs"];
const NATIVE: [&str; 2] = ["node-rs", "bcrypt"];

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let node = processes(effort.pick(25, 3))?;
    let isolates = isolates(effort.pick(25, 3))?;
    let (empty, started) = isolates.split_first().context("the empty isolate comes first")?;
    let above: Vec<_> = started.iter().map(|series| series.above(empty)).collect();

    let goals = vec![
        Goal::at_most("first verification, fresh Node process ÷ best of hash-wasm and bcryptjs", best(&node)?, 0.78),
        Goal::at_most("first verification, fresh isolate ÷ best of hash-wasm and bcryptjs", best(&above)?, 0.78),
    ];
    let ours = |series: &[Series]| series.first().cloned().context("ours comes first");
    let tables = vec![
        Table::of_times(
            "A fresh Node process, from loading the module to the end of the first verification, ms:",
            "ms",
            &node,
            &ours(&node)?,
        ),
        Table::of_times(
            "A fresh isolate in a fresh workerd, minus an isolate that does nothing (loading included), ms:",
            "ms",
            &above,
            &ours(&above)?,
        ),
        Table::of_times("The same with the isolate itself, ms:", "ms", &isolates, &ours(started)?),
    ];
    let title =
        "First bcrypt verification of a fresh isolate, loading included, as a multiple of edgegate (shorter is faster)";
    let charts = vec![Chart::of_multiples("cold", title, &above, &ours(&above)?)];
    Ok(Outcome { tables, notes: Vec::new(), goals, charts, raw: [node, isolates].concat() })
}

/// The ratio of ours to the faster of the two peers.
fn best(series: &[Series]) -> Result<f64> {
    let [ours, hash_wasm, bcryptjs, ..] = series else { anyhow::bail!("three subjects were measured") };
    Ok(ours.ratio(hash_wasm).median.max(ours.ratio(bcryptjs).median))
}

fn processes(rounds: u32) -> Result<Vec<Series>> {
    let names: Vec<_> = SUBJECTS.iter().chain(&NATIVE).collect();
    let mut series: Vec<_> = names.iter().map(|name| Series::new(label(Node, name))).collect();
    // The first round loads the files into memory and is discarded.
    let mut counter = RoundCounter::new("fresh processes", rounds + 1);
    for round in 0..=rounds {
        counter.next_round();
        for (name, series) in names.iter().zip(&mut series) {
            let subject = format!("./subjects/bcrypt/{name}.js");
            let milliseconds = Sh::new("node").args(["cold.js", &subject]).dir(bench()).output()?;
            if round > 0 {
                series.samples.push(milliseconds.trim().parse()?);
            }
        }
    }
    Ok(series)
}

fn isolates(rounds: u32) -> Result<Vec<Series>> {
    let mut workers = vec![Fresh::new("an empty isolate, workerd", empty_bundle(), "/nothing")];
    workers.extend(
        SUBJECTS.map(|name| Fresh::new(label(Workerd, name), subject_bundle("bcrypt", name), "/bcrypt-verify")),
    );
    fresh::rounds(&workers, rounds)
}
