//! base64, without what the convenience of its crate brings along: text for errors that cannot be.

use base64::{
    Engine as _,
    engine::{GeneralPurpose, general_purpose::URL_SAFE_NO_PAD},
};

/// In base64url, without padding (RFC 7515 2).
pub(crate) fn url(bytes: &[u8]) -> String {
    encode(&URL_SAFE_NO_PAD, bytes)
}

/// The bytes of a base64url text. Padding and bits that no encoder sets are refused, so each has one spelling.
pub(crate) fn from_url(text: &str) -> Option<Vec<u8>> {
    decode(&URL_SAFE_NO_PAD, text.as_bytes())
}

pub(crate) fn encode(engine: &GeneralPurpose, bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len().div_ceil(3).saturating_mul(4)];
    let length = engine.encode_slice(bytes, &mut text).unwrap_or(0);
    text.truncate(length);
    String::from_utf8(text).unwrap_or_default()
}

pub(crate) fn decode(engine: &GeneralPurpose, text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len().div_ceil(4).saturating_mul(3)];
    let length = engine.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}
