//! The results file, `tests/mutants/README.md`.

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use testkit::{paths, sh::Sh};

use super::{
    PARTS,
    ledger::{Ledger, Verdict},
};

const HEAD: &str = "\
# Faults that the tests notice

`cargo xtask mutants` writes this file. It puts small faults into the code, one at a time, and runs the tests. The share is that of
the noticed faults among those that compile; tests that do not end have noticed the fault. The tests of Rust are those of the crate,
those of `pkg` are `pkg/test`. The end-to-end tests are not run.
";

const TABLE: &str = "
| part | faults | noticed | by timeout | missed | do not compile | share | commit | date of the commit |
|---|---|---|---|---|---|---|---|---|
";

/// Writes the row of this part, and what it missed. The other parts keep theirs.
pub(super) fn write(part: &str, ledger: &Ledger, faults: usize) -> Result<()> {
    let present = fs::read_to_string(path()).unwrap_or_default();
    let row = row(part, ledger, faults, &commit()?);
    println!("\n{row}");
    let missed: Vec<String> = ledger.missed().map(|fault| format!("- {part}: `{fault}`")).collect();
    let text = merge(&present, part, &row, &missed) + &accepted()?;
    fs::write(path(), text).with_context(|| format!("cannot write {}", path().display()))
}

fn path() -> PathBuf {
    paths::root().join("tests/mutants/README.md")
}

fn row(part: &str, ledger: &Ledger, faults: usize, commit: &str) -> String {
    let count = |verdict| ledger.count(verdict);
    let (timeouts, missed, unviable) = (count(Verdict::Timeout), count(Verdict::Missed), count(Verdict::Unviable));
    let noticed = count(Verdict::Noticed) + timeouts;
    let open = faults.saturating_sub(noticed + missed + unviable);
    // Rounded down.
    let share = (noticed * 1000).checked_div(noticed + missed).map_or("-".to_owned(), |share| {
        let rest = if open > 0 { format!(", {open} not put in") } else { String::new() };
        format!("{}.{} %{rest}", share / 10, share % 10)
    });
    format!("| {part} | {faults} | {noticed} | {timeouts} | {missed} | {unviable} | {share} | {commit} |")
}

/// The commit and its date; a `+` for changes that are not committed.
fn commit() -> Result<String> {
    let head = Sh::new("git").args(["log", "-1", "--format=%h%x09%cs"]).output()?;
    let is_clean =
        Sh::new("git").args(["status", "--porcelain", "--", "src", "pkg", "tests/core"]).output()?.is_empty();
    let (hash, date) = head.trim().split_once('\t').unwrap_or_default();
    Ok(format!("{hash}{} | {date}", if is_clean { "" } else { "+" }))
}

fn merge(present: &str, part: &str, row: &str, missed: &[String]) -> String {
    let is_of = |line: &str, part: &str, before: &str, after: &str| {
        line.strip_prefix(before).and_then(|line| line.strip_prefix(part)).is_some_and(|line| line.starts_with(after))
    };
    let mut text = format!("{HEAD}{TABLE}");
    for name in PARTS.map(|part| part.name) {
        let kept = present.lines().find(|line| is_of(line, name, "| ", " |"));
        if let Some(row) = if name == part { Some(row) } else { kept } {
            let _ = writeln!(text, "{row}");
        }
    }
    let mut lines: Vec<&str> = missed.iter().map(String::as_str).collect();
    let others = PARTS.map(|part| part.name).into_iter().filter(|name| *name != part);
    for name in others {
        lines.extend(present.lines().filter(|line| is_of(line, name, "- ", ": `")));
    }
    text.push_str("\n## Not noticed\n\n");
    text.push_str(if lines.is_empty() { "None.\n" } else { "" });
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// The faults of Rust that are not put in, with their reasons: the comments of `.cargo/mutants.toml`.
fn accepted() -> Result<String> {
    let config = fs::read_to_string(paths::root().join(".cargo/mutants.toml")).context(".cargo/mutants.toml")?;
    let mut text = String::from(
        "\n## Not put in\n\nThey change nothing that can be seen, or only what the reason says (`.cargo/mutants.toml`).\n",
    );
    for (reason, patterns) in reasons(&config) {
        let _ = write!(text, "\n- {reason}\n");
        patterns.iter().for_each(|pattern| {
            let _ = writeln!(text, "  - `{pattern}`");
        });
    }
    Ok(text)
}

/// The comments before patterns, and the patterns.
fn reasons(config: &str) -> Vec<(String, Vec<&str>)> {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    for line in config.lines().map(str::trim).skip_while(|line| !line.starts_with("exclude_re")).skip(1) {
        if let Some(comment) = line.strip_prefix("# ") {
            match all.last_mut() {
                Some((reason, patterns)) if patterns.is_empty() => *reason = format!("{reason} {comment}"),
                _ => all.push((comment.to_owned(), Vec::new())),
            }
        } else if let (Some(pattern), Some((_, patterns))) = (line.strip_prefix('\''), all.last_mut()) {
            patterns.push(pattern.trim_end_matches(&['\'', ','][..]));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accepted_fault_has_a_reason() {
        let config = include_str!("../../../.cargo/mutants.toml");
        let listed = config.lines().filter(|line| line.trim().starts_with('\'')).count();
        let reasons = reasons(config);
        assert_eq!(reasons.iter().map(|(_, patterns)| patterns.len()).sum::<usize>(), listed);
        assert!(reasons.iter().all(|(reason, patterns)| !reason.is_empty() && !patterns.is_empty()));
    }

    #[test]
    fn a_part_replaces_its_own_lines_only() {
        let missed = |fault: &str| vec![format!("- host: `{fault}`")];
        let first = merge("", "host", "| host | 1 |", &missed("a"));
        let second = merge(&first, "token", "| token | 2 |", &[]);
        let third = merge(&second, "host", "| host | 3 |", &missed("b"));
        assert!(third.contains("\n| host | 3 |\n| token | 2 |\n") && !third.contains("| host | 1 |"), "{third}");
        assert!(third.contains("- host: `b`\n") && !third.contains("`a`"), "{third}");
    }
}
