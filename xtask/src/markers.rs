//! Parts of documents that are written by commands, between two comments.

const END: &str = "<!-- end -->";

/// The document with this text behind the comment `begin`, or nothing if it has no such comments.
pub(crate) fn replace_between(document: &str, begin: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}\n{text}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_is_replaced() {
        let document = format!("a\n<!-- begin -->\n\nold\n{END}\nb\n");
        let written = replace_between(&document, "<!-- begin -->\n", "new\n").unwrap();
        assert_eq!(written, format!("a\n<!-- begin -->\n\nnew\n\n{END}\nb\n"));
        assert_eq!(replace_between(&written, "<!-- begin -->\n", "new\n").unwrap(), written);
        assert_eq!(replace_between("no markers", "<!-- begin -->\n", "new\n"), None);
    }
}
