//! A key: its material, its one algorithm, and what it may do.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use jsonwebtoken::{
    Algorithm, Header,
    jwk::{AlgorithmParameters, CommonParameters, Jwk, PublicKeyUse},
};
use serde::Serialize;
use signature::Verifier as _;
use zeroize::Zeroizing;

use super::{crypto::HmacKey, error::KeyError, jws};

/// A key, bound to one algorithm.
///
/// `Debug` shows its name and its algorithm.
pub struct Key {
    number: u32,
    kid: Option<String>,
    /// What the tokens begin with that it signs.
    header: String,
    algorithm: Algorithm,
    material: Material,
    may_sign: bool,
}

/// What a key computes with.
pub(super) enum Material {
    /// A secret, which never leaves the core.
    Secret(HmacKey),
    /// A key pair, for which the host has the cryptography.
    Pair {
        /// The public members of its JWK.
        public: AlgorithmParameters,
        /// The private member `d` (RFC 8037 2).
        private: Option<Zeroizing<String>>,
    },
}

/// Whether a signature holds: to be asked of the host's cryptography, or of `SignatureCheck::holds` with the feature
/// `rust_crypto`.
///
/// `Debug` shows the number and the algorithm of the key: message and signature are a bearer token.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SignatureCheck {
    /// The key's number. No other key of this process has it, so a host may keep imported keys by it.
    pub key: u32,
    /// The key's algorithm.
    #[serde(skip)]
    pub algorithm: Algorithm,
    /// The public key (RFC 7517).
    #[serde(skip)]
    pub jwk: Box<Jwk>,
    /// What was signed (RFC 7515 5.1).
    #[serde(skip)]
    pub message: String,
    /// The signature; of ECDSA, both halves side by side (RFC 7518 3.4).
    #[serde(skip)]
    pub signature: Vec<u8>,
}

/// What the host's cryptography, or `SigningJob::signature` with the feature `rust_crypto`, is to sign.
///
/// `Debug` shows the number and the algorithm of the key.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SigningJob {
    /// The key's number, as in [`SignatureCheck`].
    pub key: u32,
    /// The key's algorithm: [`Algorithm::EdDSA`].
    #[serde(skip)]
    pub algorithm: Algorithm,
    /// The private key, a JWK (RFC 8037 2) as JSON text; [`Jwk`] has no private members.
    #[serde(skip)]
    pub jwk: Zeroizing<String>,
    /// What is to be signed.
    #[serde(skip)]
    pub message: String,
}

