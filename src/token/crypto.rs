//! HMAC with SHA-2 (RFC 7518 3.2).

use hmac::{Hmac, KeyInit as _, Mac as _, digest::InvalidLength};
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;

use super::Algorithm;

/// The key, already mixed into the hash's state, so that each token starts from a copy.
pub(super) enum MacKey {
    Sha256(Box<Hmac<Sha256>>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
}

impl MacKey {
    /// HMAC takes keys of every length (RFC 2104 3), so there is no error in practice; `None` for another algorithm.
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        let key: Result<Self, InvalidLength> = match algorithm {
            Algorithm::HS256 => Hmac::new_from_slice(secret).map(|mac| Self::Sha256(Box::new(mac))),
            Algorithm::HS384 => Hmac::new_from_slice(secret).map(|mac| Self::Sha384(Box::new(mac))),
            Algorithm::HS512 => Hmac::new_from_slice(secret).map(|mac| Self::Sha512(Box::new(mac))),
            _ => return None,
        };
        key.ok()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256(mac) => mac.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec(),
            Self::Sha384(mac) => mac.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec(),
            Self::Sha512(mac) => mac.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec(),
        }
    }

    /// In constant time.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sign(message).ct_eq(signature).into()
    }
}

#[cfg(test)]
mod tests;
