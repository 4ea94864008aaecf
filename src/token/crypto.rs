//! HMAC with SHA-2 (RFC 7518 3.2), as an implementation of jsonwebtoken's traits.

use hmac::{Hmac, KeyInit as _, Mac as _, digest::InvalidLength};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
};
use sha2::{Sha256, Sha384, Sha512};
use signature::{Error, Signer, Verifier};

/// The crate's provider for jsonwebtoken: HMAC, and with the feature `rust_crypto` also key pairs.
///
/// The crate uses it directly and does not install it as the process default. A program that also calls
/// `jsonwebtoken::encode` and `decode` can install it with [`CryptoProvider::install_default`].
///
/// # Errors
/// Its functions return [`ErrorKind::InvalidKeyFormat`] for a key of another family, and
/// [`ErrorKind::UnsupportedAlgorithm`] for key pairs without the feature.
///
/// ```
/// use edgegate::token::{Algorithm, EncodingKey, CRYPTO_PROVIDER};
///
/// let key = EncodingKey::from_secret(&[7; 32]);
/// let signer = (CRYPTO_PROVIDER.signer_factory)(&Algorithm::HS256, &key)?;
/// assert_eq!(signer.try_sign(b"header.payload")?.len(), 32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub static CRYPTO_PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: pairs::KEY_UTILS };

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm.family() {
        AlgorithmFamily::Hmac => Ok(Box::new(HmacKey::try_from((*algorithm, key))?)),
        _ => pairs::signer(algorithm, key),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm.family() {
        AlgorithmFamily::Hmac => Ok(Box::new(HmacKey::try_from((*algorithm, key))?)),
        _ => pairs::verifier(algorithm, key),
    }
}

/// A secret whose key block is already hashed: each token starts from a copy of that state.
pub(super) enum HmacKey {
    Sha256(Box<Hmac<Sha256>>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
}

impl HmacKey {
    /// HMAC takes keys of any length (RFC 2104 3); `None` for an algorithm that is not HMAC.
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        let key: std::result::Result<Self, InvalidLength> = match algorithm {
            Algorithm::HS256 => Hmac::new_from_slice(secret).map(|mac| Self::Sha256(Box::new(mac))),
            Algorithm::HS384 => Hmac::new_from_slice(secret).map(|mac| Self::Sha384(Box::new(mac))),
            Algorithm::HS512 => Hmac::new_from_slice(secret).map(|mac| Self::Sha512(Box::new(mac))),
            _ => return None,
        };
        key.ok()
    }

    pub(super) fn mac(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256(mac) => mac.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec(),
            Self::Sha384(mac) => mac.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec(),
            Self::Sha512(mac) => mac.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec(),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::HS256,
            Self::Sha384(_) => Algorithm::HS384,
            Self::Sha512(_) => Algorithm::HS512,
        }
    }
}

impl TryFrom<(Algorithm, &EncodingKey)> for HmacKey {
    type Error = jsonwebtoken::errors::Error;

    fn try_from((algorithm, key): (Algorithm, &EncodingKey)) -> Result<Self> {
        let secret = Some(key).filter(|key| key.family() == AlgorithmFamily::Hmac).map(EncodingKey::as_bytes);
        secret.and_then(|secret| Self::new(algorithm, secret)).ok_or_else(|| ErrorKind::InvalidKeyFormat.into())
    }
}

impl TryFrom<(Algorithm, &DecodingKey)> for HmacKey {
    type Error = jsonwebtoken::errors::Error;

    fn try_from((algorithm, key): (Algorithm, &DecodingKey)) -> Result<Self> {
        let key = Some(key).filter(|key| key.family() == AlgorithmFamily::Hmac).ok_or(ErrorKind::InvalidKeyFormat)?;
        Self::new(algorithm, key.try_get_as_bytes()?).ok_or_else(|| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for HmacKey {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.mac(message))
    }
}

impl Verifier<Vec<u8>> for HmacKey {
    /// Compares the whole signature in constant time.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        match self {
            Self::Sha256(mac) => mac.as_ref().clone().chain_update(message).verify_slice(signature),
            Self::Sha384(mac) => mac.as_ref().clone().chain_update(message).verify_slice(signature),
            Self::Sha512(mac) => mac.as_ref().clone().chain_update(message).verify_slice(signature),
        }
        .map_err(|_| Error::new())
    }
}

impl JwtSigner for HmacKey {
    fn algorithm(&self) -> Algorithm {
        HmacKey::algorithm(self)
    }
}

impl JwtVerifier for HmacKey {
    fn algorithm(&self) -> Algorithm {
        HmacKey::algorithm(self)
    }
}

/// Key pairs, computed by jsonwebtoken's RustCrypto provider.
#[cfg(feature = "rust_crypto")]
mod pairs {
    use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;

    use super::{Algorithm, DecodingKey, EncodingKey, ErrorKind, JwtSigner, JwtVerifier, KeyUtils, Result};

    pub(super) const KEY_UTILS: KeyUtils = KeyUtils {
        rsa_pub_components_from_private_key: DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_private_key,
        rsa_pub_components_from_public_key: DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key,
        ec_pub_components_from_private_key: DEFAULT_PROVIDER.key_utils.ec_pub_components_from_private_key,
        ed_pub_components_from_private_key: DEFAULT_PROVIDER.key_utils.ed_pub_components_from_private_key,
        compute_digest: DEFAULT_PROVIDER.key_utils.compute_digest,
    };

    pub(super) fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
        (DEFAULT_PROVIDER.signer_factory)(algorithm, key)
    }

    pub(super) fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
        // jsonwebtoken 11.1 truncates an Ed25519 key to 32 bytes and panics when there are fewer.
        if *algorithm == Algorithm::EdDSA && key.try_get_as_bytes()?.len() != 32 {
            return Err(ErrorKind::InvalidEddsaKey.into());
        }
        (DEFAULT_PROVIDER.verifier_factory)(algorithm, key)
    }
}

/// Without the feature `rust_crypto` only the host can compute signatures of key pairs.
#[cfg(not(feature = "rust_crypto"))]
mod pairs {
    use super::{Algorithm, DecodingKey, EncodingKey, ErrorKind, JwtSigner, JwtVerifier, KeyUtils, Result};

    pub(super) fn signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
        Err(ErrorKind::UnsupportedAlgorithm.into())
    }

    pub(super) fn verifier(_: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
        Err(ErrorKind::UnsupportedAlgorithm.into())
    }

    pub(super) const KEY_UTILS: KeyUtils = KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
}

#[cfg(test)]
mod tests;
