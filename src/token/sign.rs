//! Signing: at once by a secret, by the host's cryptography for a key pair.

use super::{Claims, Key, KeyRing, TokenRefusal, jws};

/// A new token, or what the host has to sign for it.
pub(crate) enum Signing<'r> {
    /// The token.
    Signed(String),
    /// Its header and payload, to which [`signed`] adds the signature by this key pair.
    Unsigned(&'r Key, String),
}

/// Signs the claims by the ring's first key that may sign.
pub(crate) fn sign<'r>(ring: &'r KeyRing, claims: &Claims) -> Result<Signing<'r>, TokenRefusal> {
    let key = ring.signing().ok_or(TokenRefusal::Key)?;
    let message = jws::join(key.encoded_header().to_owned(), claims.to_text().as_bytes());
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
