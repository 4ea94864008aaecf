//! Warm verification of Argon2id with the default cost of argon2-cffi and pwdlib, and the memory that it leaves behind.

use anyhow::Result;

use super::{Effort, verify::find};
use crate::{
    outcome::{Goal, Outcome, Table},
    running::{
        Rounds, Running,
        Runtime::{self, Node, Workerd},
        label,
    },
    series::Series,
};

/// Hashes in a row, after which the memory is read.
const HASHES: u32 = 20;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let running = Running::start(
        "argon2",
        &[
            (Workerd, "edgegate"),
            (Workerd, "openpgp"),
            (Workerd, "argon2-crate"),
            (Workerd, "argon2-rust"),
            (Node, "edgegate"),
            (Node, "openpgp"),
            (Node, "hash-wasm"),
            (Node, "argon2-crate"),
            (Node, "argon2-rust"),
        ],
    )?;
    let rounds = Rounds { warm_up: effort.pick(3, 1), counted: effort.pick(21, 3), each: 1 };
    let timed = running.rounds("argon2-verify", rounds)?.time;
    let (workerd, node) = (find(&timed, &label(Workerd, "edgegate"))?, find(&timed, &label(Node, "edgegate"))?);
    let goal = |ours: &Series, runtime, name, bound| {
        let theirs = label(runtime, name);
        let ratio = ours.ratio(find(&timed, &theirs)?).median;
        anyhow::Ok(Goal::at_most(&format!("Argon2id, 64 MiB, {} ÷ {theirs}", ours.label), ratio, bound))
    };
    let mut goals = vec![
        goal(node, Node, "openpgp", 0.5)?,
        goal(node, Node, "hash-wasm", 0.5)?,
        goal(node, Node, "argon2-rust", 0.9)?,
        goal(workerd, Workerd, "openpgp", 0.6)?,
        goal(workerd, Workerd, "argon2-rust", 0.9)?,
    ];
    for (runtime, bound) in [(Node, 0.5), (Workerd, 0.6)] {
        goals.push(beside_noble(runtime, bound, effort)?);
    }
    goals.push(Goal::at_most("Argon2id, MB more after 20 hashes in a row on workerd", growth()?, 80.0));
    let caption = "Milliseconds for one verification, median (least..most):";
    let tables = vec![
        Table::of_times(&format!("Compared with edgegate on workerd. {caption}"), "ms", &timed, workerd),
        Table::of_times(&format!("Compared with edgegate on Node. {caption}"), "ms", &timed, node),
    ];
    let notes = vec![
        "hash-wasm compiles its wasm from bytes, which Workers forbid.".into(),
        "edgegate and argon2id of OpenPGP.js wipe their memory after each hash; the others were not asked to.".into(),
    ];
    Ok(Outcome { tables, notes, goals, charts: Vec::new(), raw: timed })
}

/// In rounds of its own: it takes seconds, and workerd closes a connection that is idle for five.
fn beside_noble(runtime: Runtime, bound: f64, effort: Effort) -> Result<Goal> {
    let running = Running::start("argon2", &[(runtime, "edgegate"), (runtime, "noble")])?;
    let timed = running.rounds("argon2-verify", Rounds { warm_up: 1, counted: effort.pick(5, 2), each: 1 })?.time;
    let (ours, theirs) = (label(runtime, "edgegate"), label(runtime, "noble"));
    let ratio = find(&timed, &ours)?.ratio(find(&timed, &theirs)?).median;
    Ok(Goal::at_most(&format!("Argon2id, 64 MiB, {ours} ÷ {theirs}"), ratio, bound))
}

/// How much the memory of a workerd of its own grows from the first hash on.
fn growth() -> Result<f64> {
    let running = Running::start("argon2", &[(Workerd, "edgegate")])?;
    let ours = label(Workerd, "edgegate");
    running.rounds("argon2-verify", Rounds { warm_up: 0, counted: 1, each: 1 })?;
    let first = running.megabytes(&ours)?;
    running.rounds("argon2-verify", Rounds { warm_up: 0, counted: HASHES, each: 1 })?;
    Ok(running.megabytes(&ours)? - first)
}
