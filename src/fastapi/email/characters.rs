//! The characters that an address may contain, and the names of other characters in messages.

/// An `atext` of RFC 5322 3.2.3.
pub(super) fn is_atext(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".chars().any(|one| one == char)
}

/// The characters that `is_good` refuses, named and in order; `None` if there are none.
pub(super) fn refused(text: &str, is_good: impl Fn(char) -> bool) -> Option<String> {
    listed(text.chars().filter(|&char| !is_good(char)).map(name))
}

/// The characters that no part of an address may contain, named and in order; `None` if there are none.
pub(super) fn unsafe_in(text: &str, allow_space: bool) -> Option<String> {
    let combining = text.chars().next().filter(|&char| is_combining(char));
    let harmful = text.chars().filter(|&char| is_unsafe(char) || (char.is_whitespace() && !allow_space));
    listed(harmful.chain(combining).map(name))
}

pub(super) fn named(text: &str) -> String {
    joined(text.chars().map(name))
}

fn listed(all: impl Iterator<Item = String>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for name in all {
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

/// The name of a character in a message. email-validator also adds its Unicode name.
fn name(char: char) -> String {
    match char {
        ' ' => "SPACE".to_owned(),
        '\\' | '\'' => format!("\"{char}\""),
        _ if is_unsafe(char) || char.is_whitespace() || is_combining(char) => format!("U+{:04X}", u32::from(char)),
        _ => format!("'{char}'"),
    }
}

/// Control, formatting (Cf), private-use and line-separating characters, noncharacters, and U+FFFD, the replacement for
/// undecodable bytes.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{180E}' | '\u{FEFF}'
        )
        || matches!(char, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(char, '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFD}' | '\u{E0000}'..)
        || u32::from(char) & 0xFFFE == 0xFFFE
}

/// The blocks of combining marks that belong to no single script.
fn is_combining(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}')
        || matches!(char, '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}
