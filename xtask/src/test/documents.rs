//! What the documents claim: each row of SECURITY.md names tests that exist, each block of code is run by a test, links lead somewhere, the
//! table of settings is that of the source, and no example contains a secret to copy.

mod blocks;
mod commands;
pub(super) mod examples;
mod links;
pub(super) mod markdown;

use std::{fs, path::Path};

use anyhow::{Context, Result};
use testkit::{paths, sh::Sh};

use super::Outcome;
use crate::settings_table;

/// Secrets of this length are accepted.
const SECRET_MIN_BYTES: usize = 32;

/// Fails for every row without a test, every named test that does not exist, every block that no test runs, every link to nowhere, and every
/// secret in an example.
pub(super) fn check() -> Result<Outcome> {
    let root = paths::root();
    let security = fs::read_to_string(root.join("SECURITY.md")).context("SECURITY.md")?;
    let rows = rows(&security);
    let mut faults = Vec::new();
    for (threat, tests) in &rows {
        if tests.is_empty() {
            faults.push(format!("SECURITY.md: `{threat}` names no test"));
        }
        for test in tests.iter().filter(|test| !exists(&root, test)) {
            faults.push(format!("SECURITY.md: `{threat}` names `{test}`, which does not exist"));
        }
    }
    let documents = documents(&root)?;
    let mut blocks = blocks::collect(&documents)?;
    faults.append(&mut blocks.faults);
    for (name, text) in &documents {
        faults.extend(secrets(text.lines()).map(|line| format!("{name}: a secret to copy: {line}")));
    }
    faults.extend(links::broken(&root, &documents)?);
    let sources = ["src", "axum/src"].map(|folder| paths::files_below(&root.join(folder)));
    for file in sources.concat() {
        let text = fs::read_to_string(&file)?;
        let comments = text.lines().filter(|line| line.trim_start().starts_with("//"));
        faults.extend(secrets(comments).map(|line| format!("{}: a secret to copy: {line}", file.display())));
    }
    if !settings_table::is_current()? {
        faults.push("docs/settings.md is not what src/settings.rs says: cargo xtask settings".to_owned());
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    Ok(match faults.len() {
        0 if !rows.is_empty() => Outcome::Passed(format!(
            "{} rows of SECURITY.md, {} documents, {}",
            rows.len(),
            documents.len(),
            blocks.summary()
        )),
        0 => Outcome::Failed("SECURITY.md has no table".to_owned()),
        count => Outcome::Failed(format!("{count} faults; see above")),
    })
}

/// The name and the text of every document.
fn documents(root: &Path) -> Result<Vec<(String, String)>> {
    let names =
        Sh::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"]).dir(root).output()?;
    let read =
        |name: &str| Ok((name.to_owned(), fs::read_to_string(root.join(name)).with_context(|| name.to_owned())?));
    names.lines().filter(|name| root.join(name).is_file()).map(read).collect()
}

/// The threats of the table, and the names of their tests: `file::test`.
fn rows(security: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = security.lines().filter_map(cells).filter(|[threat, ..]| *threat != "threat");
    rows.map(|[threat, _, tests]| (threat, tests.split('`').skip(1).step_by(2).collect())).collect()
}

fn cells(line: &str) -> Option<[&str; 3]> {
    line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect::<Vec<_>>().try_into().ok()
}

/// Whether the file has a test of this name. The title of a test in TypeScript may go on.
fn exists(root: &Path, test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else { return false };
    let text = fs::read_to_string(root.join(file)).unwrap_or_default();
    match file.ends_with(".rs") {
        true => is_rust_test(&text, name),
        false => ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("test({quote}{name}"))),
    }
}

/// A function without parameters that has an attribute of a test.
fn is_rust_test(text: &str, name: &str) -> bool {
    let mut has_attribute = false;
    text.lines().map(str::trim_start).any(|line| match line.strip_prefix("#[") {
        Some(attribute) => {
            has_attribute |= attribute.contains("test");
            false
        }
        None => {
            std::mem::take(&mut has_attribute) && line.trim_start_matches("async ").starts_with(&format!("fn {name}()"))
        }
    })
}

/// The lines that name a secret and contain a quoted text long enough to be one.
fn secrets<'t>(lines: impl Iterator<Item = &'t str>) -> impl Iterator<Item = &'t str> {
    let is_long = |text: &str| text.len() >= SECRET_MIN_BYTES && !text.starts_with('{');
    lines.filter(move |line| {
        line.to_ascii_lowercase().contains("secret") && line.split('"').skip(1).step_by(2).any(is_long)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_tests() {
        let table = "| threat | countermeasure | test |\n|---|---|---|\n| a | b | `x.rs::y`, `z.test.ts::it is` |\n| c | d | none |";
        assert_eq!(rows(table), [("a", vec!["x.rs::y", "z.test.ts::it is"]), ("c", vec![])]);
    }

    #[test]
    fn only_tests_are_tests() {
        let text =
            "#[test]\nfn one() {\n}\nfn two() {\n}\n    #[wasm_bindgen_test(unsupported = test)]\n    fn three() {";
        assert_eq!(["one", "two", "three", "thre"].map(|name| is_rust_test(text, name)), [true, false, true, false]);
        assert!(!exists(&paths::root(), "tests/core/nowhere.rs::one"));
    }

    #[test]
    fn a_secret_in_an_example_is_found() {
        let lines = [
            r#"secret_key: Some("at least 32 bytes of randomness!".into())"#,
            r#"secret_key: Some("secret".repeat(8).into())"#,
        ];
        assert_eq!(secrets(lines.into_iter()).collect::<Vec<_>>(), lines[..1]);
    }
}
