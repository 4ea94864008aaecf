//! The strings of a JSON body that may contain a password.
//!
//! serde_json copies a string with an escape to a buffer that it does not wipe. So it reads an outline of the body, in which the
//! contents of the strings are hidden and everything has its place. The strings are then read from the body.

use zeroize::Zeroizing;

/// The body with an `x` for each byte inside of strings and each byte outside ASCII.
///
/// Control characters and the first invalid escape remain, because serde_json reports them. It reads no string after them.
pub(super) fn outline(body: &str) -> String {
    let (mut in_string, mut escaped, mut at_error) = (false, 0usize, false);
    let outlined = body.bytes().enumerate().map(|(at, byte)| {
        escaped = escaped.saturating_sub(1);
        let hidden = escaped > 0;
        if byte == b'\\' && in_string && !hidden {
            match body.get(at..).and_then(escape) {
                Some((_, length)) => escaped = length,
                None => at_error = true,
            }
        }
        in_string ^= byte == b'"' && !hidden;
        let shown = at_error || !in_string || byte < b' ' || (byte == b'"' && !hidden);
        if shown && byte.is_ascii() { char::from(byte) } else { 'x' }
    });
    outlined.collect()
}

/// The text of a string from its contents, in which every escape is valid.
pub(super) fn unescape(mut rest: &str) -> Zeroizing<String> {
    // No escape is shorter than what it stands for, so the text is never reallocated and no copy of a password remains.
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at_checked(at).unwrap_or_default();
        let (char, length) = escape(escaped).unwrap_or(('\\', 1));
        text.push_str(plain);
        text.push(char);
        rest = escaped.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
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
