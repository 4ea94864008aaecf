//! The list of deliberate differences, written from the `better` entries into `tests/contract/README.md`.

use std::fs;

use anyhow::{Context, Result};
use testkit::fixture::{self, Case};

use crate::markers::replace_between;

const BEGIN: &str = "<!-- begin: written by `cargo xtask contract record` from the `better` entries -->\n";

pub(super) fn write(files: &[(&str, Vec<Case>)]) -> Result<()> {
    let path = fixture::dir().join("README.md");
    let readme = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let written = replace_between(&readme, BEGIN, &list(files)).context("tests/contract/README.md has no markers")?;
    if written != readme {
        fs::write(&path, written).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// One entry for each reason, with its cases, in the order of the files.
fn list(files: &[(&str, Vec<Case>)]) -> String {
    let mut entries: Vec<(&str, Vec<String>)> = Vec::new();
    for (file, case) in files.iter().flat_map(|(file, cases)| cases.iter().map(move |case| (file, case))) {
        let (Some(answer), Some(better)) = (&case.answer, &case.better) else { continue };
        let statuses = match (answer.status, better.answer.status) {
            (same, other) if same == other => same.to_string(),
            (fastapi, edge) => format!("{fastapi} → {edge}"),
        };
        let line = format!("  - `{file}`: {} ({statuses})\n", case.name);
        match entries.iter_mut().find(|(why, _)| *why == better.why) {
            Some((_, lines)) => lines.push(line),
            None => entries.push((&better.why, vec![line])),
        }
    }
    entries.iter().map(|(why, lines)| format!("- {why}\n{}", lines.concat())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_difference() {
        let files: Vec<_> = fixture::FILES.iter().map(|file| (*file, fixture::load(file).unwrap())).collect();
        let readme = fs::read_to_string(fixture::dir().join("README.md")).unwrap();
        assert!(replace_between(&readme, BEGIN, &list(&files)).unwrap() == readme, "run `cargo xtask contract record`");
    }
}
