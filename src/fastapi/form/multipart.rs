//! `multipart/form-data`, as python-multipart's `MultipartParser` and Starlette's `MultiPartParser` read it.

use zeroize::Zeroizing;

use super::{Field, Fields, content_type::Options};
use crate::{
    fastapi::BodyError,
    limits::{BOUNDARY_MAX_BYTES, PART_HEADER_MAX_BYTES, PART_MAX_HEADERS},
};

pub(super) fn read(header: &Options, body: &[u8], fields: &mut Fields) -> Result<(), BodyError> {
    let boundary = header.get("boundary").ok_or_else(|| BodyError::bad_request("Missing boundary in multipart."))?;
    if boundary.len() > BOUNDARY_MAX_BYTES {
        return Err(invalid());
    }
    let delimiter = [b"\r\n--", boundary].concat();
    let utf8 = header.get("charset").is_none_or(is_utf8);
    let mut rest = start(body, &delimiter)?;
    while let Some(part) = rest {
        let Some((disposition, content)) = headers(part)? else { return Ok(()) };
        let options = Options::parse(disposition);
        let Some(name) = options.get("name") else {
            return Err(BodyError::bad_request("The Content-Disposition header field \"name\" must be provided."));
        };
        let filename = options.get("filename");
        let (data, end) = data(content, &delimiter)?;
        rest = match end {
            // A part without an end is ignored, as in python-multipart.
            End::Body => return Ok(()),
            End::Part(after) => Some(after),
            End::Form => None,
        };
        let value = match filename {
            None => Field::Text(decode(data, utf8)),
            Some(filename) if data.is_empty() && is_no_name(filename) => Field::Text(Zeroizing::default()),
            Some(_) => Field::File,
        };
        fields.put(name, value);
    }
    Ok(())
}

/// The bytes after the first delimiter; `None` when there is no part.
fn start<'a>(body: &'a [u8], delimiter: &[u8]) -> Result<Option<&'a [u8]>, BodyError> {
    let line = delimiter.strip_prefix(b"\r\n").unwrap_or(delimiter);
    let body = match body {
        // python-multipart skips everything up to the first hyphen, not only newlines.
        [b'\r' | b'\n', ..] => {
            body.iter().position(|&byte| byte == b'-').and_then(|at| body.get(at..)).unwrap_or_default()
        }
        _ => body,
    };
    match body.strip_prefix(line) {
        Some([b'\r', b'\n', part @ ..]) => Ok(Some(part)),
        Some([b'-', b'-', ..] | [b'-' | b'\r'] | []) => Ok(None),
        None if line.starts_with(body) => Ok(None),
        _ => Err(invalid()),
    }
}

type Halves<'a> = (&'a [u8], &'a [u8]);

/// The last `Content-Disposition` of a part, and the bytes after its headers; `None` when the body ends earlier.
fn headers(mut rest: &[u8]) -> Result<Option<Halves<'_>>, BodyError> {
    let mut disposition: &[u8] = b"";
    let mut count = 0usize;
    loop {
        rest = match rest {
            [b'\r', b'\n', content @ ..] => return Ok(Some((disposition, content))),
            [] | [b'\r'] => return Ok(None),
            [b'\r', ..] => return Err(invalid()),
            line => line,
        };
        count = count.saturating_add(1);
        let (name, value) = cut(rest, b':');
        let size = value.map_or(name.len(), |_| name.len().saturating_add(1));
        if count > PART_MAX_HEADERS || size > PART_HEADER_MAX_BYTES || !name.iter().copied().all(is_token) {
            return Err(invalid());
        }
        let Some(value) = value else { return Ok(None) };
        let (value, after) = cut(value, b'\r');
        if name.is_empty() || size.saturating_add(value.len()) > PART_HEADER_MAX_BYTES {
            return Err(invalid());
        }
        if name.eq_ignore_ascii_case(b"content-disposition") {
            let spaces = value.iter().take_while(|&&byte| byte == b' ').count();
            disposition = value.get(spaces..).unwrap_or_default();
        }
        rest = match after {
            Some([b'\n', after @ ..]) => after,
            Some([]) | None => return Ok(None),
            Some(_) => return Err(invalid()),
        };
    }
}

/// How a part ends.
enum End<'a> {
    /// The body ends before the part does.
    Body,
    /// Another part follows, with these bytes.
    Part(&'a [u8]),
    /// It is the last part.
    Form,
}

/// The data of a part, and how the part ends.
fn data<'a>(content: &'a [u8], delimiter: &[u8]) -> Result<(&'a [u8], End<'a>), BodyError> {
    for (at, _) in content.windows(delimiter.len()).enumerate().filter(|(_, window)| *window == delimiter) {
        let (data, tail) = content.split_at_checked(at).unwrap_or_default();
        match tail.strip_prefix(delimiter).unwrap_or_default() {
            [b'\r', b'\n', after @ ..] => return Ok((data, End::Part(after))),
            [b'-', b'-', ..] => return Ok((data, End::Form)),
            line @ [b' ' | b'\t', ..] => return Ok((data, padded(line)?)),
            _ => {}
        }
    }
    Ok((content, End::Body))
}

/// White space may follow a delimiter on its line (RFC 2046 5.1.1).
fn padded(line: &[u8]) -> Result<End<'_>, BodyError> {
    let spaces = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match line.get(spaces..).unwrap_or_default() {
        [b'\r', b'\n', part @ ..] => Ok(End::Part(part)),
        [] | [b'\r'] => Ok(End::Body),
        _ => Err(invalid()),
    }
}

fn cut(bytes: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    let mut halves = bytes.splitn(2, |&byte| byte == at);
    (halves.next().unwrap_or_default(), halves.next())
}

/// A `tchar` of RFC 9110 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether no file was chosen: browsers then send `filename=""`. FastAPI keeps what follows the last backslash of a
/// Windows path, so `"C:\"` is empty too.
fn is_no_name(filename: &[u8]) -> bool {
    matches!(filename, [] | [_, b':', b'\\', ..] | [b'\\', b'\\', ..])
        && filename.last().is_none_or(|&byte| byte == b'\\')
}

/// Decodes UTF-8 unless another `charset` is named, and Latin-1 where that fails.
fn decode(data: &[u8], utf8: bool) -> Zeroizing<String> {
    // A Latin-1 character needs at most two bytes, so the text is never reallocated and no copy of a password remains.
    let mut text = Zeroizing::new(String::with_capacity(data.len().saturating_mul(2)));
    match std::str::from_utf8(data) {
        Ok(utf8_text) if utf8 => text.push_str(utf8_text),
        _ => text.extend(data.iter().copied().map(char::from)),
    }
    text
}

/// Whether Python's codec registry resolves the name to UTF-8. It treats each run of other characters as one `_`.
fn is_utf8(charset: &[u8]) -> bool {
    let words = charset.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.').filter(|word| !word.is_empty());
    let mut name = Vec::new();
    for word in words {
        if !name.is_empty() {
            name.push(b'_');
        }
        name.extend(word.iter().map(u8::to_ascii_lowercase));
    }
    [b"utf_8".as_slice(), b"utf8", b"utf", b"u8", b"cp65001", b"utf8_ucs2", b"utf8_ucs4"].contains(&name.as_slice())
}

fn invalid() -> BodyError {
    BodyError::bad_request("Invalid multipart data.")
}
