//! `/me`, which needs no bcrypt, beside logins in flight.

use std::time::Duration;

use anyhow::Result;

use super::Effort;
use crate::{
    load,
    outcome::{Goal, Outcome, Table, decimals},
    round_counter::RoundCounter,
    series::{Series, quantile},
    whole::{Users, Whole},
};

/// Logins in flight.
const LOGINS: usize = 8;

/// Logins in one batch, as in `pkg/src/lanes.ts`.
const BATCH: f64 = 3.0;

/// Logins in flight that fill each batch.
const FULL: usize = 24;

/// The goal, in batches: the rest of the current one, and as much again as half of one.
const BATCHES: f64 = 1.5;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let worker = Whole::ours(Users { count: 1000, cost: 10 })?;
    let (me, login) = (worker.me()?, worker.login()?);
    let logins = vec![login.clone(); LOGINS];
    let rounds = effort.pick(7, 1);
    let duration = Duration::from_millis(effort.pick(3000, 1000));
    let requests = effort.pick(100, 50);
    let mut alone = [Series::new("p50 alone"), Series::new("p99 alone")];
    let mut beside = [Series::new("p50 beside logins"), Series::new("p99 beside logins")];
    let mut batch = Series::new("one batch");
    let mut counter = RoundCounter::new("/me beside logins", rounds);
    // Not counted: the engine still compiles.
    load::latencies(&me, requests)?;
    for _ in 0..rounds {
        counter.next_round();
        push(&mut alone, load::latencies(&me, requests)?);
        load::beside(&logins, || {
            // Not counted: the logins start.
            load::latencies(&me, 5)?;
            push(&mut beside, load::latencies(&me, requests)?);
            Ok(())
        })?;
        batch.samples.push(BATCH * 1000.0 / load::run(&login, FULL, duration)?.per_second);
    }
    let goal = format!("/me beside {LOGINS} logins, p99 ÷ time of one batch of logins");
    let goals = vec![Goal::at_most(&goal, beside[1].ratio(&batch).median, BATCHES)];
    let show = |series: &Series| series.spread().show(decimals(series.median()));
    let in_batches = |series: &Series| series.ratio(&batch).show(2);
    let row =
        |label: String, [p50, p99]: &[Series; 2]| vec![label, show(p50), show(p99), in_batches(p50), in_batches(p99)];
    let table = Table {
        caption: "`/me` on one connection, one request after the other:".into(),
        columns: ["requests", "p50 ms", "p99 ms", "p50 in batches", "p99 in batches"].map(String::from).into(),
        rows: vec![row("alone".into(), &alone), row(format!("beside {LOGINS} logins in flight"), &beside)],
    };
    let notes = vec![format!(
        "A batch is the time of {BATCH} logins while {FULL} are in flight, measured in the same rounds: {} ms. `/me` reads its user \
         from D1.",
        show(&batch)
    )];
    Ok(Outcome {
        tables: vec![table],
        notes,
        goals,
        raw: [alone.into(), beside.into(), vec![batch]].concat(),
        ..Outcome::default()
    })
}

/// Adds the p50 and the p99 of these latencies.
fn push(quantiles: &mut [Series; 2], mut latencies: Series) {
    latencies.samples.sort_by(f64::total_cmp);
    for (series, share) in quantiles.iter_mut().zip([0.5, 0.99]) {
        series.samples.push(quantile(&latencies.samples, share));
    }
}
