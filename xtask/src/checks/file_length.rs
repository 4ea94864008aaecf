//! No source file of more than 300 lines.

use super::{Check, Source, Tree};

/// The rule.
pub const CHECK: Check = Check { name: "file-length", why: "one file per verb or noun, read in one sitting", run };

/// The most lines a source file may have.
const MAX_LINES: usize = 300;

/// What is written and read by people. Fixtures, lock files and generated types are data.
const SOURCES: [&str; 10] = [".rs", ".ts", ".mts", ".js", ".mjs", ".py", ".html", ".css", ".sql", ".sh"];

/// `(file, reason)`: the exceptions.
const ALLOWED: [(&str, &str); 0] = [];

fn run(tree: &Tree) -> Vec<String> {
    tree.0.iter().filter(|source| is_source(source)).filter_map(judge).collect()
}

fn is_source(source: &Source) -> bool {
    SOURCES.iter().any(|suffix| source.path.ends_with(suffix)) && ALLOWED.iter().all(|(path, _)| source.path != *path)
}

fn judge(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    let mend = "split it by noun or verb";
    (lines > MAX_LINES).then(|| format!("{}: {lines} lines, {MAX_LINES} at most: {mend}", source.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_301st_line_fails_in_a_source_and_not_in_data() {
        let (fits, long) = ("\n".repeat(300), "\n".repeat(301));
        assert_eq!(run(&Tree::of(&[("src/a.rs", &fits), ("tests/contract/a.json", &long)])), [""; 0]);
        let findings = run(&Tree::of(&[("www/src/a.ts", &long)]));
        assert_eq!(findings, ["www/src/a.ts: 301 lines, 300 at most: split it by noun or verb"]);
    }
}
