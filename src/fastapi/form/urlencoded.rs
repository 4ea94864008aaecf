//! `application/x-www-form-urlencoded`, as python-multipart's `QuerystringParser` and Starlette's `FormParser` read it.

use zeroize::Zeroizing;

use super::{Fields, Value, bad_request};
use crate::{
    fastapi::BodyError,
    limits::{FORM_FIELD_MAX_BYTES, FORM_MAX_FIELDS},
};

pub(super) fn read(body: &[u8], fields: &mut Fields) -> Result<(), BodyError> {
    for (index, field) in body.split(|&byte| byte == b'&').filter(|field| !field.is_empty()).enumerate() {
        let mut halves = field.splitn(2, |&byte| byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        if name.len().saturating_add(value.len()) > FORM_FIELD_MAX_BYTES {
            return Err(bad_request(format!("Field exceeded maximum size of {}KB.", FORM_FIELD_MAX_BYTES / 1024)));
        }
        if index >= FORM_MAX_FIELDS {
            return Err(bad_request(format!("Too many fields. Maximum number of fields is {FORM_MAX_FIELDS}.")));
        }
        fields.put(unquote_plus(name).as_bytes(), Value::Text(unquote_plus(value)));
    }
    Ok(())
}

/// Python's `unquote_plus(field.decode("latin-1"))`: percent-encoded bytes are UTF-8, raw ones are Latin-1, and neither
/// can continue the other.
fn unquote_plus(field: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(field.len()));
    for run in field.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        if run.is_ascii() {
            text.push_str(&String::from_utf8_lossy(&unquote(run)));
        } else {
            text.extend(run.iter().copied().map(char::from));
        }
    }
    text
}

fn unquote(mut run: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(run.len()));
    loop {
        run = match run {
            [b'%', high, low, rest @ ..] if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                bytes.push((high << 4) | low);
                rest
            }
            [byte, rest @ ..] => {
                bytes.push(if *byte == b'+' { b' ' } else { *byte });
                rest
            }
            [] => return bytes,
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| digit.try_into().ok())
}
