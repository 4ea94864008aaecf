//! The response time of a refused login by its reason, while other logins are refused.

use std::{f64::consts::GOLDEN_RATIO, thread, time::Duration};

use anyhow::Result;

use super::Effort;
use crate::{
    connection::Connection,
    load,
    outcome::{Goal, Outcome, Table},
    round_counter::RoundCounter,
    series::Series,
    whole::Whole,
};

/// The goal allows for the spread of a login.
const EQUAL: f64 = 1.1;

/// Logins in the background: more than one batch.
const BACKGROUND: usize = 5;

/// About the time of one batch. Requests that are sent right after a response all arrive at the same moment of a batch,
/// and take two, three or four whole batches: their medians would differ by a batch or not at all.
const BATCH: Duration = Duration::from_millis(160);

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let worker = Whole::refusing()?;
    let targets = worker.refused_logins();
    // One for all, because workerd closes a connection that is idle for 5 s.
    let mut connection = Connection::open(worker.addr)?;
    let mut series: Vec<_> = targets.iter().map(|target| Series::new(&target.label)).collect();
    let background: Vec<_> = targets.iter().cycle().take(BACKGROUND).cloned().collect();
    let rounds = effort.pick(50, 4);
    load::beside(&background, || {
        // Not counted: the background starts, and the engine still compiles.
        for target in &targets {
            load::timed(&mut connection, target)?;
        }
        let mut counter = RoundCounter::new("refused logins", rounds);
        for round in 0..rounds as usize {
            counter.next_round();
            // Multiples of the golden ratio spread evenly over a batch.
            let pause = BATCH.mul_f64((round as f64 * GOLDEN_RATIO).fract());
            for turn in 0..targets.len() {
                // Each reason takes each turn.
                let index = (round + turn) % targets.len();
                thread::sleep(pause);
                series[index].samples.push(load::timed(&mut connection, &targets[index])?);
            }
        }
        Ok(())
    })?;
    let medians = series.iter().map(Series::median);
    let (largest, smallest) = (medians.clone().fold(f64::NAN, f64::max), medians.fold(f64::NAN, f64::min));
    let goals = vec![Goal::at_most("refused logins, slowest reason ÷ fastest (medians)", largest / smallest, EQUAL)];
    let rows = series
        .iter()
        .map(|each| vec![each.label.clone(), each.spread().show(0), format!("{:.2}", each.median() / smallest)]);
    let table = Table {
        caption: format!("Wall-clock time of one refused login, beside {BACKGROUND} others:"),
        columns: ["reason", "ms", "median ÷ smallest median"].map(String::from).into(),
        rows: rows.collect(),
    };
    let notes = vec![
        "`BCRYPT_COST` is 11. The requests are interleaved, and begin at even distances within a batch. The logins in the background \
         have the same reasons."
            .into(),
    ];
    Ok(Outcome { tables: vec![table], notes, goals, raw: series, ..Outcome::default() })
}
