//! Keys: key material, algorithm and permitted use.

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

use super::{crypto::HmacKey, error::KeyError, jws, published};

/// A key for one algorithm.
///
/// `Debug` shows its `kid` and its algorithm.
///
/// ```
/// use edgegate::token::{Algorithm, Key};
///
/// let key = Key::secret(Algorithm::HS256, &[7; 32])?;
/// assert_eq!((key.algorithm(), key.may_sign()), (Algorithm::HS256, true));
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
pub struct Key {
    number: u32,
    kid: Option<String>,
    /// The encoded header of the tokens that the key signs.
    header: String,
    algorithm: Algorithm,
    material: Material,
    may_sign: bool,
}

/// The key material.
pub(super) enum Material {
    /// A secret. It is never passed to the host.
    Secret(HmacKey),
    /// A key pair. The host computes its signatures.
    Pair {
        /// The public members of the JWK.
        public: AlgorithmParameters,
        /// The private member `d` (RFC 8037 2).
        private: Option<Zeroizing<String>>,
    },
}

/// A signature to check, for the host's cryptography or for `SignatureCheck::holds` (feature `rust_crypto`).
///
/// `Debug` shows the number and the algorithm of the key only: message and signature are a bearer token.
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{Answer, Question, Step, host::tokens, token::{Key, KeyRing, Rules, TokenRefusal}};
///
/// // RFC 8037 A.2
/// let key: Key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.parse()?;
/// let ring = Arc::new(KeyRing::new(vec![key])?);
/// let token = "eyJhbGciOiJFZERTQSJ9.eyJleHAiOjE4MDAwMDAwMDB9.AAAA";
/// let Step::Ask(Question::CheckSignature(check), pending) =
///     tokens::verify(token.into(), ring, Rules::default(), 1_700_000_000) else { panic!() };
/// assert_eq!(check.message, "eyJhbGciOiJFZERTQSJ9.eyJleHAiOjE4MDAwMDAwMDB9");
/// assert_eq!(pending.answer(Answer::Holds(false), 0).done(), Some(Err(TokenRefusal::Signature)));
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SignatureCheck {
    /// The number of the key, unique in the process. A host can cache imported keys by it.
    pub key: u32,
    /// The key's algorithm.
    #[serde(skip)]
    pub algorithm: Algorithm,
    /// The public key, as a JWK (RFC 7517).
    #[serde(skip)]
    pub jwk: Box<Jwk>,
    /// The signing input (RFC 7515 5.1).
    #[serde(skip)]
    pub message: String,
    /// The signature. For ECDSA it is r and s concatenated (RFC 7518 3.4).
    #[serde(skip)]
    pub signature: Vec<u8>,
}

/// A message to sign, for the host's cryptography or for `SigningJob::signature` (feature `rust_crypto`).
///
/// `Debug` shows the number and the algorithm of the key.
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{Question, Step, host::tokens, token::{Algorithm, Claims, Key, KeyRing, Rules}};
///
/// // RFC 8037 A.1
/// let key: Key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA",
///     "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.parse()?;
/// let claims = Claims::new(7, 1_700_000_000, &Rules::default());
/// let step = tokens::issue(claims, Arc::new(KeyRing::new(vec![key])?));
/// let Step::Ask(Question::Sign(job), _) = step else { panic!() };
/// assert_eq!(job.algorithm, Algorithm::EdDSA);
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SigningJob {
    /// The number of the key, as in [`SignatureCheck`].
    pub key: u32,
    /// The key's algorithm: [`Algorithm::EdDSA`].
    #[serde(skip)]
    pub algorithm: Algorithm,
    /// The private key, a JWK as JSON text (RFC 8037 2); [`Jwk`] has no private members.
    #[serde(skip)]
    pub jwk: Zeroizing<String>,
    /// The message to sign.
    #[serde(skip)]
    pub message: String,
}

