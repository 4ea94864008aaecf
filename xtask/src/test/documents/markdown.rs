//! The code of a document in Markdown.

use anyhow::{Result, ensure};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A fenced block.
#[derive(Debug, Default)]
pub(in crate::test) struct Fence {
    /// The heading of the second level above it.
    pub(in crate::test) section: String,
    /// The line of its fence.
    pub(in crate::test) line: usize,
    /// What stands behind the fence.
    pub(in crate::test) info: String,
    pub(in crate::test) code: String,
}

/// What a document has of code.
#[derive(Debug, Default)]
pub(in crate::test) struct Code {
    pub(in crate::test) fences: Vec<Fence>,
    /// Code in a line of text or in a table, with its line.
    pub(in crate::test) inline: Vec<(usize, String)>,
}

/// Reads a document.
///
/// # Errors
/// When a block does not end, or is made by spaces: it could have no language and no test.
pub(in crate::test) fn code_of(document: &str) -> Result<Code> {
    let mut found = Code::default();
    let (mut section, mut is_heading) = (String::new(), false);
    let mut open: Option<Fence> = None;
    for (event, range) in Parser::new_ext(document, Options::ENABLE_TABLES).into_offset_iter() {
        let source = document.get(range.clone()).unwrap_or_default();
        let line = document.get(..range.start).unwrap_or_default().matches('\n').count() + 1;
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => {
                section.clear();
                is_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                ensure!(source.trim().is_empty(), "line {line}: a block of code needs a fence");
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let end = source.trim_end().rsplit('\n').next().unwrap_or_default().trim();
                let is_ended = source.contains('\n') && ["```", "~~~"].iter().any(|fence| end.starts_with(fence));
                ensure!(is_ended, "line {line}: the block does not end");
                open = Some(Fence { section: section.clone(), line, info: info.into_string(), code: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => found.fences.extend(open.take()),
            Event::Text(text) => match &mut open {
                Some(fence) => fence.code += &text,
                None if is_heading => section += &text,
                None => {}
            },
            Event::Code(text) => found.inline.push((line, text.into_string())),
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_in_lists_too_and_with_their_line_and_section() {
        let document = "## One\n\n```sh a b\nx\n\n  y\n```\n## Two\n- item\n\n  ````ts\n  ```\n  ````\n";
        let [one, two] = &code_of(document).unwrap().fences[..] else { panic!("two blocks") };
        assert_eq!(
            (one.section.as_str(), one.line, one.info.as_str(), one.code.as_str()),
            ("One", 3, "sh a b", "x\n\n  y\n")
        );
        assert_eq!((two.section.as_str(), two.line, two.info.as_str(), two.code.as_str()), ("Two", 11, "ts", "```\n"));
    }

    #[test]
    fn code_of_a_table_is_found() {
        let code = code_of("a `b`\n\n| c |\n|---|\n| `d \\| e` |\n").unwrap();
        assert_eq!(code.inline, [(1, "b".to_owned()), (5, "d | e".to_owned())]);
    }

    #[test]
    fn a_block_without_an_end_or_a_fence_is_refused() {
        for document in ["```sh\na\n", "```sh", "text\n\n    code\n"] {
            assert!(code_of(document).is_err(), "{document}");
        }
    }
}
