//! The response time of a refused login by its reason, while other logins are refused.

use anyhow::Result;

use super::Effort;
use crate::{
    load,
    outcome::{Goal, Outcome, Table},
    round_counter::RoundCounter,
    series::Series,
    whole::{self, Whole},
};

/// The goal allows for the spread of a login.
const EQUAL: f64 = 1.1;

/// Logins in the background: with the measured one there are six, two full batches.
const BACKGROUND: usize = 5;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let worker = Whole::refusing()?;
    let targets = worker.refused_logins();
    let mut connections = targets.iter().map(whole::open).collect::<Result<Vec<_>>>()?;
    let mut series: Vec<_> = targets.iter().map(|target| Series::new(&target.label)).collect();
    let background: Vec<_> = targets.iter().cycle().take(BACKGROUND).cloned().collect();
    let rounds = effort.pick(30, 3);
    load::beside(&background, |_| {
        // Not counted: the background starts, and the engine still compiles.
        for (connection, target) in connections.iter_mut().zip(&targets) {
            load::timed(connection, target)?;
        }
        let mut counter = RoundCounter::new("refused logins", rounds);
        for round in 0..rounds as usize {
            counter.next_round();
            for turn in 0..targets.len() {
                // Each reason takes each turn.
                let index = (round + turn) % targets.len();
                series[index].samples.push(load::timed(&mut connections[index], &targets[index])?);
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
        "`BCRYPT_COST` is 12, its default. The requests are interleaved. The logins in the background have the same reasons."
            .into(),
    ];
    Ok(Outcome { tables: vec![table], notes, goals, raw: series, ..Outcome::default() })
}
