//! Small projects that install the packed npm package, as its users do (`tests/consumers`).

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use testkit::{paths, progress::Progress, sh::Sh};

use super::{Outcome, counts::judge, package::pack};
use crate::{build, steps::npm};

/// The groups of consumers, which share an install each; the most used are first.
const GROUPS: [&str; 9] =
    ["workers", "servers", "bundlers", "typescript", "init", "test-runners", "auth", "next", "sveltekit"];

/// How many of them `--quick` takes.
const QUICK: usize = 3;

/// How many of them the tests take without `--all`: the others build an app of a framework.
const DEFAULT: usize = 7;

/// Install the packed npm package in small projects, one for each toolchain, and use it there: tests/consumers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the most used: Workers, servers on Node, and bundlers
    #[arg(long, conflicts_with = "groups")]
    quick: bool,
    /// Only these groups
    #[arg(value_name = "GROUP", value_parser = GROUPS)]
    groups: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When a consumer fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    build::steps(&mut Progress::new(build::STEPS))?;
    let (succeeded, _) = run_groups(&match args.groups.as_slice() {
        [] if args.quick => GROUPS[..QUICK].to_vec(),
        [] => GROUPS.to_vec(),
        groups => groups.iter().map(String::as_str).collect(),
    })?;
    anyhow::ensure!(succeeded, "a consumer failed; see above");
    Ok(())
}

/// The stage of `cargo xtask test`.
pub(super) fn check() -> Result<Outcome> {
    let (succeeded, output) = run_groups(&GROUPS[..DEFAULT])?;
    Ok(judge(succeeded, &output))
}

/// The others.
pub(super) fn check_rare() -> Result<Outcome> {
    let (succeeded, output) = run_groups(&GROUPS[DEFAULT..])?;
    Ok(judge(succeeded, &output))
}

/// Goes on after a failure, so that one run shows all of them.
fn run_groups(groups: &[&str]) -> Result<(bool, String)> {
    let folder = tempfile::tempdir()?;
    let tarball = pack(folder.path())?;
    let (mut all_succeeded, mut all_output) = (true, String::new());
    for (number, group) in groups.iter().enumerate() {
        println!("\n{group} ({} of {})", number + 1, groups.len());
        let folder = paths::root().join("tests/consumers").join(group);
        install(group, &folder, &tarball)?;
        let (succeeded, output) = Sh::node_tool("node").args(["--test"]).dir(&folder).tee()?;
        all_succeeded &= succeeded;
        all_output += &output;
    }
    Ok((all_succeeded, all_output))
}

/// The package is not in the lock file: its tarball is another one after each build.
fn install(group: &str, folder: &Path, tarball: &Path) -> Result<()> {
    npm::install_in(&format!("tests/consumers/{group}"))?;
    let installed = folder.join("node_modules/edgegate");
    if installed.exists() {
        fs::remove_dir_all(&installed).with_context(|| installed.display().to_string())?;
    }
    fs::create_dir_all(&installed)?;
    Sh::new("tar").args(["--strip-components=1", "-xzf"]).args([tarball]).dir(&installed).run()
}
