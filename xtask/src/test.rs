//! `cargo xtask test`: all checks in one command, with a summary.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use testkit::progress::seconds;

mod clients;
pub(crate) mod consumers;
mod counts;
mod crates;
mod documents;
mod migrating;
mod modules;
mod package;
mod page;
mod publish;
mod reproducible;
mod stages;
mod supply;
mod workers_rs;
#[cfg(test)]
mod workflows;

/// Check everything: format, lints, types, packages, and the tests natively, in a browser and on workerd
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only these stages; `build` is added if a stage needs it
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = stages::names())]
    only: Vec<String>,
    /// Also run the slow stages, which `--list` marks
    #[arg(long, conflicts_with = "only")]
    all: bool,
    /// List the stages and exit
    #[arg(long)]
    list: bool,
}

/// One check.
struct Stage {
    name: &'static str,
    what: &'static str,
    needs_build: bool,
    /// Runs only with `--all` or `--only`.
    is_slow: bool,
    run: fn() -> Result<Outcome>,
}

/// The result of a stage, with a note for the summary.
enum Outcome {
    Passed(String),
    Failed(String),
    /// A program is missing on this machine; the note names it and how to install it.
    NotRun(String),
}

/// Runs the command.
///
/// # Errors
/// When a stage failed or could not run.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.list {
        for stage in &stages::ALL {
            println!("{:12} {}{}", stage.name, stage.what, if stage.is_slow { " (--all)" } else { "" });
        }
        return Ok(());
    }
    let chosen = choose(&args.only, args.all);
    let mut rows = Vec::new();
    let mut is_built = true;
    for (number, stage) in chosen.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", number + 1, chosen.len(), stage.name, stage.what);
        let started = Instant::now();
        let outcome = if stage.needs_build && !is_built {
            Outcome::NotRun("the build failed".into())
        } else {
            (stage.run)().unwrap_or_else(|error| {
                eprintln!("{error:#}");
                Outcome::Failed("see above".into())
            })
        };
        is_built &= stage.name != stages::BUILD || matches!(outcome, Outcome::Passed(_));
        rows.push((*stage, outcome, started.elapsed()));
    }
    summarise(&rows)
}

fn choose(only: &[String], all: bool) -> Vec<&'static Stage> {
    let mut names: BTreeSet<&str> = only.iter().map(String::as_str).collect();
    if stages::ALL.iter().any(|stage| stage.needs_build && names.contains(stage.name)) {
        names.insert(stages::BUILD);
    }
    let is_chosen = |stage: &&Stage| match only {
        [] => all || !stage.is_slow,
        _ => names.contains(stage.name),
    };
    stages::ALL.iter().filter(is_chosen).collect()
}

fn summarise(rows: &[(&Stage, Outcome, Duration)]) -> Result<()> {
    println!("\n{}", "-".repeat(72));
    let mut bad = 0;
    for (stage, outcome, duration) in rows {
        let (verdict, note) = match outcome {
            Outcome::Passed(note) => ("passed", note),
            Outcome::Failed(note) => ("FAILED", note),
            Outcome::NotRun(note) => ("NOT RUN", note),
        };
        bad += usize::from(!matches!(outcome, Outcome::Passed(_)));
        println!("{:12} {verdict:8} {:>13}  {note}", stage.name, seconds(*duration));
    }
    let total = rows.iter().map(|(_, _, duration)| *duration).sum();
    println!("{}\n{} stages in {}", "-".repeat(72), rows.len(), seconds(total));
    if rows.len() < stages::ALL.len() {
        println!("not selected: {} other stages (cargo xtask test --list)", stages::ALL.len() - rows.len());
    }
    if bad > 0 {
        bail!("{bad} of {} stages did not pass", rows.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_needs_the_build_adds_it() {
        let names = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(|name| (*name).to_owned()).collect();
            choose(&only, false).iter().map(|stage| stage.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["e2e"]), ["build", "e2e"]);
        assert_eq!(names(&["fmt"]), ["fmt"]);
    }

    #[test]
    fn slow_stages_run_if_they_are_asked_for() {
        let names = |only: &[String], all| choose(only, all).iter().map(|stage| stage.name).collect::<Vec<_>>();
        assert_eq!(names(&[], true).len(), stages::ALL.len());
        assert!(names(&[], false).contains(&"axum") && !names(&[], false).contains(&"publish"));
        assert_eq!(names(&["publish".to_owned()], false), ["publish"]);
    }

    #[test]
    fn a_stage_that_could_not_be_run_fails_the_command() {
        let stage = &stages::ALL[0];
        let row = |outcome| vec![(stage, outcome, Duration::ZERO)];
        assert!(summarise(&row(Outcome::Passed(String::new()))).is_ok());
        assert!(summarise(&row(Outcome::NotRun("no browser".into()))).is_err());
        assert!(summarise(&row(Outcome::Failed(String::new()))).is_err());
    }
}
