//! The key ring: one key signs, all verify.

use std::{str::FromStr, sync::Arc};

use jsonwebtoken::{Header, jwk::JwkSet};

use super::{
    Key, TokenRefusal,
    error::KeyError,
    jwk::{self, Source},
    jws::Jws,
};
use crate::limits::KEYS_MAX;

/// Keys in order. The first key that can sign signs.
///
/// A token with a `kid` is verified by the key of that name. A token without a `kid`, or with an unknown one, is
/// verified by the keys without a `kid`, in order. So the secret of a backend that issues tokens without a `kid` can be
/// replaced: keep the old secret, without a `kid`, after the new one until its tokens expire.
///
/// ```
/// use edgegate::token::{Algorithm, Key, KeyRing};
///
/// let new = Key::secret(Algorithm::HS256, &[7; 32])?.named("2026-11");
/// let old = Key::secret(Algorithm::HS256, &[8; 32])?;
/// let ring = KeyRing::new(vec![new, old])?;
/// assert_eq!(ring.signing().and_then(Key::kid), Some("2026-11"));
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
#[derive(Debug)]
pub struct KeyRing(Vec<Arc<Key>>);

impl KeyRing {
    /// Creates a ring of these keys.
    ///
    /// # Errors
    /// [`KeyError`] for no key, for more than 32 keys, and for two keys with the same `kid`.
    ///
    /// ```
    /// # use edgegate::token::KeyRing;
    /// assert!(KeyRing::new(vec![]).is_err());
    /// ```
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyError> {
        let twice = |(at, key): (usize, &Key)| {
            key.kid().is_some() && keys.iter().skip(at.saturating_add(1)).any(|other| other.kid() == key.kid())
        };
        match keys.len() {
            0 => Err(NO_KEY),
            1..=KEYS_MAX if keys.iter().enumerate().any(twice) => {
                Err(KeyError::because("two keys have the same `kid`"))
            }
            1..=KEYS_MAX => Ok(Self(keys.into_iter().map(Arc::new).collect())),
            _ => Err(TOO_MANY),
        }
    }

    /// Creates a ring of the keys of a JWK set (RFC 7517 5), each read by [`Key::from_jwk`]. For a set with private
    /// keys, parse its text with [`str::parse`].
    ///
    /// # Errors
    /// [`KeyError`] when a key cannot be used. [`KeyRing::from_provider`] skips such keys.
    ///
    /// ```
    /// use edgegate::token::{JwkSet, KeyRing};
    ///
    /// // RFC 8037 A.2
    /// let set: JwkSet = serde_json::from_str(
    ///     r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "2026-11",
    ///         "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    /// )?;
    /// assert_eq!(KeyRing::from_jwk_set(&set)?.public_jwk_set().keys.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_jwk_set(set: &JwkSet) -> Result<Self, KeyError> {
        Self::each(&set.keys, Key::from_jwk)
    }

    /// Creates a ring of the usable verification keys of an identity provider's JWK set, at most 32.
    ///
    /// It skips other keys: for encryption, of an unknown `kty` or `alg`, too weak, private. A key without `alg` gets
    /// RS256, ES256, ES384 or EdDSA, according to its `kty` and `crv`.
    ///
    /// # Errors
    /// [`KeyError`] when the text is not a JWK set, or no key is usable.
    ///
    /// ```
    /// use edgegate::token::KeyRing;
    ///
    /// let ring = KeyRing::from_provider(
    ///     r#"{"keys": [
    ///         {"kty": "AKP", "kid": "a", "alg": "ML-DSA-44"},
    ///         {"kty": "OKP", "kid": "b", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    ///     ]}"#,
    /// )?;
    /// assert_eq!(ring.public_jwk_set().keys.len(), 1);
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    pub fn from_provider(text: &str) -> Result<Self, KeyError> {
        let keys = jwk::of_provider(text)?;
        if keys.is_empty() { Err(NO_KEY) } else { Ok(Self(keys)) }
    }

    /// Returns the ring with one more key at the end.
    pub(crate) fn with(mut self, key: Key) -> Result<Self, KeyError> {
        self.0.push(Arc::new(key));
        if self.0.len() > KEYS_MAX { Err(TOO_MANY) } else { Ok(self) }
    }

    /// Returns the public keys as a JWK set for publication. Secrets are left out.
    ///
    /// ```
    /// # use edgegate::token::{Algorithm, Key, KeyRing};
    /// let secret = Key::secret(Algorithm::HS256, &[7; 32])?;
    /// assert!(KeyRing::new(vec![secret])?.public_jwk_set().keys.is_empty());
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn public_jwk_set(&self) -> JwkSet {
        JwkSet { keys: self.0.iter().filter_map(|key| key.public_jwk()).collect() }
    }

    /// Returns the key that signs, if any.
    ///
    /// ```
    /// # use edgegate::token::KeyRing;
    /// // RFC 8037 A.2: a public key
    /// let ring: KeyRing = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
    ///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#.parse()?;
    /// assert!(ring.signing().is_none());
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn signing(&self) -> Option<&Key> {
        self.0.iter().map(Arc::as_ref).find(|key| key.may_sign())
    }

    pub(crate) fn keys(&self) -> &[Arc<Key>] {
        &self.0
    }

    /// The header of a token. Fast path: most tokens have the same encoded header as ours, so it needs no parsing.
    pub(super) fn header(&self, jws: &Jws<'_>) -> Result<Header, TokenRefusal> {
        match self.signing() {
            Some(key) if key.encoded_header() == jws.header => Ok(key.header()),
            _ => jws.header(),
        }
    }

    /// The keys that may verify a token with this header.
    pub(super) fn candidates(&self, header: &Header) -> Result<Vec<Arc<Key>>, TokenRefusal> {
        let kid = header.kid.as_deref().filter(|kid| self.0.iter().any(|key| key.kid() == Some(kid)));
        of_algorithm(self.0.iter().filter(|key| key.kid() == kid), header)
    }

    fn each<T>(jwks: impl IntoIterator<Item = T>, read: impl Fn(T) -> Result<Key, KeyError>) -> Result<Self, KeyError> {
        let keys = jwks.into_iter().enumerate().map(|(index, jwk)| read(jwk).map_err(|error| error.at(index)));
        Self::new(keys.collect::<Result<_, _>>()?)
    }
}

/// Reads a JWK set (RFC 7517 5) from JSON text. Each key is read as [`Key`] is.
///
/// ```
/// use edgegate::token::KeyRing;
///
/// // RFC 8037 A.2
/// let ring: KeyRing = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "2026-11",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#.parse()?;
/// assert_eq!(ring.public_jwk_set().keys.len(), 1);
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
impl FromStr for KeyRing {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::each(jwk::set(text)?, |jwk| jwk::read(jwk, Source::Settings))
    }
}

/// The keys for the header's algorithm.
pub(super) fn of_algorithm<'k>(
    keys: impl Iterator<Item = &'k Arc<Key>>,
    header: &Header,
) -> Result<Vec<Arc<Key>>, TokenRefusal> {
    let mut refusal = TokenRefusal::UnknownKey;
    let mut found = Vec::new();
    for key in keys {
        refusal = TokenRefusal::Algorithm;
        if key.algorithm() == header.alg {
            found.push(Arc::clone(key));
        }
    }
    if found.is_empty() { Err(refusal) } else { Ok(found) }
}

const NO_KEY: KeyError = KeyError::because("there is no key");
const TOO_MANY: KeyError = KeyError::because("there are too many keys: at most 32");
