//! Signing: HMAC here, key pairs by the host.

use super::{Claims, Key, KeyRing, TokenRefusal, jws};
use crate::limits::TOKEN_MAX_BYTES;

/// A dot and the longest signature in base64url: 64 bytes, for HS512 and Ed25519.
const SIGNATURE_MAX_CHARS: usize = 87;

/// A new token, or the input for the host to sign.
pub(crate) enum Signing<'r> {
    /// The token.
    Signed(String),
    /// Header and payload, and the key pair to sign with. [`signed`] adds the signature.
    Unsigned(&'r Key, String),
}

/// Signs the claims with the ring's first key that can sign.
///
/// # Errors
/// When no key can sign, and when verification would refuse the token because of its length.
pub(crate) fn sign<'r>(ring: &'r KeyRing, claims: &Claims) -> Result<Signing<'r>, TokenRefusal> {
    let key = ring.signing().ok_or(TokenRefusal::Key)?;
    let message = jws::join(key.encoded_header().to_owned(), claims.to_text().as_bytes());
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
