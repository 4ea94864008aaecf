//! `/login` with tables of different sizes.

use std::time::Instant;

use anyhow::{Context, Result};

use super::Effort;
use crate::{
    outcome::{Bar, Chart, Goal, Outcome, Table},
    series::Series,
    whole::{self, Users, Whole},
};

const SIZES: [(u32, &str); 3] =
    [(10, "edgegate, 10 users"), (10_000, "edgegate, 10,000 users"), (1_000_000, "edgegate, 1,000,000 users")];

/// The goal allows for the spread of a login.
const FLAT: f64 = 1.05;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let workers = SIZES.iter().map(|(count, label)| {
        println!("      {label}");
        Whole::ours(Users { count: *count, cost: 10 })
    });
    let workers: Vec<_> = workers.collect::<Result<_>>()?;
    let targets = workers.iter().map(Whole::login).collect::<Result<Vec<_>>>()?;
    let mut connections = targets.iter().map(whole::open).collect::<Result<Vec<_>>>()?;
    let mut series: Vec<_> = SIZES.iter().map(|(_, label)| Series::new(*label)).collect();
    for _ in 0..effort.pick(60, 15) {
        for ((target, connection), series) in targets.iter().zip(&mut connections).zip(&mut series) {
            let sent = Instant::now();
            connection.send(&target.request)?;
            series.samples.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let (small, large) = (series.first().context("the smallest")?, series.last().context("the largest")?);
    let goals = vec![Goal::at_most("/login with 1,000,000 users ÷ with 10", large.ratio(small).median, FLAT)];
    let rows = series.iter().map(|each| vec![each.label.clone(), each.spread().show(1), each.ratio(small).show(2)]);
    let table = Table {
        caption: "Wall-clock time of one login:".into(),
        columns: ["table", "ms", "this ÷ 10 users"].map(String::from).into(),
        rows: rows.collect(),
    };
    let bars = series.iter().map(|each| Bar {
        label: each.label.clone(),
        value: each.median(),
        text: format!("{:.1} ms", each.median()),
    });
    let title = "One login as the table grows (flat is good)".to_owned();
    let charts = vec![Chart { name: "growth".into(), title, bars: bars.collect() }];
    Ok(Outcome { tables: vec![table], goals, charts, raw: series, ..Outcome::default() })
}
