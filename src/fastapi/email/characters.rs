//! The characters that an address may contain, and the names of other characters in messages.

use crate::unicode::Unicode;

/// An `atext` of RFC 5322 3.2.3.
pub(super) fn is_atext(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".chars().any(|one| one == char)
}

/// The characters that `is_good` refuses, named and in order; `None` if there are none.
pub(super) fn refused(text: &str, unicode: &Unicode, is_good: &dyn Fn(char) -> bool) -> Option<String> {
    listed(&without(text, is_good), unicode)
}

/// The characters that no part of an address may contain, named and in order; `None` if there are none.
pub(super) fn unsafe_in(text: &str, allow_space: bool, unicode: &Unicode) -> Option<String> {
    listed(&without(&unsafe_characters(text, unicode), &|char| allow_space && is_space_separator(char)), unicode)
}

pub(super) fn named(text: &str, unicode: &Unicode) -> String {
    joined(text.chars().map(|char| name(char, unicode)))
}

fn without(text: &str, is_good: &dyn Fn(char) -> bool) -> String {
    text.chars().filter(|&char| !is_good(char)).collect()
}

fn unsafe_characters(text: &str, unicode: &Unicode) -> String {
    match text.is_ascii() {
        true => text.chars().filter(|&char| char.is_ascii_control() || char == ' ').collect(),
        false => (unicode.unsafe_characters)(text),
    }
}

/// The general category Zs: white space but for the control characters and the separators of lines and paragraphs.
fn is_space_separator(char: char) -> bool {
    char.is_whitespace() && !char.is_control() && !matches!(char, '\u{2028}' | '\u{2029}')
}

fn listed(text: &str, unicode: &Unicode) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for char in text.chars() {
        let name = name(char, unicode);
        if let Err(at) = names.binary_search(&name) {
            names.insert(at, name);
        }
    }
    (!names.is_empty()).then(|| joined(names.into_iter()))
}

fn joined(names: impl Iterator<Item = String>) -> String {
    let mut all = String::new();
    for name in names {
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(&name);
    }
    all
}

/// The name of a character in a message. Python quotes letters, numbers, punctuation and symbols.
fn name(char: char, unicode: &Unicode) -> String {
    match char {
        '\\' | '\'' => format!("\"{char}\""),
        _ if !unsafe_characters(char.encode_utf8(&mut [0; 4]), unicode).is_empty() => code_point(char),
        _ => format!("'{char}'"),
    }
}

/// email-validator gives the Unicode name, for which there is no table.
fn code_point(char: char) -> String {
    match char {
        ' ' => "SPACE".to_owned(),
        _ => format!("U+{:04X}", u32::from(char)),
    }
}
