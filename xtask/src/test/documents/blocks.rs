//! The blocks of code of all documents, each of which a test runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};
use serde::Serialize;
use testkit::paths;

use super::{
    commands::{Command, Program, commands_of, fault_of_xtask},
    markdown::{Code, code_of},
};

/// Documents that another stage runs from the beginning to the end.
const RUN_AS_A_WHOLE: [(&str, &str); 2] =
    [("MIGRATING.md", "in the stage `migrating`"), ("pkg/init/README.md", "in the stage `consumers`")];

/// The folder of the programs that run blocks.
pub(super) const PROGRAMS: &str = "tests/documents";

/// A block that a program runs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    /// The line of its fence.
    pub(super) line: usize,
    pub(super) language: String,
    pub(super) code: String,
    /// The block of what it prints.
    pub(super) expected: String,
}

/// Blocks of one document with the same name, which one program runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Example {
    pub(super) document: String,
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
}

/// What the documents have.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub(super) examples: Vec<Example>,
    /// Named anywhere, with the place.
    pub(super) commands: Vec<(String, Command)>,
    counts: BTreeMap<&'static str, usize>,
    pub(super) faults: Vec<String>,
}

impl Blocks {
    /// For the summary.
    pub(super) fn summary(&self) -> String {
        let total = self.counts.values().sum::<usize>();
        let counts = self.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>();
        format!("{total} blocks: {}", counts.join(", "))
    }

    fn count(&mut self, kind: &'static str) {
        *self.counts.entry(kind).or_default() += 1;
    }

    fn add(&mut self, document: &str, code: Code, is_doc_test: bool) {
        let inline =
            code.inline.iter().flat_map(|(line, text)| commands_of(text).into_iter().map(move |one| (*line, one)));
        self.commands.extend(inline.map(|(line, command)| (format!("{document}:{line}"), command)));
        let mut before: Option<(String, usize)> = None;
        for fence in code.fences {
            let place = format!("{document}:{}", fence.line);
            if let Some((_, stage)) = RUN_AS_A_WHOLE.iter().find(|(name, _)| *name == document) {
                self.count(stage);
                continue;
            }
            let mut words = fence.info.split_whitespace();
            let language = words.next().unwrap_or_default();
            let (name, flags) = (words.next(), words.collect::<Vec<_>>());
            let rust = language.split(',').collect::<Vec<_>>();
            if language == "sh" {
                let commands = fence.code.lines().flat_map(commands_of);
                self.commands.extend(commands.map(|command| (place.clone(), command)));
            }
            let fault = if flags.iter().any(|flag| *flag != "remote") {
                Some(format!("`{}` says nothing about a block", flags.join(" ")))
            } else if rust[0] == "rust" && !is_doc_test {
                Some("no crate includes this document: `#[doc = include_str!(...)]`".to_owned())
            } else if rust.contains(&"ignore") || rust.contains(&"no_run") && name.is_none() {
                Some("it is not run".to_owned())
            } else if rust == ["rust"] && name.is_none() {
                self.count("doc tests");
                None
            } else if let Some(name) = name {
                self.count(if flags.is_empty() {
                    "run by a program"
                } else {
                    "run as far as it goes without an account"
                });
                let part = Part {
                    line: fence.line,
                    language: rust[0].to_owned(),
                    code: fence.code.clone(),
                    expected: String::new(),
                };
                self.add_part(document, name, part);
                None
            } else if let ("text" | "json", Some((name, line))) = (language, &before) {
                self.count("printed by the block before");
                let parts =
                    self.examples.iter_mut().filter(|example| example.document == document && example.name == *name);
                for part in parts.flat_map(|example| &mut example.parts).filter(|part| part.line == *line) {
                    part.expected.clone_from(&fence.code);
                }
                None
            } else if language == "sh" && fence.code.lines().all(is_of_xtask) {
                self.count("commands of `cargo xtask`, which exist");
                None
            } else {
                Some(format!("no test runs this block: ```{}", fence.info))
            };
            before = name.filter(|_| language == "sh").map(|name| (name.to_owned(), fence.line));
            self.faults.extend(fault.map(|fault| format!("{place}: {fault}")));
        }
    }

    fn add_part(&mut self, document: &str, name: &str, part: Part) {
        let known = self.examples.iter_mut().find(|example| example.document == document && example.name == name);
        match known {
            Some(example) => example.parts.push(part),
            None => {
                self.examples.push(Example { document: document.to_owned(), name: name.to_owned(), parts: vec![part] })
            }
        }
    }

