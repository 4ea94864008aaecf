//! The parts of stored texts.

use base64ct::{Base64Unpadded, Encoding as _};
use subtle::ConstantTimeEq as _;

use crate::Error;

/// At most `N` bytes that were decoded from a text.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Bytes<N> {
    fn decoded(decode: impl FnOnce(&mut [u8]) -> Option<usize>) -> Result<Self, Error> {
        let mut bytes = [0; N];
        let length = decode(&mut bytes).ok_or(Error::Malformed)?;
        Ok(Self { bytes, length })
    }

    /// Base64 with padding, in its only canonical form.
    pub(crate) fn from_base64(text: &str) -> Result<Self, Error> {
        // Without a second instance of the decoder, which would be 1 KB of wasm.
        let unpadded = text.trim_end_matches('=');
        let padded_length = unpadded.len().checked_next_multiple_of(4);
        if padded_length == Some(text.len()) { Self::from_unpadded(unpadded) } else { Err(Error::Malformed) }
    }

    /// Base64 without padding, in its only canonical form.
    pub(crate) fn from_unpadded(text: &str) -> Result<Self, Error> {
        Self::decoded(|bytes| Base64Unpadded::decode(text, bytes).ok().map(<[u8]>::len))
    }

    /// Hexadecimal digits, the letters in lower case.
    pub(crate) fn from_hex(text: &str) -> Result<Self, Error> {
        Self::decoded(|bytes| {
            let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
            for (byte, [high, low]) in bytes.get_mut(..pairs.len())?.iter_mut().zip(pairs) {
                *byte = digit(*high)? << 4 | digit(*low)?;
            }
            Some(pairs.len())
        })
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn as_array(&self) -> &[u8; N] {
        &self.bytes
    }

    /// Whether the length is in the range.
    pub(crate) fn checked(self, lengths: core::ops::RangeInclusive<usize>) -> Result<Self, Error> {
        if lengths.contains(&self.length) { Ok(self) } else { Err(Error::Malformed) }
    }

    /// Compares in a time that depends only on the lengths.
    pub(crate) fn equals(&self, other: &[u8]) -> bool {
        self.as_slice().ct_eq(other).into()
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => character.checked_sub(b'0'),
        b'a'..=b'f' => character.checked_sub(b'a' - 10),
        _ => None,
    }
}

/// Whether a text has only hexadecimal digits, the letters in lower case.
pub(crate) fn is_hex(text: &str) -> bool {
    text.bytes().all(|character| digit(character).is_some())
}

/// A decimal number without a sign or leading zeros. One that does not fit counts as `u32::MAX`, which exceeds every limit.
pub(crate) fn decimal(text: &str) -> Result<u32, Error> {
    let is_canonical = !text.is_empty() && (text == "0" || !text.starts_with('0'));
    if !is_canonical || !text.bytes().all(|character| character.is_ascii_digit()) {
        return Err(Error::Malformed);
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

/// A part `name=value`.
pub(crate) fn value<'a>(part: Option<&'a str>, name: &str) -> Result<&'a str, Error> {
    part.and_then(|part| part.strip_prefix(name)?.strip_prefix('=')).ok_or(Error::Malformed)
}

/// Takes the parts of a text between separators, all of them.
pub(crate) fn parts<const N: usize>(text: &str, separator: char) -> Result<[&str; N], Error> {
    let mut parts = [""; N];
    let mut found = text.split(separator);
    for part in &mut parts {
        *part = found.next().ok_or(Error::Malformed)?;
    }
    if found.next().is_some() { Err(Error::Malformed) } else { Ok(parts) }
}
