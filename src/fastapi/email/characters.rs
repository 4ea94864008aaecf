//! The characters that an address may contain, and the names of other characters in messages.
//!
//! A message names every character once, and an address may have thousands of them. So the operations of [`Unicode`], which are
//! calls into JavaScript on the web, get all characters at once.

use crate::unicode::Unicode;

/// An `atext` of RFC 5322 3.2.3.
pub(super) fn is_atext(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".chars().any(|one| one == char)
}

/// The characters that `is_good` refuses, in the order of their names; `None` if there are none.
pub(super) fn refused(text: &str, unicode: &Unicode, is_good: &dyn Fn(char) -> bool) -> Option<String> {
    let mut sorted = Vec::new();
    for name in names(&without(text, is_good), unicode) {
        insert(&mut sorted, name);
    }
    joined(&sorted)
}

/// The characters that no part of an address may contain, in the order of their code points; `None` if there are none.
pub(super) fn unsafe_in(text: &str, allow_space: bool, unicode: &Unicode) -> Option<String> {
    let bad = if text.is_ascii() { unquotable(text, unicode) } else { (unicode.unsafe_characters)(text) };
    let bad = without(&bad, &|char| allow_space && is_space_separator(char));
    joined(&bad.chars().map(code_point).collect::<Vec<_>>())
}

/// All characters in the order of the text.
pub(super) fn named(text: &str, unicode: &Unicode) -> String {
    joined(&names(text, unicode)).unwrap_or_default()
}

fn joined(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

/// The characters that `is_good` refuses, each once, in the order of their code points.
fn without(text: &str, is_good: &dyn Fn(char) -> bool) -> String {
    let mut sorted = Vec::new();
    for char in text.chars().filter(|&char| !is_good(char)) {
        insert(&mut sorted, char);
    }
    sorted.into_iter().collect()
}

/// Inserts what is not there. The code of the library's sort is larger than all this file.
fn insert<T: Ord>(sorted: &mut Vec<T>, value: T) {
    if let Err(at) = sorted.binary_search(&value) {
        sorted.insert(at, value);
    }
}

fn unquotable(text: &str, unicode: &Unicode) -> String {
    match text.is_ascii() {
        true => text.chars().filter(|&char| char.is_ascii_control() || char == ' ').collect(),
        false => (unicode.unquotable_characters)(text),
    }
}

/// The general category Zs: white space but for the control characters and the separators of lines and paragraphs.
fn is_space_separator(char: char) -> bool {
    char.is_whitespace() && !char.is_control() && !matches!(char, '\u{2028}' | '\u{2029}')
}

/// The name of each character. Python quotes letters, numbers, punctuation and symbols.
fn names(text: &str, unicode: &Unicode) -> Vec<String> {
    let unquotable = unquotable(text, unicode);
    let mut unquotable = unquotable.chars().peekable();
    let name = |char| match char {
        '\\' | '\'' => format!("\"{char}\""),
        _ if unquotable.next_if_eq(&char).is_some() => code_point(char),
        _ => format!("'{char}'"),
    };
    text.chars().map(name).collect()
}

/// email-validator gives the Unicode name, for which there is no table, or this to a character without a name.
fn code_point(char: char) -> String {
    match u32::from(char) {
        0x20 => "SPACE".to_owned(),
        code => format!("U+{code:0digits$X}", digits = if code < 0xFFFF { 4 } else { 8 }),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    use super::is_space_separator;

    #[test]
    fn a_space_separator_is_of_the_category_zs() {
        let is_zs = |char: &char| char.general_category() == GeneralCategory::SpaceSeparator;
        let separators: Vec<char> = ('\0'..=char::MAX).filter(is_zs).collect();
        assert_eq!(('\0'..=char::MAX).filter(|&char| is_space_separator(char)).collect::<Vec<_>>(), separators);
        assert_eq!(separators.len(), 17);
    }
}
