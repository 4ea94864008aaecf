//! HMAC with SHA-256, as `jsonwebtoken` wants its cryptography provided.
//!
//! It is handed to nobody as the process-wide default: a program that embeds this crate keeps its own.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{JwtSigner, JwtVerifier},
};
use sha2::Sha256;
use signature::{Error, Signer, Verifier};

/// The key, already mixed into the hash's state, so that each token starts from a copy.
pub(super) struct Hs256(Hmac<Sha256>);

impl Hs256 {
    pub(super) fn for_signing(key: &EncodingKey) -> Self {
        Self::new(key.as_bytes())
    }

    pub(super) fn for_verifying(key: &DecodingKey) -> Self {
        Self::new(key.try_get_as_bytes().unwrap_or_default())
    }

    fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of every length (RFC 2104 3), so the error cannot happen; an empty key is what it would leave.
        Self(Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    fn over(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.over(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.over(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
