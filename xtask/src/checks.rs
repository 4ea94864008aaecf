//! The house rules, each a named check in a file of its own that says what it is for and how to mend what it finds.

use std::fs;

use anyhow::{Result, bail};

use crate::paths;

pub mod binding_only;
pub mod exports_order;
pub mod file_length;
pub mod module_order;
pub mod rust_text;
pub mod tarball;
pub mod unsafe_code;

/// One rule.
#[derive(Debug)]
pub struct Check {
    /// What it is called.
    pub name: &'static str,
    /// Why the rule is there, in one line.
    pub why: &'static str,
    /// Finds what breaks the rule: each with its place and how to mend it.
    pub run: fn(&Tree) -> Vec<String>,
}

/// Every rule.
pub const ALL: [Check; 6] = [
    module_order::CHECK,
    binding_only::CHECK,
    unsafe_code::CHECK,
    file_length::CHECK,
    exports_order::CHECK,
    tarball::CHECK,
];

/// The text files of the repository, so that a rule can be tested on a handful of made-up ones.
#[derive(Debug, Default)]
pub struct Tree(pub Vec<Source>);

/// One file.
#[derive(Debug)]
pub struct Source {
    /// From the top of the repository, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Tree {
    /// Reads the repository.
    #[must_use]
    pub fn read() -> Self {
        let root = paths::root();
        let files =
            ["src", "xtask", "pkg", "www", "tests", "bench"].iter().flat_map(|dir| paths::files_below(&root.join(dir)));
        let sources = files.filter_map(|file| {
            let text = fs::read_to_string(&file).ok()?;
            let path = file.strip_prefix(&root).ok()?.to_str()?.replace('\\', "/");
            Some(Source { path, text })
        });
        Self(sources.collect())
    }

    /// The files below a folder whose names end so.
    pub fn below<'a>(&'a self, dir: &'a str, suffix: &'a str) -> impl Iterator<Item = &'a Source> {
        self.0.iter().filter(move |source| source.path.starts_with(dir) && source.path.ends_with(suffix))
    }

    /// The text of one file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|source| source.path == path).map(|source| source.text.as_str())
    }

    /// A made-up repository.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| Source { path: (*path).to_owned(), text: (*text).to_owned() }).collect())
    }
}

/// Runs every rule and shows its verdict.
///
/// # Errors
/// When a rule is broken; how to mend it has been printed.
pub fn run() -> Result<String> {
    let tree = Tree::read();
    let mut broken = 0;
    for check in &ALL {
        let findings = (check.run)(&tree);
        println!("  {} {} ({})", if findings.is_empty() { "ok    " } else { "BROKEN" }, check.name, check.why);
        for finding in &findings {
            println!("           {finding}");
        }
        broken += usize::from(!findings.is_empty());
    }
    if broken > 0 {
        bail!("{broken} of {} house rules broken", ALL.len());
    }
    Ok(format!("{} rules", ALL.len()))
}
