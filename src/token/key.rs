//! A key: what it is made of, what it may do, and whose it is.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Algorithm, crypto::MacKey, jwk::KeyError, jws};
use crate::json::Json;

/// A key, bound to one algorithm.
pub struct Key {
    pub(super) number: u32,
    pub(super) kid: Option<String>,
    /// What the tokens begin with that it signs.
    pub(super) header: String,
    pub(super) algorithm: Algorithm,
    pub(super) material: Material,
    pub(super) may_sign: bool,
}

pub(super) enum Material {
    /// It never leaves the core.
    Secret(MacKey),
    /// The host has the cryptography for it.
    Pair {
        /// The public members of its JWK, without `alg` and `kid`.
        public: Vec<(&'static str, String)>,
        /// The private member `d`.
        private: Option<Zeroizing<String>>,
    },
}

/// Whether a signature holds: to be asked of the host's cryptography, or of [`SignatureCheck::holds`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SignatureCheck {
    /// The key's number: no other key of this process has it, so whoever keeps imported keys may go by it.
    pub key: u32,
    /// The key's algorithm.
    #[serde(skip)]
    pub algorithm: Algorithm,
    /// The public key, a JWK (RFC 7517) as JSON text.
    #[serde(skip)]
    pub jwk: String,
    /// What was signed (RFC 7515 5.1).
    #[serde(skip)]
    pub message: String,
    /// The signature; of ECDSA, both halves side by side (RFC 7518 3.4).
    #[serde(skip)]
    pub signature: Vec<u8>,
}

/// What the host's cryptography, or [`SigningJob::signature`], is to sign.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SigningJob {
    /// The key's number, as in [`SignatureCheck`].
    pub key: u32,
    /// The key's algorithm: [`Algorithm::EdDSA`].
    #[serde(skip)]
    pub algorithm: Algorithm,
    /// The private key, a JWK (RFC 8037 2) as JSON text.
    #[serde(skip)]
    pub jwk: Zeroizing<String>,
    /// What is to be signed.
    #[serde(skip)]
    pub message: String,
}

/// An answer, or what the host has to be asked for it.
pub(crate) enum Either<T, Q> {
    Known(T),
    Ask(Q),
}

impl Key {
    /// A secret of HS256, HS384 or HS512 without a `kid`, such as FastAPI's `SECRET_KEY`.
    ///
    /// # Errors
    /// [`KeyError`] when the secret is shorter than the hash (RFC 7518 3.2), or for another algorithm.
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let least = match algorithm {
            Algorithm::HS256 => 32,
            Algorithm::HS384 => 48,
            Algorithm::HS512 => 64,
            _ => return Err(KeyError::because("a secret is for HS256, HS384 or HS512")),
        };
        match (secret.len(), MacKey::new(algorithm, secret)) {
            (0, _) => Err(KeyError::because("the secret is empty")),
            (length, Some(key)) if length >= least => Ok(Self::new(algorithm, Material::Secret(key))),
            _ => Err(KeyError::because(match algorithm {
                Algorithm::HS256 => "HS256 wants a secret of at least 32 bytes (RFC 7518 3.2)",
                Algorithm::HS384 => "HS384 wants a secret of at least 48 bytes (RFC 7518 3.2)",
                _ => "HS512 wants a secret of at least 64 bytes (RFC 7518 3.2)",
            })),
        }
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

    /// The public JWK, as it may be published; none of a secret.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Json> {
        let Material::Pair { public, .. } = &self.material else { return None };
        let kid = self.kid.iter().map(|kid| ("kid", kid.as_str()));
        let members = public.iter().map(|(name, value)| (*name, value.as_str()));
        Some(members.chain(kid).chain([("alg", self.algorithm.name()), ("use", "sig")]).map(text).collect())
    }

    pub(super) fn new(algorithm: Algorithm, material: Material) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let may_sign = !matches!(&material, Material::Pair { private: None, .. });
        let header = jws::header(algorithm, None);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), kid: None, header, algorithm, material, may_sign }
    }

    pub(super) fn named(self, kid: Option<String>) -> Self {
        Self { header: jws::header(self.algorithm, kid.as_deref()), kid, ..self }
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn verify(&self, message: &str, signature: &[u8]) -> Either<bool, SignatureCheck> {
        match &self.material {
            Material::Secret(key) => Either::Known(key.verify(message.as_bytes(), signature)),
            Material::Pair { .. } => Either::Ask(SignatureCheck {
                key: self.number,
                algorithm: self.algorithm,
                jwk: self.jwk(false).to_string(),
                message: message.to_owned(),
                signature: signature.to_owned(),
            }),
        }
    }

    /// 32 bytes that only whoever has this key can tell, for another use than signing tokens: HMAC over a label, which no
    /// token begins with, and the text. `None` when the key has no private half.
    pub(crate) fn derive(&self, label: &str, text: &str) -> Option<Zeroizing<[u8; 32]>> {
        let message = Zeroizing::new([label.as_bytes(), b"\0", text.as_bytes()].concat());
        let derived = Zeroizing::new(match &self.material {
            Material::Secret(key) => key.sign(&message),
            Material::Pair { private, .. } => {
                MacKey::new(Algorithm::HS256, private.as_ref()?.as_bytes())?.sign(&message)
            }
        });
        derived.first_chunk().copied().map(Zeroizing::new)
    }

    /// `None` when the key has no private half, or may not use it.
    pub(crate) fn sign(&self, message: &str) -> Option<Either<Vec<u8>, SigningJob>> {
        match &self.material {
            _ if !self.may_sign => None,
            Material::Secret(key) => Some(Either::Known(key.sign(message.as_bytes()))),
            Material::Pair { private, .. } => private.is_some().then(|| {
                Either::Ask(SigningJob {
                    key: self.number,
                    algorithm: self.algorithm,
                    jwk: Zeroizing::new(self.jwk(true).to_string()),
                    message: message.to_owned(),
                })
            }),
        }
    }

    /// Whether the host has the cryptography for it.
    pub(crate) fn is_pair(&self) -> bool {
        matches!(self.material, Material::Pair { .. })
    }

    /// What the host imports it from: the members that make the key, and `alg`.
    pub(crate) fn jwk(&self, with_private: bool) -> Json {
        let Material::Pair { public, private } = &self.material else { return Json::Object(Vec::new()) };
        let private = private.iter().filter(|_| with_private).map(|d| ("d", d.as_str()));
        public
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(private)
            .chain([("alg", self.algorithm.name())])
            .map(text)
            .collect()
    }
}

fn text<'a>((name, value): (&'a str, &str)) -> (&'a str, Json) {
    (name, value.into())
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
