//! `cargo xtask bench`: measures edgegate and its peers in one run on the same runtimes.

mod bundle;
mod chart;
mod connection;
mod fresh;
mod load;
mod measures;
mod outcome;
mod report;
mod round_counter;
mod running;
mod series;
mod server;
mod whole;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use testkit::{
    process,
    progress::{Progress, seconds},
    sh::Sh,
};

use self::{
    measures::{ALL, Effort, Measure},
    report::Record,
};

/// Measure edgegate and its peers; a full run writes bench/RESULTS.md and bench/charts.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Args {
    /// Run only these measures.
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = measures::names())]
    only: Vec<String>,
    /// Run few rounds: less than two minutes after everything is built.
    #[arg(long)]
    quick: bool,
    /// Write bench/RESULTS.md and the charts after a partial or quick run too; measures that did not run keep the numbers
    /// of their last run on this machine, which they must have.
    #[arg(long)]
    write: bool,
    /// Measure the package as built, without building it.
    #[arg(long)]
    no_build: bool,
    /// List the measures and exit.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    process::run(|| bench(&args))
}

fn bench(args: &Args) -> Result<()> {
    if args.list {
        ALL.iter().for_each(|measure| println!("{:10} {}", measure.name, measure.what));
        return Ok(());
    }
    let effort = if args.quick { Effort::Quick } else { Effort::Full };
    let is_chosen = |measure: &&Measure| args.only.is_empty() || args.only.iter().any(|name| name == measure.name);
    if args.write {
        report::check(effort, ALL.iter().filter(|measure| !is_chosen(measure)))?;
    }
    let progress = prepare(args.no_build)?;
    server::forget_logs()?;
    let chosen: Vec<&Measure> = ALL.iter().filter(is_chosen).collect();
    for (number, measure) in chosen.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", number + 1, chosen.len(), measure.name, measure.what);
        let outcome = (measure.run)(effort).with_context(|| measure.name)?;
        println!("{}", report::show(&outcome));
        io::stdout().flush()?;
        Record::new(effort, outcome)?.save(measure)?;
    }
    println!("done in {}", seconds(progress.elapsed()));
    if args.write || (args.only.is_empty() && !args.quick) {
        report::write(effort)?;
        println!("written: bench/RESULTS.md and bench/charts");
    } else {
        println!("kept in target/xtask/bench; bench/RESULTS.md is as it was (--write writes it)");
    }
    Ok(())
}

fn prepare(no_build: bool) -> Result<Progress> {
    if !no_build {
        Sh::new("cargo").args(["xtask", "build"]).run()?;
    }
    let mut progress = Progress::new(4);
    progress.step("The pinned peers of bench/package.json", bundle::install)?;
    progress.step("A bundle for each subject", bundle::subjects)?;
    progress.step("A bundle for each Worker", bundle::workers)?;
    progress.step("The native subjects", bundle::native)?;
    Ok(progress)
}
