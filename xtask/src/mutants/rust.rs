//! Faults of Rust, by cargo-mutants.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context as _, Result, bail};
use testkit::{paths, sh::Sh};

use super::{
    Kind, Part,
    ledger::{Ledger, Verdict},
    tree::{self, Tree},
};
use crate::{settings::Settings, steps::tools};

/// The files of cargo-mutants' output, and what they list.
const LISTS: [(&str, Verdict); 4] = [
    ("caught.txt", Verdict::Noticed),
    ("timeout.txt", Verdict::Timeout),
    ("missed.txt", Verdict::Missed),
    ("unviable.txt", Verdict::Unviable),
];

/// Exit codes: all noticed, some missed, some timeouts. Others are failures of the run.
const CODES: [i32; 3] = [0, 2, 3];

/// The tests of the crate that can be compiled once for all faults.
const TARGETS: [&str; 2] = ["--lib", "--test=core"];

/// The time limit of the tests, in seconds. Without a fault they take five on two cores that have nothing else to do, and several times
/// as long beside other programs.
const TIMEOUT: &str = "60";

/// The same with `lanes`, where bcrypt is optimised less.
const LANES_TIMEOUT: &str = "120";

/// The faults of a part.
pub(super) fn list(part: &Part) -> Result<Vec<String>> {
    tools::install_cargo_mutants(&Settings::read()?)?;
    Ok(mutants(part).args(["--list"]).output()?.lines().map(str::to_owned).collect())
}

/// Records what interrupted runs have left.
pub(super) fn recover(part: &str, ledger: &mut Ledger) -> Result<()> {
    for home in tree::idle() {
        record(&home.join(part), ledger)?;
    }
    Ok(())
}

/// Puts in these faults, of all of the part, one after the other. Those that are missed are put in again for the documentation
/// tests, which take longer than the others.
pub(super) fn run(part: &Part, all: &[String], open: &[String], ledger: &mut Ledger) -> Result<()> {
    let tree = Tree::take()?;
    run_with(part, all, open, ledger, &tree, &TARGETS.map(|target| format!("--cargo-arg={target}")))?;
    let missed: Vec<String> = open.iter().filter(|fault| ledger.is_missed(fault)).cloned().collect();
    if !missed.is_empty() {
        println!("{} missed: the documentation tests", missed.len());
        run_with(part, all, &missed, ledger, &tree, &["--baseline=skip", "--cargo-test-arg=--doc"].map(str::to_owned))?;
    }
    Ok(())
}

fn run_with(
    part: &Part,
    all: &[String],
    open: &[String],
    ledger: &mut Ledger,
    tree: &Tree,
    more: &[String],
) -> Result<()> {
    let output = tree.home.join(part.name);
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    // `--iterate` skips what an earlier run has listed here.
    let skipped: Vec<&str> = all.iter().filter(|fault| !open.contains(fault)).map(String::as_str).collect();
    fs::create_dir_all(output.join("mutants.out"))?;
    fs::write(output.join("mutants.out/previously_caught.txt"), skipped.join("\n"))?;
    let command = mutants(part)
        .args(["--in-place", "--iterate", "--dir"])
        .args([&tree.root])
        .args(["--output".as_ref(), output.as_os_str()])
        .args([
            "--timeout",
            if matches!(part.kind, Kind::RustWithLanes) { LANES_TIMEOUT } else { TIMEOUT },
            "--build-timeout",
            "300",
            "--colors",
            "never",
        ])
        .args(["--cargo-arg=--config".to_owned(), format!("--cargo-arg={}", runner()?)])
        .args(more)
        .env("CARGO_TARGET_DIR", tree.home.join("build"));
    let status = command.spawn(Stdio::inherit(), Stdio::inherit())?.wait()?;
    record(&output, ledger)?;
    if !status.code().is_some_and(|code| CODES.contains(&code)) {
        bail!("{status} from: {command}");
    }
    Ok(())
}

/// The tests of the crate, without the feature `lanes`.
pub(super) fn tests(tree: &Tree) -> Result<Sh> {
    Ok(Sh::new("cargo")
        .args(["--config", &runner()?])
        .args(["test", "--package", "edgegate", "--profile", "mutants", "--no-default-features"])
        .args(TARGETS)
        .env("CARGO_TARGET_DIR", tree.home.join("build")))
}

/// The setting of cargo by which [`test_runner`](super::test_runner) runs the test programs.
fn runner() -> Result<String> {
    let xtask = std::env::current_exe()?.display().to_string();
    Ok(format!(r#"target."cfg(all())".runner=[{xtask:?}, "test-runner"]"#))
}

/// Moves the lists into the ledger.
fn record(output: &Path, ledger: &mut Ledger) -> Result<()> {
    for (file, verdict) in LISTS {
        let file = output.join("mutants.out").join(file);
        if !file.exists() {
            continue;
        }
        for fault in fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?.lines() {
            ledger.record(fault, verdict)?;
        }
        fs::remove_file(file)?;
    }
    Ok(())
}

fn mutants(part: &Part) -> Sh {
    let name = part.name;
    let command = Sh::new(paths::tools().join("bin/cargo-mutants"))
        .args(["mutants", "--package", "edgegate", "--profile", "mutants"])
        .args([format!("--file=src/{name}.rs"), format!("--file=src/{name}/**")]);
    match part.kind {
        Kind::RustWithLanes => command.env("CARGO_PROFILE_MUTANTS_OPT_LEVEL", "1"),
        _ => command.args(["--no-default-features"]),
    }
}
