//! Routes of the whole Worker under load: the comparison of a route, `/me`, and a route that needs only a token.

use std::time::Duration;

use anyhow::{Context, Result};

use super::Effort;
use crate::{
    load::{self, Target},
    outcome::{Chart, Goal, Outcome, Table, decimals},
    round_counter::RoundCounter,
    series::Series,
    whole::{Users, Whole},
};

/// Length of the load, and numbers of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'a> {
    pub(super) connections: &'a [usize],
    pub(super) rounds: u32,
    pub(super) duration: Duration,
}

/// A comparison, and its series at the number of connections of the goals.
#[derive(Debug)]
pub(super) struct Under {
    pub(super) outcome: Outcome,
    pub(super) series: Columns,
}

/// One series for each target.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) per_second: Vec<Series>,
    pub(super) p50: Vec<Series>,
    pub(super) p99: Vec<Series>,
    pub(super) cpu: Vec<Series>,
}

/// `/me` compared with Hono's `/me` and better-auth's get-session.
pub(super) fn me(effort: Effort) -> Result<Outcome> {
    let workers = [Whole::ours(Users { count: 1000, cost: 10 })?, Whole::hono()?, Whole::better_auth()?];
    let targets = workers.iter().map(Whole::me).collect::<Result<Vec<_>>>()?;
    let title = "/me on workerd with D1, 8 connections: answers a second as a multiple of edgegate (longer is faster)";
    let mut under = compare("me", title, &targets, short(effort), 8)?;
    under.outcome.goals = vec![compared_with_hono("/me", &under.series, 0.97)?];
    under.outcome.notes.push("better-auth's counterpart is get-session, with the cookie of its sign-in.".into());
    Ok(under.outcome)
}

/// A route without a database.
pub(super) fn token(effort: Effort) -> Result<Outcome> {
    let (ours, hono) = (Whole::ours_token_only()?, Whole::hono()?);
    let token = hono.token()?;
    let targets = [ours.token_only(&token), hono.token_only(&token)];
    let title =
        "A token-only route on workerd, 8 connections: answers a second as a multiple of edgegate (longer is faster)";
    let mut under = compare("token", title, &targets, short(effort), 8)?;
    under.outcome.goals = vec![compared_with_hono("token-only route", &under.series, 1.0)?];
    Ok(under.outcome)
}

/// Measures the targets in turn under load, for each number of connections.
pub(super) fn compare(
    name: &str,
    title: &str,
    targets: &[Target],
    stretch: Stretch<'_>,
    goal_at: usize,
) -> Result<Under> {
    let mut outcome = Outcome::default();
    let mut series = Columns::default();
    // Not counted: the engines still compile.
    targets.iter().try_for_each(|target| load::run(target, 4, stretch.duration / 2).map(drop))?;
    for connections in stretch.connections {
        let columns = measure(targets, *connections, stretch)?;
        outcome.tables.push(table(*connections, &columns)?);
        outcome.raw.extend(columns.per_second.iter().chain(&columns.cpu).cloned());
        if *connections == goal_at {
            let ours = columns.per_second.first().context("ours comes first")?;
            outcome.charts.push(Chart::of_multiples(name, title, &columns.per_second, ours));
            series = columns;
        }
    }
    outcome.notes.push(
        "Each Worker runs in its own workerd, with D1 in the same process. Requests go to the Worker's own socket, past \
         wrangler's proxy and the static assets. CPU is that of the whole workerd process, D1 included. The client takes the \
         other core."
            .into(),
    );
    Ok(Under { outcome, series })
}

fn short(effort: Effort) -> Stretch<'static> {
    Stretch {
        connections: effort.pick(&[1, 8, 64], &[8]),
        rounds: effort.pick(7, 3),
        duration: Duration::from_millis(effort.pick(2000, 500)),
    }
}

fn compared_with_hono(route: &str, series: &Columns, bound: f64) -> Result<Goal> {
    let [ours, hono, ..] = series.per_second.as_slice() else { anyhow::bail!("two were measured") };
    let what = format!("{route}, requests a second at 8 connections ÷ Hono + jose");
    Ok(Goal::at_least(&what, ours.ratio(hono).median, bound))
}

fn measure(targets: &[Target], connections: usize, stretch: Stretch<'_>) -> Result<Columns> {
    let series = || targets.iter().map(|target| Series::new(&target.label)).collect();
    let mut columns = Columns { per_second: series(), p50: series(), p99: series(), cpu: series() };
    let what = format!("connections: {connections}");
    let mut counter = RoundCounter::new(&what, stretch.rounds);
    for _ in 0..stretch.rounds {
        counter.next_round();
        for (index, target) in targets.iter().enumerate() {
            let load = load::run(target, connections, stretch.duration).with_context(|| target.label.clone())?;
            columns.per_second[index].samples.push(load.per_second);
            columns.p50[index].samples.push(load.p50);
            columns.p99[index].samples.push(load.p99);
            columns.cpu[index].samples.push(load.cpu);
        }
    }
    Ok(columns)
}

fn table(connections: usize, columns: &Columns) -> Result<Table> {
    let ours = columns.per_second.first().context("ours comes first")?;
    let show = |series: &Series| series.spread().show(decimals(series.median()));
    let rows = columns.per_second.iter().enumerate().map(|(index, per_second)| {
        vec![
            per_second.label.clone(),
            show(per_second),
            show(&columns.p50[index]),
            show(&columns.p99[index]),
            show(&columns.cpu[index]),
            format!("{:.1}", 1000.0 / columns.cpu[index].median()),
            if index == 0 { "1".into() } else { ours.ratio(per_second).show(2) },
        ]
    });
    let head = [
        "Worker",
        "answers a second",
        "p50 ms",
        "p99 ms",
        "CPU ms per answer",
        "answers per CPU second",
        "edgegate ÷ this",
    ];
    let caption = match connections {
        1 => "1 connection:".to_owned(),
        more => format!("{more} connections:"),
    };
    Ok(Table { caption, columns: head.map(String::from).into(), rows: rows.collect() })
}
