//! `/me`, which needs no bcrypt, beside logins in flight.

use std::{sync::atomic::Ordering, time::Instant};

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

/// Logins in one batch, as in `pkg/src/lanes.ts`. That many are always waiting.
const BATCH: f64 = 3.0;

/// The goal, in batches: the rest of the current one, and as much again as half of one.
const BATCHES: f64 = 1.5;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let worker = Whole::ours(Users { count: 1000, cost: 10 })?;
    let (me, logins) = (worker.me()?, vec![worker.login()?; LOGINS]);
    let rounds = effort.pick(7, 1);
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
        load::beside(&logins, |answered| {
            // Not counted: the logins start.
            load::latencies(&me, 5)?;
            let (answered_before, started) = (answered.load(Ordering::Relaxed), Instant::now());
            push(&mut beside, load::latencies(&me, requests)?);
            let answered = answered.load(Ordering::Relaxed) - answered_before;
            batch.samples.push(started.elapsed().as_secs_f64() * 1000.0 * BATCH / f64::from(answered));
            Ok(())
        })?;
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
        "A batch is the time in which {BATCH} logins are answered while `/me` is measured: {} ms. `/me` reads its user from D1.",
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
