//! `application/x-www-form-urlencoded`, as python-multipart's `QuerystringParser` and Starlette's `FormParser` read it.

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::{Field, Fields};
use crate::{fastapi::BodyError, limits::FORM_MAX_FIELDS};

pub(super) fn read(body: &[u8], fields: &mut Fields) -> Result<(), BodyError> {
    for (index, field) in body.split(|&byte| byte == b'&').filter(|field| !field.is_empty()).enumerate() {
        let mut halves = field.splitn(2, |&byte| byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        if index >= FORM_MAX_FIELDS {
            let detail = format!("Too many fields. Maximum number of fields is {FORM_MAX_FIELDS}.");
            return Err(BodyError::bad_request(detail));
        }
        fields.put(unquote_plus(name).as_bytes(), Field::Text(unquote_plus(value)));
    }
    Ok(())
}

/// Python's `unquote_plus(field.decode("latin-1"))`: percent-encoded bytes are UTF-8, raw bytes are Latin-1, and a
/// UTF-8 sequence cannot mix both.
///
/// The buffer never grows: a reallocation would leave a copy of the password. A Latin-1 character needs at most two
/// bytes in UTF-8, and U+FFFD needs three, as `%FF` does.
fn unquote_plus(field: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(field.len().saturating_mul(2)));
    for run in field.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        if !run.is_ascii() {
            text.extend(run.iter().copied().map(char::from));
            continue;
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(run.len()));
        for (index, word) in run.split(|&byte| byte == b'+').enumerate() {
            if index > 0 {
                bytes.push(b' ');
            }
            bytes.extend(percent_decode(word));
        }
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_decoded_as_python_decodes_it() {
        for (field, text) in [
            (b"a+b%2B%20%c3%A9".as_slice(), "a b+ \u{e9}"),
            (b"%zz%4%", "%zz%4%"),
            (b"%+41", "% 41"),
            (b"%ff%c3%", "\u{fffd}\u{fffd}%"),
            (b"\xc3\xa9", "\u{c3}\u{a9}"),
            (b"%c3\xa9", "\u{fffd}\u{a9}"),
        ] {
            let unquoted = unquote_plus(field);
            assert_eq!(unquoted.as_str(), text);
            assert_eq!(unquoted.capacity(), field.len() * 2);
        }
    }
}
