//! Faults of a list: texts, and what replaces them.
//!
//! For TypeScript and SQL. Stryker has no runner for `node --test`; its command runner would start all tests for each of some
//! two thousand faults, and its only fault of SQL is the empty text. And for what cargo-mutants leaves as it is in Rust: constants and
//! log levels.

use std::{
    fs,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use testkit::{
    paths,
    progress::{Progress, seconds},
    sh::Sh,
};

use super::{
    ledger::{Ledger, Verdict},
    rust,
    tree::Tree,
};
use crate::{build, steps::package};

/// A list, and the tests that should notice its faults.
#[derive(Clone, Copy)]
pub(super) enum Suite {
    /// The npm package, and the tests of `pkg/test`.
    Package,
    /// The crate, and the tests of `tests/core`.
    Crate,
}

/// The tests of the package, the fastest first. `signal.test.ts` tests the wasm only, `postgres.test.ts` takes too long.
const TESTS: [&str; 34] = [
    "events",
    "lockout",
    "d1",
    "surface",
    "tokens",
    "gate",
    "passwords",
    "provider",
    "closed",
    "rows",
    "keys",
    "browser",
    "arguments",
    "claims",
    "middleware",
    "sessions",
    "password",
    "accounts",
    "recovery",
    "pwned-passwords",
    "login-schemes",
    "email",
    "cli",
    "cli-errors",
    "trap",
    "lanes",
    "limiters",
    "faults",
    "log",
    "slim",
    "stores",
    "users",
    "users-import",
    "upstream",
];

/// Files that only some of them load or put to the test.
const ONLY: [(&str, &[&str]); 7] = [
    ("pkg/src/d1.ts", &["d1", "sessions"]),
    ("pkg/src/sql", &["d1", "sessions", "stores"]),
    ("pkg/src/libsql.ts", &["stores"]),
    ("pkg/src/memory.ts", &["stores"]),
    ("pkg/src/lanes.ts", &["lanes", "limiters", "passwords", "gate", "arguments"]),
    ("pkg/src/cli/users", &["users", "users-import", "cli-errors"]),
    ("pkg/src/cli", &["cli", "cli-errors"]),
];

/// The time limit of a file of tests. Without a fault each takes a few seconds, and the one that runs wrangler a minute.
const TIMEOUT: Duration = Duration::from_secs(180);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Fault>,
}

/// A fault.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    /// The file, relative to the root of the repository.
    file: String,
    /// The original text, which the file has exactly once.
    from: String,
    /// The faulty text.
    to: String,
    /// The file of the package's tests that runs first, such as `sessions`.
    #[serde(default)]
    test: Option<String>,
}

impl Fault {
    /// Its place and its two texts, in one line.
    fn name(&self) -> Result<String> {
        let text = fs::read_to_string(paths::root().join(&self.file)).with_context(|| self.file.clone())?;
        let at = exactly_once(&text, &self.from).with_context(|| format!("{}: {:?}", self.file, self.from))?;
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        Ok(format!("{}:{line}: replace {:?} with {:?}", self.file, self.from, self.to))
    }
}

impl Suite {
    /// The faults of the list.
    ///
    /// # Errors
    /// When a text is not in its file, or more than once.
    pub(super) fn list(self) -> Result<Vec<String>> {
        self.read()?.iter().map(Fault::name).collect()
    }

    /// Puts in these faults, one after the other.
    pub(super) fn run(self, open: &[String], ledger: &mut Ledger) -> Result<()> {
        let tree = Tree::take()?;
        self.prepare(&tree)?;
        for fault in self.read()? {
            let name = fault.name()?;
            if !open.contains(&name) {
                continue;
            }
            let started = Instant::now();
            let verdict = self.put_in(&tree, &fault)?;
            ledger.record(&name, verdict)?;
            println!("{verdict:?} in {}: {name}", seconds(started.elapsed()));
        }
        ensure!(ledger.count(Verdict::Unviable) == 0, "some faults of the list do not compile");
        Ok(())
    }

    fn read(self) -> Result<Vec<Fault>> {
        let file = match self {
            Self::Package => "tests/mutants/pkg.toml",
            Self::Crate => "tests/mutants/limits.toml",
        };
        let text = fs::read_to_string(paths::root().join(file)).context(file)?;
        Ok(toml::from_str::<List>(&text).context(file)?.fault)
    }

