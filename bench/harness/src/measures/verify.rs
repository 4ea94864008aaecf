//! Warm bcrypt verification at cost 10. All subjects take turns, so that any two can be compared.

use anyhow::{Context, Result};

use super::Effort;
use crate::{
    outcome::{Chart, Goal, Outcome, Table},
    running::{
        Rounds, Running,
        Runtime::{Native, Node, Workerd},
        label,
    },
    series::Series,
};

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let running = Running::start(
        "bcrypt",
        &[
            (Workerd, "edgegate"),
            (Workerd, "hash-wasm"),
            (Workerd, "bcryptjs"),
            (Node, "edgegate"),
            (Node, "hash-wasm"),
            (Node, "bcryptjs"),
            (Node, "node-rs"),
            (Node, "bcrypt"),
            (Native, "edgegate"),
            (Native, "bcrypt-crate"),
        ],
    )?;
    running.rounds("bcrypt-refuse", Rounds { warm_up: 1, counted: 0, each: 1 })?;
    let rounds = Rounds { warm_up: effort.pick(4, 1), counted: effort.pick(25, 5), each: effort.pick(4, 2) };
    let timed = running.rounds("bcrypt-verify", rounds)?.time;
    let find = |runtime, name: &str| find(&timed, &label(runtime, name));
    let (workerd, node, native) = (find(Workerd, "edgegate")?, find(Node, "edgegate")?, find(Node, "node-rs")?);

    let goal =
        |what: &str, ours: &Series, theirs: &Series, bound| Goal::at_most(what, ours.ratio(theirs).median, bound);
    let goals = vec![
        goal("verify, warm, wasm in Node ÷ native (@node-rs/bcrypt)", node, native, 1.03),
        goal("verify, warm, wasm in workerd ÷ native (@node-rs/bcrypt)", workerd, native, 1.03),
        goal("verify, warm, Node ÷ hash-wasm", node, find(Node, "hash-wasm")?, 0.94),
        goal("verify, warm, workerd ÷ hash-wasm", workerd, find(Workerd, "hash-wasm")?, 0.94),
        goal("verify, warm, Node ÷ bcryptjs", node, find(Node, "bcryptjs")?, 0.82),
        goal("verify, warm, workerd ÷ bcryptjs", workerd, find(Workerd, "bcryptjs")?, 0.82),
    ];
    let caption = "Milliseconds for one verification, median (least..most):";
    let tables = vec![
        Table::of_times(&format!("Compared with edgegate on workerd. {caption}"), "ms", &timed, workerd),
        Table::of_times(&format!("Compared with edgegate on Node. {caption}"), "ms", &timed, node),
    ];
    let notes = vec![
        "hash-wasm compiles its wasm from bytes, which Workers forbid; on workerd it imports the same bytes as a module.".into(),
        "The peers' synchronous functions are measured where they exist, so every subject uses one thread.".into(),
    ];
    let title = "bcrypt verification, cost 10: time as a multiple of edgegate on workerd (shorter is faster)";
    let charts = vec![Chart::of_multiples("verify", title, &timed, workerd)];
    Ok(Outcome { tables, notes, goals, charts, raw: timed })
}

/// The series with this label.
pub(super) fn find<'a>(series: &'a [Series], label: &str) -> Result<&'a Series> {
    series.iter().find(|each| each.label == label).with_context(|| format!("no series is called {label}"))
}
