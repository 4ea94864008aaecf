//! python-multipart 0.0.34's `parse_options_header`, for `Content-Type` and `Content-Disposition`.

/// A header value and its parameters.
pub(super) struct Options {
    /// The part before the first `;`, in lower case.
    pub(super) value: Vec<u8>,
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Options {
    pub(super) fn parse(header: &[u8]) -> Self {
        if !header.contains(&b';') {
            return Self { value: trim(header).to_ascii_lowercase(), parameters: Vec::new() };
        }
        let mut segments = segments(header).into_iter();
        let value = segments.next().map(|(name, value)| joined(name, value)).unwrap_or_default();
        let parameters = segments.map(|(name, value)| (name, unquote(value.unwrap_or_default())));
        Self { value: value.to_ascii_lowercase(), parameters: parameters.collect() }
    }

    /// The last parameter of that name.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.parameters.iter().rfind(|(known, _)| known == name.as_bytes())?;
        Some(value)
    }
}

/// The bytes of a header value. A character outside Latin-1 becomes `?`.
pub(super) fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect()
}

/// Splits at each `;` outside quotes, and each segment at its first `=`: Python's `email.message._parseparam`.
fn segments(header: &[u8]) -> Vec<(Vec<u8>, Option<&[u8]>)> {
    let (mut quoted, mut previous) = (false, 0);
    let outside = |&byte: &u8| {
        quoted ^= byte == b'"' && previous != b'\\';
        previous = byte;
        byte == b';' && !quoted
    };
    header.split(outside).map(segment).collect()
}

/// A name and its value. The name is lower-cased only if a `=` follows.
fn segment(segment: &[u8]) -> (Vec<u8>, Option<&[u8]>) {
    match segment.iter().position(|&byte| byte == b'=').and_then(|at| segment.split_at_checked(at)) {
        None => (trim(segment).to_vec(), None),
        Some((name, value)) => (trim(name).to_ascii_lowercase(), Some(trim(value.get(1..).unwrap_or_default()))),
    }
}

fn joined(mut name: Vec<u8>, value: Option<&[u8]>) -> Vec<u8> {
    if let Some(value) = value {
        name.push(b'=');
        name.extend_from_slice(value);
    }
    name
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let [b'"', inner @ .., b'"'] = value else { return value.to_vec() };
    // python-multipart replaces in two passes: `\\"` becomes `"`, not `\"`.
    replace(&replace(inner, b'\\'), b'"')
}

/// Removes the backslash before each `char`, as `value.replace("\\" + char, char)` does.
fn replace(value: &[u8], char: u8) -> Vec<u8> {
    let (mut rest, mut out) = (value, Vec::with_capacity(value.len()));
    while let [first, after @ ..] = rest {
        rest = match after {
            [next, after @ ..] if *first == b'\\' && *next == char => {
                out.push(char);
                after
            }
            _ => {
                out.push(*first);
                after
            }
        };
    }
    out
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