impl Key {
    /// Creates an HS256, HS384 or HS512 key without a `kid`, such as FastAPI's `SECRET_KEY`.
    ///
    /// # Errors
    /// [`KeyError`] when the secret is shorter than the hash (RFC 7518 3.2), when it is the example of a documentation, or when
    /// the algorithm is not HMAC.
    ///
    /// ```
    /// use edgegate::token::{Algorithm, Key};
    ///
    /// assert!(Key::secret(Algorithm::HS256, &[7; 32]).is_ok());
    /// assert!(Key::secret(Algorithm::HS256, b"secret").is_err());
    /// ```
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let (least, too_short) = match algorithm {
            Algorithm::HS256 => (32, "HS256 wants a secret of at least 32 bytes (RFC 7518 3.2)"),
            Algorithm::HS384 => (48, "HS384 wants a secret of at least 48 bytes (RFC 7518 3.2)"),
            Algorithm::HS512 => (64, "HS512 wants a secret of at least 64 bytes (RFC 7518 3.2)"),
            _ => return Err(KeyError::because("a secret is for HS256, HS384 or HS512")),
        };
        if let Some(reason) = published::reason(secret) {
            return Err(KeyError::because(reason));
        }
        match (secret.len(), HmacKey::new(algorithm, secret)) {
            (0, _) => Err(KeyError::because("the secret is empty")),
            (length, Some(key)) if length >= least => Ok(Self::new(algorithm, Material::Secret(key))),
            _ => Err(KeyError::because(too_short)),
        }
    }

    /// Returns the same key with this `kid`.
    ///
    /// ```
    /// # use edgegate::token::{Algorithm, Key};
    /// let key = Key::secret(Algorithm::HS256, &[7; 32])?.named("2026-11");
    /// assert_eq!(key.kid(), Some("2026-11"));
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn named(self, kid: impl Into<String>) -> Self {
        let kid = kid.into();
        Self { header: jws::header(self.algorithm, Some(&kid)), kid: Some(kid), ..self }
    }

    /// Returns the `kid`, by which tokens name the key (RFC 7515 4.1.4).
    ///
    /// ```
    /// # use edgegate::token::{Algorithm, Key};
    /// assert_eq!(Key::secret(Algorithm::HS256, &[7; 32])?.kid(), None);
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the algorithm of the key.
    ///
    /// ```
    /// # use edgegate::token::{Algorithm, Key};
    /// let key = Key::secret(Algorithm::HS384, &[7; 48])?;
    /// assert_eq!(key.algorithm(), Algorithm::HS384);
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns whether the key signs tokens. Every key verifies.
    ///
    /// ```
    /// # use edgegate::token::Key;
    /// // RFC 8037 A.2
    /// let key: Key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.parse()?;
    /// assert!(!key.may_sign());
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn may_sign(&self) -> bool {
        self.may_sign
    }

    /// Returns the public JWK for publication; `None` for a secret.
    ///
    /// ```
    /// # use edgegate::token::{Algorithm, Key};
    /// assert!(Key::secret(Algorithm::HS256, &[7; 32])?.public_jwk().is_none());
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
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

    /// The same key without permission to sign.
    pub(super) fn verifying_only(self) -> Self {
        Self { may_sign: false, ..self }
    }

    #[cfg(feature = "wasm-token")]
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The encoded header of the tokens that the key signs.
    pub(super) fn encoded_header(&self) -> &str {
        &self.header
    }

    /// The header of the tokens that the key signs.
    pub(super) fn header(&self) -> Header {
        Header { kid: self.kid.clone(), ..Header::new(self.algorithm) }
    }

    /// The secret; `None` for a key pair.
    pub(super) fn hmac(&self) -> Option<&HmacKey> {
        match &self.material {
            Material::Secret(key) => Some(key),
            Material::Pair { .. } => None,
        }
    }

    /// Whether the key is a secret and the signature is valid.
    pub(super) fn verifies(&self, message: &str, signature: &Vec<u8>) -> bool {
        self.hmac().is_some_and(|key| key.verify(message.as_bytes(), signature).is_ok())
    }

    /// The question to the host whether the signature is valid; `None` for a secret.
    pub(crate) fn signature_check(&self, message: &str, signature: &[u8]) -> Option<SignatureCheck> {
        Some(SignatureCheck {
            key: self.number,
            algorithm: self.algorithm,
            jwk: Box::new(self.jwk()?),
            message: message.to_owned(),
            signature: signature.to_owned(),
        })
    }

    /// The message for the host to sign; `None` for a secret and for a key without a private part.
    pub(crate) fn signing_job(&self, message: &str) -> Option<SigningJob> {
        Some(SigningJob {
            key: self.number,
            algorithm: self.algorithm,
            jwk: self.private_jwk()?,
            message: message.to_owned(),
        })
    }

    /// Derives 32 bytes from the private key for a use other than signing tokens: HMAC over a label and the text. No
    /// token starts with the label. `None` when the key has no private part.
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

    /// The JWK that a host imports to verify: the public members and `alg`.
    pub(crate) fn jwk(&self) -> Option<Jwk> {
        let Material::Pair { public, .. } = &self.material else { return None };
        let common = CommonParameters { key_algorithm: Some(self.algorithm.into()), ..CommonParameters::default() };
        Some(Jwk { common, algorithm: public.clone() })
    }

    /// The JWK that a host imports to sign: [`Key::jwk`] with the private member, as JSON text.
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
