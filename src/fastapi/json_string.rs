//! The strings of a JSON body that may contain a password.
//!
//! serde_json copies a string with an escape to a buffer that it does not wipe. So it reads an outline of the body, in which the
//! contents of the strings are hidden and everything has its place. The strings are then read from the body.

use zeroize::Zeroizing;

/// The body with an `x` for each byte inside of strings and each byte outside ASCII.
///
/// Control characters and the first invalid escape remain, because serde_json reports them. It reads no string after them.
pub(super) fn outline(body: &str) -> String {
    let mut outline = body.as_bytes().to_vec();
    let (mut in_string, mut escaped) = (false, 0usize);
    for (at, byte) in outline.iter_mut().enumerate() {
        escaped = escaped.saturating_sub(1);
        match byte {
            b'"' if escaped == 0 => in_string ^= true,
            b'\\' if escaped == 0 && in_string => match body.get(at..).and_then(escape) {
                Some((_, length)) => (*byte, escaped) = (b'x', length),
                None => break,
            },
            b' '..=b'~' if !in_string => {}
            b' '.. => *byte = b'x',
            _ => {}
        }
    }
    // Not UTF-8 only if an error is in front of the rest.
    String::from_utf8_lossy(&outline).into_owned()
}

/// The text of a string from its contents, in which every escape is valid.
pub(super) fn unescape(contents: &str) -> Zeroizing<String> {
    // No escape is shorter than what it stands for, so the text is never reallocated and no copy of a password remains.
    let mut text = Zeroizing::new(String::with_capacity(contents.len()));
    let mut escaped = 0usize;
    for (at, char) in contents.char_indices() {
        escaped = escaped.saturating_sub(1);
        if escaped == 0 {
            let found = if char == '\\' { contents.get(at..).and_then(escape) } else { None };
            let (char, length) = found.unwrap_or((char, 0));
            escaped = length;
            text.push(char);
        }
    }
    text
}

/// The character and the length of the escape at the start of the text (RFC 8259 7); `None` when it is not valid.
fn escape(text: &str) -> Option<(char, usize)> {
    let short = |char| Some((char, 2));
    match text.as_bytes().get(1)? {
        byte @ (b'"' | b'\\' | b'/') => short(char::from(*byte)),
        b'b' => short('\u{8}'),
        b'f' => short('\u{c}'),
        b'n' => short('\n'),
        b'r' => short('\r'),
        b't' => short('\t'),
        b'u' => {
            let first = code_unit(text)?;
            let Some(offset) = first.checked_sub(0xD800).filter(|offset| *offset < 0x800) else {
                return Some((char::from_u32(first)?, 6));
            };
            // Characters beyond U+FFFF are pairs of surrogates.
            let second = code_unit(text.get(6..)?)?.checked_sub(0xDC00).filter(|offset| *offset < 0x400)?;
            let is_first = offset < 0x400;
            is_first.then_some((char::from_u32(0x10000_u32.saturating_add(offset << 10 | second))?, 12))
        }
        _ => None,
    }
}

fn code_unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.chars().try_fold(0, |unit, digit| Some(unit << 4 | digit.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_serde_json_reads_them() {
        for string in [
            r#""""#,
            r#""plain é 😀""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""a\u0041\u00e9\uFFFF\u2028\u0000z""#,
            r#""\ud83d\ude00x\uD840\uDC00\uDBFF\uDFFF\uD7FF\uE000""#,
            r#""\\u0041\\""#,
        ] {
            let expected: String = serde_json::from_str(string).unwrap();
            let text = unescape(string.strip_prefix('"').unwrap().strip_suffix('"').unwrap());
            assert_eq!(*text, expected);
            assert_eq!(text.capacity(), string.len() - 2, "it was not reallocated");
            assert_eq!(outline(string), format!("\"{}\"", "x".repeat(string.len() - 2)));
        }
    }

    #[test]
    fn an_outline_has_the_same_error_at_the_same_place() {
        for body in [
            r#"{"a":"b\x"}"#,
            r#"{"é":"\ud800"}"#,
            r#"{"é":"\ud800\n"}"#,
            r#"{"é":"\ud800\u0041"}"#,
            r#"{"é":"\udc00"}"#,
            r#"{"é":"\u00g0"}"#,
            r#"{"é":"\u+041"}"#,
            r#"{"é":"\u00é"}"#,
            r#"{"é":"\u00"#,
            r#"{"é":"\"#,
            "{\"é\":\"a\nb\"}",
            "{\"é\":\"a\u{7f}b",
            r#"{"é":\n}"#,
            r#"{\"a":1}"#,
            r#"{"a":"b",}"#,
            r#"{"a":"b"} "c""#,
        ] {
            let error = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_err().to_string();
            assert_eq!(error(&outline(body)), error(body), "{body}");
        }
        assert_eq!(
            outline(r#"{"pass\"word" : ["s\ud83d\ude00é", -1.5e3]}"#),
            r#"{"xxxxxxxxxx" : ["xxxxxxxxxxxxxxx", -1.5e3]}"#
        );
    }
}