    /// The tests must succeed without a fault.
    fn prepare(self, tree: &Tree) -> Result<()> {
        if matches!(self, Self::Package) {
            build::steps(&mut Progress::new(build::STEPS))?;
            let wasm = tree.root.join("pkg/wasm");
            if wasm.exists() {
                fs::remove_dir_all(&wasm)?;
            }
            paths::copy_dir(&paths::root().join("pkg/wasm"), &wasm)?;
        }
        println!("the tests without a fault");
        ensure!(self.compiles(tree)?, "the code does not compile");
        for test in self.tests(tree, None)? {
            ensure!(verdict(&test)? == Verdict::Missed, "fails without a fault: {test}");
        }
        Ok(())
    }

    fn put_in(self, tree: &Tree, fault: &Fault) -> Result<Verdict> {
        let file = tree.root.join(&fault.file);
        let original = fs::read_to_string(&file)?;
        exactly_once(&original, &fault.from)?;
        fs::write(&file, original.replacen(&fault.from, &fault.to, 1))?;
        let verdict = self.compiles(tree).and_then(|compiles| match compiles {
            true => self.tests(tree, Some(fault))?.iter().try_fold(Verdict::Missed, |found, test| match found {
                Verdict::Missed => verdict(test),
                noticed => Ok(noticed),
            }),
            false => Ok(Verdict::Unviable),
        });
        fs::write(&file, original)?;
        verdict
    }

    fn compiles(self, tree: &Tree) -> Result<bool> {
        let command = match self {
            // A fault may leave something unused.
            Self::Package => Sh::node_tool("tsc").args(["-p", "pkg", "--noEmitOnError", "true"]).args([
                "--noUnusedLocals",
                "false",
                "--noUnusedParameters",
                "false",
            ]),
            Self::Crate => rust::tests(tree)?.args(["--no-run"]),
        };
        let compiles = command.dir(&tree.root).spawn(Stdio::null(), Stdio::null())?.wait()?.success();
        if compiles && matches!(self, Self::Package) {
            package::bundle(&tree.root)?;
        }
        Ok(compiles)
    }

    /// The commands that test a fault.
    fn tests(self, tree: &Tree, fault: Option<&Fault>) -> Result<Vec<Sh>> {
        if matches!(self, Self::Crate) {
            return Ok(vec![rust::tests(tree)?.dir(&tree.root)]);
        }
        let first = fault.and_then(|fault| fault.test.as_deref());
        let only = fault.and_then(|fault| ONLY.iter().find(|(file, _)| fault.file.starts_with(file)));
        let others =
            TESTS.into_iter().filter(|test| Some(*test) != first && only.is_none_or(|(_, only)| only.contains(test)));
        let node =
            |test| Sh::node_tool("node").args(["--test", &format!("test/{test}.test.ts")]).dir(tree.root.join("pkg"));
        Ok(first.into_iter().chain(others).map(node).collect())
    }
}

fn verdict(test: &Sh) -> Result<Verdict> {
    let started = Instant::now();
    let mut group = test.spawn(Stdio::null(), Stdio::null())?;
    while started.elapsed() < TIMEOUT {
        if let Some(status) = group.ended()? {
            return Ok(if status.success() { Verdict::Missed } else { Verdict::Noticed });
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(Verdict::Timeout)
}

/// The place of the text.
fn exactly_once(text: &str, from: &str) -> Result<usize> {
    match text.match_indices(from).map(|(at, _)| at).collect::<Vec<_>>()[..] {
        [at] => Ok(at),
        [] => bail!("the text is not there any more"),
        _ => bail!("the text is there more than once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_lists_can_be_put_in() {
        for suite in [Suite::Package, Suite::Crate] {
            assert!(suite.list().expect("each text is there once").len() > 50);
            for Fault { file, from, to, test } in suite.read().expect("it is read") {
                assert_ne!(from, to, "{file}");
                assert!(test.is_none_or(|test| TESTS.contains(&test.as_str())), "{file}");
            }
        }
    }

    #[test]
    fn a_text_that_is_missing_or_ambiguous_is_an_error() {
        assert_eq!(exactly_once("abcb", "a").ok(), Some(0));
        assert!(exactly_once("abcb", "b").is_err() && exactly_once("abcb", "x").is_err());
    }
}