    /// A program for each name, and a block for each program.
    fn check_programs(&mut self, programs: &BTreeSet<String>) {
        for Example { document, name, parts } in &self.examples {
            if !programs.contains(name) {
                let line = parts.first().map_or(0, |part| part.line);
                self.faults.push(format!("{document}:{line}: there is no {PROGRAMS}/{name}.mts to run this block"));
            }
        }
        let is_used = |name: &&String| self.examples.iter().any(|example| example.name == **name);
        let unused = programs.iter().filter(|name| !is_used(name));
        self.faults.extend(unused.map(|name| format!("{PROGRAMS}/{name}.mts: no document has its block")));
    }

    fn check_xtask(&mut self) {
        for (place, command) in self.commands.iter().filter(|(_, command)| command.program == Program::Xtask) {
            self.faults.extend(fault_of_xtask(&command.words).map(|fault| format!("{place}: {fault}")));
        }
    }
}

fn is_of_xtask(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line.starts_with("cargo xtask ")
}

/// Reads the code of these documents.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn collect(documents: &[(String, String)]) -> Result<Blocks> {
    let root = paths::root();
    let mut found = Blocks::default();
    let included = included(&root)?;
    for (document, text) in documents {
        match code_of(text) {
            Ok(code) => found.add(document, code, included.contains(document)),
            Err(error) => found.faults.push(format!("{document}: {error}")),
        }
    }
    let programs = fs::read_dir(root.join(PROGRAMS)).context(PROGRAMS)?;
    let names = programs.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".mts").map(str::to_owned));
    found.check_programs(&names.collect());
    found.check_xtask();
    Ok(found)
}

/// The documents whose blocks of Rust are doc tests of a crate.
fn included(root: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for file in ["src/lib.rs", "axum/src/lib.rs", "schemes/src/lib.rs"] {
        let text = fs::read_to_string(root.join(file)).context(file)?;
        let crate_root = Path::new(file).parent().and_then(Path::parent).unwrap_or(Path::new(""));
        let paths = text.split("doc = include_str!(\"../").skip(1).filter_map(|rest| rest.split_once("\")"));
        found.extend(paths.map(|(path, _)| crate_root.join(path).display().to_string()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(document: &str) -> Blocks {
        let mut found = Blocks::default();
        found.add("a.md", code_of(document).unwrap(), true);
        found
    }

    #[test]
    fn blocks_with_a_name_are_the_parts_of_one_example_with_what_they_print() {
        let found = blocks("```sh one\na\n```\n```text\nb\n```\n```ts two\nc\n```\n```sh one remote\nd\n```\n");
        assert_eq!(found.faults, [""; 0]);
        let [one, two] = &found.examples[..] else { panic!("two examples") };
        let parts = one.parts.iter().map(|part| (part.line, part.code.as_str(), part.expected.as_str()));
        assert_eq!(parts.collect::<Vec<_>>(), [(1, "a\n", "b\n"), (10, "d\n", "")]);
        assert_eq!((two.name.as_str(), two.parts[0].language.as_str()), ("two", "ts"));
        let summary =
            "4 blocks: 1 printed by the block before, 1 run as far as it goes without an account, 2 run by a program";
        assert_eq!(found.summary(), summary);
    }

    #[test]
    fn a_block_that_no_test_runs_is_named_with_its_line() {
        for unrun in ["", "ts", "js", "sh", "text", "json", "toml", "rust,ignore", "rust,no_run", "sh a background"] {
            let found = blocks(&format!("\n```{unrun}\nls\n```\n"));
            assert!(found.faults.len() == 1 && found.faults[0].starts_with("a.md:2: "), "{unrun}: {:?}", found.faults);
        }
        let mut other = Blocks::default();
        other.add("b.md", code_of("```rust\n```\n").unwrap(), false);
        assert_eq!(other.faults.len(), 1, "it is included nowhere");
        assert_eq!(blocks("```rust\n```\n```sh\ncargo xtask dev\n```\n").faults, [""; 0]);
        assert_eq!(
            blocks("```sh a\nb\n```\n```text\nc\n```\n```text\nd\n```\n").faults.len(),
            1,
            "only one is printed"
        );
    }

    #[test]
    fn a_name_has_a_program_and_a_program_a_block() {
        let mut found = blocks("```sh one\na\n```\n");
        found.check_programs(&["two".to_owned()].into());
        let faults = [
            "a.md:1: there is no tests/documents/one.mts to run this block",
            "tests/documents/two.mts: no document has its block",
        ];
        assert_eq!(found.faults, faults);
    }

    #[test]
    fn a_command_that_does_not_exist_is_found_in_text_and_in_blocks() {
        let mut found = blocks("`cargo xtask serve`\n\n```sh\ncargo xtask tset\n```\n");
        found.check_xtask();
        assert_eq!(found.faults.len(), 2, "{:?}", found.faults);
    }
}
