//! HS256: signing and verifying a token with `user_id` and `exp`.

use anyhow::Result;

use super::{Effort, verify::find};
use crate::{
    outcome::{Chart, Goal, Outcome, Table},
    running::{
        Rounds, Running,
        Runtime::{Node, Workerd},
        label,
    },
    series::Series,
};

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let on_workerd = ["edgegate", "jose", "tsndr", "hono"].map(|name| (Workerd, name));
    let on_node = ["edgegate", "jose", "fast-jwt", "jsonwebtoken"].map(|name| (Node, name));
    let running = Running::start("jwt", &[on_workerd, on_node].concat())?;
    let rounds = Rounds { warm_up: effort.pick(4, 2), counted: effort.pick(21, 5), each: effort.pick(8000, 2000) };
    let verified = in_microseconds(running.rounds("jwt-verify", rounds)?.time);
    let signed = in_microseconds(running.rounds("jwt-sign", rounds)?.time);

    let (ours, jose) = (label(Workerd, "edgegate"), label(Workerd, "jose"));
    let goal = |what: &str, series: &[Series], bound| {
        Ok::<_, anyhow::Error>(Goal::at_most(what, find(series, &ours)?.ratio(find(series, &jose)?).median, bound))
    };
    let goals = vec![
        goal("HS256 verify in workerd ÷ jose", &verified, 0.45)?,
        goal("HS256 sign in workerd ÷ jose", &signed, 0.30)?,
    ];
    let mut tables = Vec::new();
    let mut charts = Vec::new();
    for (verb, name, series) in [("Verifying", "jwt-verify", &verified), ("Signing", "jwt-sign", &signed)] {
        for (runtime, own) in [("workerd", label(Workerd, "edgegate")), ("Node", label(Node, "edgegate"))] {
            let there: Vec<_> = series.iter().filter(|each| each.label.ends_with(runtime)).cloned().collect();
            let caption = format!("{verb} on {runtime}, microseconds for one token:");
            tables.push(Table::of_times(&caption, "µs", &there, find(&there, &own)?));
            if runtime == "workerd" {
                let title =
                    format!("{verb} an HS256 token on workerd, time as a multiple of edgegate (shorter is faster)");
                charts.push(Chart::of_multiples(name, &title, &there, find(&there, &own)?));
            }
        }
    }
    let notes = vec![
        "jose, @tsndr/cloudflare-worker-jwt and hono/jwt are given a `CryptoKey` that was imported once, the fastest option; \
         fast-jwt works without its cache of tokens already verified."
            .into(),
    ];
    Ok(Outcome { tables, notes, goals, charts, raw: [verified, signed].concat() })
}

pub(super) fn in_microseconds(mut series: Vec<Series>) -> Vec<Series> {
    series.iter_mut().flat_map(|series| &mut series.samples).for_each(|sample| *sample *= 1000.0);
    series
}
