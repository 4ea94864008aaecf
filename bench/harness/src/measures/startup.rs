//! The time of a fresh isolate of the whole Worker to its first response.

use anyhow::{Context, Result};

use super::Effort;
use crate::{
    bundle::{OURS, empty_bundle, worker_bundle},
    fresh::{self, Fresh},
    outcome::{Chart, Goal, Outcome, Table},
};

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let workers = [
        Fresh::new("an empty isolate", empty_bundle(), "/nothing"),
        Fresh { status: 404, ..Fresh::new("edgegate", worker_bundle(OURS), "/nothing-here") },
        Fresh { status: 404, ..Fresh::new("Hono + jose + bcryptjs", worker_bundle("hono"), "/nothing-here") },
        Fresh { nodejs: true, ..Fresh::new("better-auth", worker_bundle("better-auth"), "/api/auth/ok") },
    ];
    let series = fresh::rounds(&workers, effort.pick(25, 3))?;
    let (empty, started) = series.split_first().context("the empty isolate comes first")?;
    let above: Vec<_> = started.iter().map(|series| series.above(empty)).collect();
    let (ours, ours_above) = (started.first().context("ours")?, above.first().context("ours")?);
    let hono = started.get(1).context("Hono")?;
    let goals = vec![Goal::at_most("first answer of a fresh isolate ÷ Hono + jose", ours.ratio(hono).median, 1.0)];
    let tables = vec![
        Table::of_times("From asking for the isolate to the end of its first answer, ms:", "ms", &series, ours),
        Table::of_times("The same minus an isolate that does nothing, ms:", "ms", &above, ours_above),
    ];
    let notes = vec![
        "The first answer is a refusal of an unknown path (better-auth: its /ok), so that neither a password nor the database is \
         measured again; better-auth's check of the database schema, part of its first answer otherwise, is switched off for it."
            .into(),
    ];
    let title = "A fresh isolate to its first answer, as a multiple of edgegate (shorter is faster)";
    let charts = vec![Chart::of_multiples("startup", title, &series, ours)];
    Ok(Outcome { tables, notes, goals, charts, raw: series })
}
