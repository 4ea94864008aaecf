//! Bytes to text as `json.loads` does it: `json.detect_encoding`, then `bytes.decode(.., "surrogatepass")`.

use std::borrow::Cow;

/// The text, or `None` where Python raises `UnicodeDecodeError`. A surrogate on its own is read as U+FFFD.
pub(super) fn detect_and_decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match bytes {
        [0, 0, 0xFE, 0xFF, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xFF, 0xFE, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0, 0, _, _, ..] => utf32(bytes, u32::from_be_bytes),
        [_, 0, 0, 0, ..] => utf32(bytes, u32::from_le_bytes),
        [0, _, _, _, ..] | [0, _] => utf16(bytes, u16::from_be_bytes),
        [_, 0, _, _, ..] | [_, 0] => utf16(bytes, u16::from_le_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(mut bytes: &[u8]) -> Option<Cow<'_, str>> {
    let mut text = String::new();
    loop {
        let bad = match std::str::from_utf8(bytes) {
            Ok(all) if text.is_empty() => return Some(all.into()),
            Ok(tail) => return Some((text + tail).into()),
            Err(error) => error.valid_up_to(),
        };
        let (good, rest) = bytes.split_at_checked(bad)?;
        let [0xED, 0xA0..=0xBF, 0x80..=0xBF, after @ ..] = rest else { return None };
        text.push_str(std::str::from_utf8(good).ok()?);
        text.push(char::REPLACEMENT_CHARACTER);
        bytes = after;
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (units, []) = bytes.as_chunks() else { return None };
    let chars = char::decode_utf16(units.iter().copied().map(unit));
    Some(chars.map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<Cow<'_, str>> {
    let (units, []) = bytes.as_chunks() else { return None };
    let char = |&bytes| match unit(bytes) {
        0xD800..=0xDFFF => Some(char::REPLACEMENT_CHARACTER),
        code => char::from_u32(code),
    };
    units.iter().map(char).collect()
}
