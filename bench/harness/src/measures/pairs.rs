//! Tokens of key pairs. The platform's cryptography does the work for edgegate and for jose.

use anyhow::Result;

use super::{Effort, jwt::in_microseconds, verify::find};
use crate::{
    outcome::{Goal, Outcome, Table},
    running::{Rounds, Running, Runtime::Workerd, label},
};

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let running = Running::start("pairs", &[(Workerd, "edgegate"), (Workerd, "jose")])?;
    let rounds = Rounds { warm_up: effort.pick(4, 2), counted: effort.pick(21, 5), each: effort.pick(1500, 400) };
    let (ours, jose) = (label(Workerd, "edgegate"), label(Workerd, "jose"));
    let mut outcome = Outcome::default();
    for (work, what, bound) in [
        ("pair-verify?alg=EdDSA", "EdDSA verify", 1.0),
        ("pair-sign?alg=EdDSA", "EdDSA sign", 1.0),
        ("pair-verify?alg=RS256", "RS256 verify", 1.1),
        ("pair-verify?alg=ES256", "ES256 verify", 1.1),
    ] {
        let series = in_microseconds(running.rounds(work, rounds)?.time);
        let ratio = find(&series, &ours)?.ratio(find(&series, &jose)?).median;
        outcome.goals.push(Goal::at_most(&format!("{what} in workerd ÷ jose"), ratio, bound));
        let caption = format!("{what} on workerd, microseconds for one token:");
        outcome.tables.push(Table::of_times(&caption, "µs", &series, find(&series, &ours)?));
        outcome.raw.extend(series);
    }
    outcome.notes.push("jose is given `CryptoKey`s that were imported once, the fastest option.".into());
    Ok(outcome)
}
