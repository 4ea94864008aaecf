//! Many hashes at once: the cost of an import, or of an upgrade of a table of hashes.

use anyhow::Result;

use super::{Effort, verify::find};
use crate::{
    outcome::{Chart, Goal, Outcome, Table, decimals},
    running::{
        Rounds, Running,
        Runtime::{Node, Workerd},
        label,
    },
    series::Series,
};

/// Number of hashes: a multiple of two, three and four lanes.
const EACH: u32 = 12;
const EACH_QUICK: u32 = 6;

pub(super) fn run(effort: Effort) -> Result<Outcome> {
    let subjects = [
        (Workerd, "edgegate"),
        (Workerd, "hash-wasm"),
        (Workerd, "bcryptjs"),
        (Node, "edgegate"),
        (Node, "hash-wasm"),
        (Node, "bcryptjs"),
        (Node, "node-rs"),
    ];
    let running = Running::start("bcrypt", &subjects)?;
    let each = effort.pick(EACH, EACH_QUICK);
    let rounds = Rounds { warm_up: 1, counted: effort.pick(9, 1), each };
    let checked = running.rounds("bulk-verify", rounds)?;
    let made = running.rounds("bulk-hash", Rounds { warm_up: effort.pick(1, 0), ..rounds })?;

    let (ours, native) = (label(Node, "edgegate"), label(Node, "node-rs"));
    let ratio = |to: &str| Ok::<_, anyhow::Error>(find(&checked.time, &ours)?.ratio(find(&checked.time, to)?).median);
    let goals = vec![
        Goal::at_most("bulk, per hash, Node ÷ native single (@node-rs/bcrypt)", ratio(&native)?, 0.43),
        Goal::at_most("bulk, per hash, Node ÷ hash-wasm", ratio(&label(Node, "hash-wasm"))?, 0.40),
    ];
    let on_workerd = label(Workerd, "edgegate");
    let table = |caption: &str, timed: &crate::running::Timed| {
        let ours = find(&timed.time, &on_workerd)?;
        Ok::<_, anyhow::Error>(Table {
            caption: caption.into(),
            columns: columns(),
            rows: rows(&timed.time, &timed.cpu, ours),
        })
    };
    let tables = vec![
        table(&format!("{each} hashes of cost 10 checked in one call:"), &checked)?,
        table(&format!("{each} hashes of cost 10 made in one call:"), &made)?,
    ];
    let is_bulk = checked.answers.first().is_some_and(|answer| answer == "bulk");
    let how = if is_bulk {
        "edgegate: `verifyPasswords` and `hashPasswords`. The peers have no function for many passwords, so theirs is called once for each."
    } else {
        "The package exports no bulk functions: the single ones are measured for every subject."
    };
    let notes = vec![
        how.into(),
        "CPU time is measured in hundredths of a second, the kernel's unit; a call takes several of them.".into(),
    ];
    let title = "Checking many bcrypt hashes, time per hash as a multiple of edgegate on workerd (shorter is faster)";
    let charts = vec![Chart::of_multiples("bulk", title, &checked.time, find(&checked.time, &on_workerd)?)];
    Ok(Outcome { tables, notes, goals, charts, raw: [checked.time, made.time].concat() })
}

fn columns() -> Vec<String> {
    ["subject", "hashes a second", "ms per hash", "CPU ms per hash", "edgegate, workerd ÷ this"]
        .map(String::from)
        .into()
}

fn rows(time: &[Series], cpu: &[Series], ours: &Series) -> Vec<Vec<String>> {
    let row = |(time, cpu): (&Series, &Series)| {
        let median = time.median();
        let per_second = format!("{:.1}", 1000.0 / median);
        let ratio = ours.ratio(time).show(2);
        let digits = decimals(median);
        vec![time.label.clone(), per_second, time.spread().show(digits), cpu.spread().show(digits), ratio]
    };
    time.iter().zip(cpu).map(row).collect()
}