impl Key {
    /// A secret of HS256, HS384 or HS512 without a `kid`, such as FastAPI's `SECRET_KEY`.
    ///
    /// # Errors
    /// [`KeyError`] when the secret is shorter than the hash (RFC 7518 3.2), or for another algorithm.
    ///
    /// ```
    /// use edgegate::token::{Algorithm, Key};
    ///
    /// assert!(Key::secret(Algorithm::HS256, b"0123456789abcdef0123456789abcdef").is_ok());
    /// assert!(Key::secret(Algorithm::HS256, b"secret").is_err());
    /// ```
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let (least, too_short) = match algorithm {
            Algorithm::HS256 => (32, "HS256 wants a secret of at least 32 bytes (RFC 7518 3.2)"),
            Algorithm::HS384 => (48, "HS384 wants a secret of at least 48 bytes (RFC 7518 3.2)"),
            Algorithm::HS512 => (64, "HS512 wants a secret of at least 64 bytes (RFC 7518 3.2)"),
            _ => return Err(KeyError::because("a secret is for HS256, HS384 or HS512")),
        };
        match (secret.len(), HmacKey::new(algorithm, secret)) {
            (0, _) => Err(KeyError::because("the secret is empty")),
            (length, Some(key)) if length >= least => Ok(Self::new(algorithm, Material::Secret(key))),
            _ => Err(KeyError::because(too_short)),
        }
    }

    /// The same key with this `kid`.
    #[must_use]
    pub fn named(self, kid: impl Into<String>) -> Self {
        let kid = kid.into();
        Self { header: jws::header(self.algorithm, Some(&kid)), kid: Some(kid), ..self }
    }

    /// Its name, by which tokens refer to it (RFC 7515 4.1.4).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether it signs tokens; every key verifies them.
    #[must_use]
    pub fn may_sign(&self) -> bool {
        self.may_sign
    }

    /// The public JWK, as it may be published; `None` for a secret.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Jwk> {
        let mut jwk = self.jwk()?;
        jwk.common.key_id.clone_from(&self.kid);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(jwk)
    }

    pub(super) fn new(algorithm: Algorithm, material: Material) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let may_sign = !matches!(&material, Material::Pair { private: None, .. });
        let header = jws::header(algorithm, None);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), kid: None, header, algorithm, material, may_sign }
    }

    /// The same key, which only verifies.
    pub(super) fn verifying_only(self) -> Self {
        Self { may_sign: false, ..self }
    }

    #[cfg(feature = "wasm")]
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The encoded header of the tokens that it signs.
    pub(super) fn encoded_header(&self) -> &str {
        &self.header
    }

    /// The header of the tokens that it signs.
    pub(super) fn header(&self) -> Header {
        Header { kid: self.kid.clone(), ..Header::new(self.algorithm) }
    }

    /// The secret; `None` for a key pair, for which the host has the cryptography.
    pub(super) fn hmac(&self) -> Option<&HmacKey> {
        match &self.material {
            Material::Secret(key) => Some(key),
            Material::Pair { .. } => None,
        }
    }

    /// Whether it is a secret, and the signature is its own.
    pub(super) fn verifies(&self, message: &str, signature: &Vec<u8>) -> bool {
        self.hmac().is_some_and(|key| key.verify(message.as_bytes(), signature).is_ok())
    }

    /// The question whether the signature is this key pair's; `None` for a secret.
    pub(crate) fn signature_check(&self, message: &str, signature: &[u8]) -> Option<SignatureCheck> {
        Some(SignatureCheck {
            key: self.number,
            algorithm: self.algorithm,
            jwk: Box::new(self.jwk()?),
            message: message.to_owned(),
            signature: signature.to_owned(),
        })
    }

    /// What the host is to sign; `None` for a secret, and for a key without a private half.
    pub(crate) fn signing_job(&self, message: &str) -> Option<SigningJob> {
        Some(SigningJob {
            key: self.number,
            algorithm: self.algorithm,
            jwk: self.private_jwk()?,
            message: message.to_owned(),
        })
    }

    /// 32 bytes that depend on the private key, for another use than signing tokens: HMAC over a label, with which no token
    /// begins, and the text. `None` when the key has no private half.
    pub(crate) fn derive(&self, label: &str, text: &str) -> Option<Zeroizing<[u8; 32]>> {
        let message = Zeroizing::new([label.as_bytes(), b"\0", text.as_bytes()].concat());
        let derived = Zeroizing::new(match &self.material {
            Material::Secret(key) => key.mac(&message),
            Material::Pair { private, .. } => {
                HmacKey::new(Algorithm::HS256, private.as_ref()?.as_bytes())?.mac(&message)
            }
        });
        derived.first_chunk().copied().map(Zeroizing::new)
    }

    /// What a host imports a key pair from, to verify: the public members, and `alg`.
    pub(crate) fn jwk(&self) -> Option<Jwk> {
        let Material::Pair { public, .. } = &self.material else { return None };
        let common = CommonParameters { key_algorithm: Some(self.algorithm.into()), ..CommonParameters::default() };
        Some(Jwk { common, algorithm: public.clone() })
    }

    /// What a host imports a key pair from, to sign: [`Key::jwk`] with the private member, as JSON text.
    pub(crate) fn private_jwk(&self) -> Option<Zeroizing<String>> {
        #[derive(Serialize)]
        struct PrivateJwk<'k> {
            #[serde(flatten)]
            public: Jwk,
            d: &'k str,
        }
        let Material::Pair { private: Some(d), .. } = &self.material else { return None };
        serde_json::to_string(&PrivateJwk { public: self.jwk()?, d }).ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SigningJob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        key_and_algorithm(formatter, "SigningJob", self.key, self.algorithm)
    }
}

impl fmt::Debug for SignatureCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        key_and_algorithm(formatter, "SignatureCheck", self.key, self.algorithm)
    }
}

fn key_and_algorithm(out: &mut fmt::Formatter<'_>, name: &str, key: u32, algorithm: Algorithm) -> fmt::Result {
    out.debug_struct(name).field("key", &key).field("algorithm", &algorithm).finish_non_exhaustive()
}
