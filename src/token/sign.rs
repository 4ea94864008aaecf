//! Signing: at once by a secret, by the host's cryptography for a key pair.

use super::{Claims, Key, KeyRing, TokenRefusal, jws};
use crate::limits::TOKEN_MAX_BYTES;

/// A dot and the longest signature in base64url: 64 bytes, of HS512 and Ed25519.
const SIGNATURE_MAX_CHARS: usize = 87;

/// A new token, or what the host has to sign for it.
pub(crate) enum Signing<'r> {
    /// The token.
    Signed(String),
    /// Its header and payload, to which [`signed`] adds the signature by this key pair.
    Unsigned(&'r Key, String),
}

/// Signs the claims by the ring's first key that may sign.
///
/// # Errors
/// Without such a key, and for claims so long that verification would refuse the token.
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

/// The token of header and payload and their signature (RFC 7515 3.1).
pub(crate) fn signed(message: String, signature: &[u8]) -> String {
    jws::join(message, signature)
}
