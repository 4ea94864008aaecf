//! The commands of a document, and what they print.

use anyhow::{Context, Result, bail, ensure};

use super::super::documents::markdown::{Fence, code_of};

/// How a block is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To its end.
    Foreground,
    /// ```` ```sh background ````: in another terminal, instead of the one before it.
    Background,
}

/// A block of `sh`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The heading above it.
    pub(super) section: String,
    /// Its first line in the document.
    pub(super) line: usize,
    pub(super) kind: Kind,
    /// ```` ```sh text-ids ````: only for a backend whose ids are texts.
    pub(super) text_ids: bool,
    pub(super) script: String,
    /// The lines of the block of `text` behind it, which the script prints in this order. `...` stands for any text.
    pub(super) expected: Vec<String>,
}

/// The blocks in their order.
///
/// # Errors
/// When a block is neither `sh` nor a `text` behind one, or does not end.
pub(super) fn blocks(document: &str) -> Result<Vec<Block>> {
    let mut found: Vec<Block> = Vec::new();
    let mut has_text = true;
    for Fence { section, line, info, code } in code_of(document)?.fences {
        let mut words = info.split(' ');
        match words.next() {
            Some("sh") => {
                let mut block = Block {
                    section,
                    line: line + 1,
                    kind: Kind::Foreground,
                    text_ids: false,
                    script: code,
                    expected: Vec::new(),
                };
                for word in words {
                    match word {
                        "background" => block.kind = Kind::Background,
                        "text-ids" => block.text_ids = true,
                        other => bail!("line {line}: `{other}` says nothing about a block"),
                    }
                }
                found.push(block);
                has_text = false;
            }
            Some("text") => {
                ensure!(!has_text && !code.is_empty(), "line {line}: no command prints this");
                found.last_mut().context("no command")?.expected = code.lines().map(str::to_owned).collect();
                has_text = true;
            }
            _ => bail!("line {line}: a block is `sh`, or `text` behind it, and not `{info}`"),
        }
    }
    ensure!(!found.is_empty(), "the document has no commands");
    Ok(found)
}

/// The first expected line that is not printed behind the ones before it.
pub(super) fn missing<'e>(expected: &'e [String], printed: &str) -> Option<&'e str> {
    let mut printed = printed.lines();
    expected.iter().map(String::as_str).find(|wanted| !printed.any(|line| matches(wanted, line.trim())))
}

fn matches(wanted: &str, line: &str) -> bool {
    let mut parts = wanted.split("...");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts = parts.collect::<Vec<_>>();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use testkit::paths;

    use super::*;

    #[test]
    fn a_block_has_its_section_and_what_it_prints() {
        let document =
            "## 1. One\n\n```sh\necho a\n```\n\n```text\na\n```\n## 2. Two\n```sh background text-ids\nb\nc\n```\n";
        let [one, two] = &blocks(document).unwrap()[..] else { panic!("two blocks") };
        assert_eq!((one.section.as_str(), one.line, one.script.as_str()), ("1. One", 4, "echo a\n"));
        assert_eq!((&one.expected[..], one.kind, one.text_ids), (&["a".to_owned()][..], Kind::Foreground, false));
        assert_eq!((two.section.as_str(), two.script.as_str()), ("2. Two", "b\nc\n"));
        assert_eq!((two.kind, two.text_ids), (Kind::Background, true));
    }

    #[test]
    fn what_is_not_run_is_refused() {
        for document in ["", "```bash\na\n```", "```sh foreground\na\n```", "```sh\na\n", "```text\na\n```"] {
            assert!(blocks(document).is_err(), "{document}");
        }
        assert!(blocks("```sh\na\n```\n```text\na\n```\n```text\nb\n```").is_err());
    }

    #[test]
    fn the_blocks_of_the_document_can_be_read() {
        let document = std::fs::read_to_string(paths::root().join("MIGRATING.md")).unwrap();
        assert!(blocks(&document).unwrap().len() > 10);
    }

    #[test]
    fn lines_are_expected_in_their_order() {
        let expected = ["a".to_owned(), "... b: ...!".to_owned()];
        assert_eq!(missing(&expected, "x\n a \nthe b: c!\n"), None);
        assert_eq!(missing(&expected, "the b: c!\na\n"), Some("... b: ...!"));
        assert_eq!(missing(&expected, "a\nthe b: c\n"), Some("... b: ...!"));
        assert_eq!(missing(&expected, "ab\n"), Some("a"));
    }
}
