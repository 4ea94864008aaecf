//! CPU time of one login, for each bcrypt cost of a new hash.

use std::time::Instant;

use anyhow::Result;
use testkit::usage;

use super::Effort;
use crate::{
    outcome::{Bar, Chart, Outcome, Table},
    series::Series,
    whole::{self, Users, Whole},
};

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let costs = effort.pick(10..=14, 10..=12);
    let mut series = Vec::new();
    let mut rows = Vec::new();
    for cost in costs {
        println!("      cost {cost}");
        // The next cost doubles the work, so half as many logins take the same time.
        let logins = (effort.pick(64, 16) >> (cost - 10)).max(4);
        let (clock, cpu) = one(cost, effort.pick(5, 1), logins)?;
        rows.push(vec![cost.to_string(), cpu.spread().show(1), clock.spread().show(1)]);
        series.extend([clock, cpu]);
    }
    let table = Table {
        caption: "One login with a right password, one after the other, median (least..most):".into(),
        columns: ["bcrypt cost", "CPU ms", "wall-clock ms"].map(String::from).into(),
        rows,
    };
    let bars = series.iter().filter(|each| each.label.ends_with("CPU")).map(|each| Bar {
        label: each.label.clone(),
        value: each.median(),
        text: format!("{:.0} ms", each.median()),
    });
    let title = "CPU time of one login by bcrypt cost, on workerd".to_owned();
    let charts = vec![Chart { name: "cost".into(), title, bars: bars.collect() }];
    let notes = vec![
        "CPU time is that of the whole workerd process, D1 included, which in production does not count for the Worker. Limits: \
         a Worker on the free plan has 10 ms of CPU a request, on a paid plan 30 s unless the configuration says otherwise."
            .into(),
    ];
    Ok(Outcome { tables: vec![table], notes, charts, raw: series, ..Outcome::default() })
}

/// Wall-clock time and CPU time of a login, in ms.
fn one(cost: u32, rounds: u32, logins: u32) -> Result<(Series, Series)> {
    let worker = Whole::ours(Users { count: 10, cost })?;
    let target = worker.login()?;
    let mut connection = whole::open(&target)?;
    let mut clock = Series::new(format!("edgegate, cost {cost}, clock"));
    let mut used = Series::new(format!("edgegate, cost {cost}, CPU"));
    for _ in 0..rounds {
        let (cpu_before, started) = (usage::cpu(target.pid)?, Instant::now());
        for _ in 0..logins {
            connection.send(&target.request)?;
        }
        let each = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0 / f64::from(logins);
        clock.samples.push(each(started.elapsed()));
        used.samples.push(each(usage::cpu(target.pid)?.saturating_sub(cpu_before)));
    }
    Ok((clock, used))
}
