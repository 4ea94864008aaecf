//! `/login` of the whole Worker, under load.

use std::time::Duration;

use anyhow::Result;

use super::{
    Effort,
    routes::{Stretch, Under, compare},
};
use crate::{
    outcome::{Goal, Outcome},
    whole::{Users, Whole},
};

/// The number of connections of the goals.
const GOAL_AT: usize = 8;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let workers = [Whole::ours(Users { count: 1000, cost: 10 })?, Whole::hono()?, Whole::better_auth()?];
    let targets = workers.iter().map(Whole::login).collect::<Result<Vec<_>>>()?;
    let stretch = Stretch {
        connections: effort.pick(&[1, 8, 64], &[8]),
        rounds: effort.pick(5, 2),
        duration: Duration::from_millis(effort.pick(4000, 1500)),
    };
    let title =
        "/login on workerd with D1, 8 connections: logins a second as a multiple of edgegate (longer is faster)";
    let Under { mut outcome, series } = compare("login", title, &targets, stretch, GOAL_AT)?;
    if let [ours, hono, better_auth] = series.cpu.as_slice() {
        let more = |theirs| 1.0 / ours.ratio(theirs).median;
        outcome.goals = vec![
            Goal::at_least("/login, logins per CPU second at 8 connections ÷ Hono + jose + bcryptjs", more(hono), 2.0),
            Goal::at_least("/login, logins per CPU second at 8 connections ÷ better-auth", more(better_auth), 1.0),
        ];
    }
    outcome.notes.push(
        "Ours and Hono's check a bcrypt hash of cost 10 in the same table of 1,000 users. better-auth is measured with its defaults: \
         scrypt (N 16384, r 16, p 1) by node:crypto, and a row in its session table for every sign-in."
            .into(),
    );
    Ok(outcome)
}
