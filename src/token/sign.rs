//! Signing: HMAC here, key pairs by the host.

use super::{Key, KeyRing, TokenRefusal, jws};
use crate::limits::TOKEN_MAX_BYTES;

/// A dot and the longest signature in base64url: 64 bytes, for HS512 and Ed25519.
const SIGNATURE_MAX_CHARS: usize = 87;

/// Room for the usual token, so that it is not copied while it grows.
const TOKEN_CAPACITY: usize = 256;

/// A new token, or the input for the host to sign.
pub(crate) enum Signing<'r> {
    /// The token.
    Signed(String),
    /// Header and payload, and the key pair to sign with. [`signed`] adds the signature.
    Unsigned(&'r Key, String),
}

/// Signs the claims, a JSON object, with the ring's first key that can sign.
///
/// # Errors
/// When no key can sign, and when verification would refuse the token because of its length.
pub(crate) fn sign<'r>(ring: &'r KeyRing, claims: &str) -> Result<Signing<'r>, TokenRefusal> {
    let key = ring.signing().ok_or(TokenRefusal::Key)?;
    let mut message = String::with_capacity(TOKEN_CAPACITY);
    message.push_str(key.encoded_header());
    let message = jws::join(message, claims);
    if message.len() > TOKEN_MAX_BYTES - SIGNATURE_MAX_CHARS {
        return Err(TokenRefusal::TooLong);
    }
    Ok(match key.hmac() {
        Some(hmac) => {
            let signature = hmac.mac(message.as_bytes());
            Signing::Signed(signed(message, &signature))
        }
        None => Signing::Unsigned(key, message),
    })
}

/// Joins the signing input and its signature (RFC 7515 3.1).
pub(crate) fn signed(message: String, signature: &[u8]) -> String {
    jws::join(message, signature)
}
