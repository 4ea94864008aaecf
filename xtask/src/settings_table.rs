//! The table of settings in `docs/settings.md`, from the comments of `Vars` in `src/settings.rs`.

use std::{fmt::Write, fs};

use anyhow::{Context, Result};
use testkit::paths;

use crate::markers::replace_between;

const BEGIN: &str = "<!-- begin: written by `cargo xtask settings` from src/settings.rs -->\n";
const DOCUMENT: &str = "docs/settings.md";

/// Writes the table.
///
/// # Errors
/// When a setting has no comment, or a file cannot be read or written.
pub(crate) fn write() -> Result<()> {
    fs::write(paths::root().join(DOCUMENT), current()?.1).context(DOCUMENT)
}

/// Whether the table is that of the comments.
///
/// # Errors
/// As for [`write`].
pub(crate) fn is_current() -> Result<bool> {
    let (found, written) = current()?;
    Ok(found == written)
}

/// The document as it is, and as it should be.
fn current() -> Result<(String, String)> {
    let read = |name: &str| fs::read_to_string(paths::root().join(name)).with_context(|| name.to_owned());
    let (document, source) = (read(DOCUMENT)?, read("src/settings.rs")?);
    let written = replace_between(&document, BEGIN, &table(&source)?).context("docs/settings.md has no markers")?;
    Ok((document, written))
}

/// A table for each group of fields, which a line comment names.
fn table(source: &str) -> Result<String> {
    let (_, rest) = source.split_once("pub struct Vars {\n").context("src/settings.rs has no `Vars`")?;
    let (fields, _) = rest.split_once("\n}\n").context("`Vars` has no end")?;
    let (mut text, mut meaning) = (String::new(), Vec::new());
    for line in fields.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("/// ") {
            meaning.push(comment);
        } else if let Some(group) = line.strip_prefix("// ") {
            let before = if text.is_empty() { "" } else { "\n" };
            write!(text, "{before}### {group}\n\n| setting | meaning |\n|---|---|\n")?;
        } else if let Some((field, _)) = line.strip_prefix("pub ").and_then(|line| line.split_once(':')) {
            let name = field.to_ascii_uppercase();
            anyhow::ensure!(!meaning.is_empty(), "`{name}` has no comment");
            writeln!(text, "| `{name}` | {} |", without_links(&std::mem::take(&mut meaning).join(" ")))?;
        }
    }
    Ok(text)
}

/// Links to items of the crate are only for rustdoc.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](crate::");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(at) = plain.rfind('[') {
            plain.remove(at);
        }
        plain += part.split_once(')').map_or("", |(_, after)| after);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_comment_of_its_field() {
        let source = "pub struct Vars {\n    // First\n    /// Some [keys](crate::Key), and\n    /// more.\n    #[x]\n    pub a_b: Option<V>,\n\n    // Second\n    /// It.\n    pub c: Option<V>,\n}\n";
        let head = "| setting | meaning |\n|---|---|";
        let expected =
            format!("### First\n\n{head}\n| `A_B` | Some keys, and more. |\n\n### Second\n\n{head}\n| `C` | It. |\n");
        assert_eq!(table(source).unwrap(), expected);
        assert!(table("pub struct Vars {\n    // First\n    pub a: Option<V>,\n}\n").is_err());
    }
}
