//! What became of each fault, kept in `target/` so that a run can be continued.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use testkit::paths;

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A test failed.
    Noticed,
    /// The tests did not end in time.
    Timeout,
    /// No test failed.
    Missed,
    /// It does not compile.
    Unviable,
    /// It has not been put in, or has to be again.
    Open,
}

const NAMES: [(Verdict, &str); 5] = [
    (Verdict::Noticed, "noticed"),
    (Verdict::Timeout, "timeout"),
    (Verdict::Missed, "missed"),
    (Verdict::Unviable, "unviable"),
    (Verdict::Open, "open"),
];

/// The verdicts of a part. The file is only appended to, so that two shards can run at once: the last line about a fault counts.
pub(super) struct Ledger {
    file: PathBuf,
    verdicts: BTreeMap<String, Verdict>,
}

impl Ledger {
    /// Reads the verdicts of earlier runs.
    pub(super) fn read(part: &str) -> Result<Self> {
        let file = paths::root().join("target/faults").join(part).with_extension("ledger");
        let text = if file.exists() { fs::read_to_string(&file)? } else { String::new() };
        Ok(Self { verdicts: parse(&text), file })
    }

    /// Keeps only these faults: others are not in the code any more.
    pub(super) fn keep(&mut self, faults: &[String]) {
        let faults: BTreeSet<&String> = faults.iter().collect();
        self.verdicts.retain(|fault, _| faults.contains(fault));
    }

    /// Opens these faults again.
    pub(super) fn forget(&mut self, faults: &[String]) -> Result<()> {
        faults.iter().try_for_each(|fault| self.record(fault, Verdict::Open))
    }

    pub(super) fn record(&mut self, fault: &str, verdict: Verdict) -> Result<()> {
        let name = NAMES.iter().find(|(named, _)| *named == verdict).map_or("open", |(_, name)| name);
        self.verdicts.insert(fault.to_owned(), verdict);
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).context("the ledger")?;
        Ok(file.write_all(format!("{name}\t{fault}\n").as_bytes())?)
    }

    /// Whether a fault need not be put in again.
    pub(super) fn is_settled(&self, fault: &str) -> bool {
        self.verdicts.get(fault).is_some_and(|verdict| !matches!(verdict, Verdict::Open | Verdict::Missed))
    }

    pub(super) fn is_missed(&self, fault: &str) -> bool {
        self.verdicts.get(fault) == Some(&Verdict::Missed)
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.values().filter(|one| **one == verdict).count()
    }

    pub(super) fn missed(&self) -> impl Iterator<Item = &str> {
        self.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Missed).map(|(fault, _)| fault.as_str())
    }
}

fn parse(text: &str) -> BTreeMap<String, Verdict> {
    let line = |line: &str| {
        let (name, fault) = line.split_once('\t')?;
        let (verdict, _) = NAMES.iter().find(|(_, known)| *known == name)?;
        Some((fault.to_owned(), *verdict))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_about_a_fault_counts() {
        let verdicts = parse("missed\ta\nnoticed\tb\nnoticed\ta\nopen\tb\nunknown\tc\n");
        let mut ledger = Ledger { file: PathBuf::new(), verdicts };
        assert_eq!((ledger.is_settled("a"), ledger.is_settled("b"), ledger.is_settled("c")), (true, false, false));
        ledger.keep(&["b".to_owned()]);
        assert!(!ledger.is_settled("a") && ledger.count(Verdict::Noticed) == 0);
    }
}
