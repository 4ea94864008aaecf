//! Runs the blocks of the documents: `tests/documents/NAME.mts` runs those with the fence ```` ```LANGUAGE NAME ````.
//!
//! A program has a line `// BLOCK`, which is replaced by the block, or by the blocks with this name. What stands before is what the document assumes, and what follows checks
//! the effect. `// BLOCK *TEXT*` is replaced by the lines of the block that contain the text. A program without such a line gets the blocks as
//! `blocks`, to run commands or to write files.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use testkit::{paths, sh::Sh, wrangler};

use super::{
    super::{Outcome, counts::judge},
    blocks::{Example, PROGRAMS, collect},
    commands::Helps,
    documents,
};

/// Where the programs are written. It has the depth of [`PROGRAMS`], so that what they import has the same path.
const FOLDER: &str = "target/documents";

/// What a program prints for a line that only Cloudflare can run.
const NOT_RUN: &str = "NOT RUN";

/// The stage of `cargo xtask test`.
pub(in crate::test) fn check() -> Result<Outcome> {
    let blocks = collect(&documents(&paths::root())?)?;
    let (mut faults, mut helps) = (blocks.faults, Helps::default());
    for (place, command) in &blocks.commands {
        faults.extend(helps.fault(command).map(|fault| format!("{place}: {fault}")));
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    let folder = paths::root().join(FOLDER);
    // A program of an earlier run would be run again.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for example in &blocks.examples {
        let file = format!("{PROGRAMS}/{}.mts", example.name);
        // A block without one is among the faults.
        let Ok(template) = fs::read_to_string(paths::root().join(&file)) else { continue };
        let program = program(&template, example).context(file)?;
        let name = format!("{}.{}.test.mts", example.document.replace('/', "-"), example.name);
        fs::write(folder.join(name), program)?;
    }
    Sh::node_tool("tsc").args(["--noEmit", "-p", PROGRAMS]).run()?;
    // In a fresh clone, one compiles the crate for axum first.
    let tests = Sh::node_tool("node").args(["--test", "--test-concurrency=2", "--test-timeout=1800000"]);
    let tests = wrangler::quiet(tests).args([format!("{FOLDER}/*.test.mts")]);
    // A command that is missing here must not be taken from a registry.
    let (succeeded, output) = tests.env("npm_config_offline", "true").tee()?;
    let not_run = output.lines().filter(|line| line.contains(NOT_RUN)).count();
    Ok(match judge(succeeded, &output) {
        Outcome::Passed(_) if !faults.is_empty() => Outcome::Failed(format!("{} faults; see above", faults.len())),
        Outcome::Passed(note) => Outcome::Passed(format!(
            "{note}; {not_run} commands need a Cloudflare account: only their flags are checked"
        )),
        other => other,
    })
}

/// The program with the blocks.
fn program(template: &str, example: &Example) -> Result<String> {
    let source = format!("// {PROGRAMS}/{}.mts with the blocks of {}\n", example.name, example.document);
    let places = template.lines().filter_map(place).collect::<Vec<_>>();
    let mut program = source;
    if template.contains("blocks") {
        program += &format!("const blocks = {};\n", serde_json::to_string(&example.parts)?);
    } else {
        ensure!(!places.is_empty(), "it has no line `// BLOCK`, and does not use `blocks`");
    }
    if places.is_empty() {
        return Ok(program + template);
    }
    let lines = example.parts.iter().flat_map(|part| part.code.lines()).collect::<Vec<_>>();
    let parts = places.iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>();
    for text in &parts {
        ensure!(lines.iter().any(|line| line.contains(text)), "no line of the block has `{text}`");
    }
    for line in &lines {
        let times = parts.iter().filter(|text| line.contains(**text)).count();
        ensure!(times < 2, "this line would be run twice: {line}");
    }
    ensure!(places.len() == parts.len() + 1, "a program has one line `// BLOCK` for what is left");
    for line in template.lines() {
        let Some(text) = place(line) else {
            program += &format!("{line}\n");
            continue;
        };
        let is_here = |line: &&&str| match text {
            "" => !parts.iter().any(|text| line.contains(text)),
            text => line.contains(text),
        };
        lines.iter().filter(is_here).for_each(|line| program += &format!("{line}\n"));
    }
    Ok(program)
}

/// The text of a line `// BLOCK *TEXT*`.
fn place(line: &str) -> Option<&str> {
    let text = line.trim().strip_prefix("// BLOCK")?.trim();
    Some(text.trim_matches('*'))
}

#[cfg(test)]
mod tests {
    use super::{
        super::blocks::{Example, Part},
        program,
    };

    fn of(template: &str, codes: &[&str]) -> Option<String> {
        let part = |code: &&str| Part { line: 7, language: "ts".into(), code: (*code).into(), expected: String::new() };
        let example = Example { document: "a.md".into(), name: "b".into(), parts: codes.iter().map(part).collect() };
        program(template, &example).ok().map(|text| text.split_once('\n').unwrap().1.to_owned())
    }

    #[test]
    fn each_line_of_the_block_is_in_the_program_once() {
        let template = "before\n// BLOCK\n{\n  // BLOCK *b(*\n}\n";
        let expected = "before\na\nc\n{\nb(1)\n}\n";
        assert_eq!(of(template, &["a\nb(1)\nc\n"]).as_deref(), Some(expected));
        assert_eq!(of(template, &["a\n", "b(1)\nc\n"]).as_deref(), Some(expected), "two blocks");
        assert_eq!(of(template, &["a\nc\n"]), None, "the text is in no line");
        assert_eq!(of("// BLOCK\n// BLOCK *a*\n// BLOCK *ab*", &["ab\n"]), None, "twice");
        assert_eq!(of("// BLOCK *a*\n", &["a\nb\n"]), None, "what is left");
    }

    #[test]
    fn a_program_without_a_place_gets_the_blocks() {
        let program = of("run(blocks)\n", &["a\n"]).unwrap();
        assert_eq!(
            program,
            "const blocks = [{\"line\":7,\"language\":\"ts\",\"code\":\"a\\n\",\"expected\":\"\"}];\nrun(blocks)\n"
        );
        assert_eq!(of("run()\n", &["a\n"]), None);
    }
}
