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

/// Keys in order. The first that may sign, signs.
///
/// A token that names a key by `kid` is verified by that key. A token without a `kid`, or with one that no key has, is
/// verified by the keys without a `kid`, in order. So the secret of a backend whose tokens have no `kid` can be replaced
/// without losing a token: keep it, without a `kid`, beside its successor.
#[derive(Debug)]
pub struct KeyRing(Vec<Arc<Key>>);

impl KeyRing {
    /// A ring of these keys.
    ///
    /// # Errors
    /// [`KeyError`] for no key, for more than 32, and for two of one `kid`.
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

    /// A ring of the keys of a JWK set (RFC 7517 5), each as [`Key::from_jwk`] reads it. A set in text, with private keys, is
    /// read by [`str::parse`].
    ///
    /// # Errors
    /// [`KeyError`] when one of the keys cannot be used; [`KeyRing::from_provider`] passes over those.
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

    /// A ring of those keys of an identity provider's JWK set that verify signatures here, at most 32.
    ///
    /// It passes over the others: for encryption, of an unknown `kty` or `alg`, too weak, private. A key may have no `alg`;
    /// it is then for RS256, ES256, ES384 or EdDSA, according to its `kty` and `crv`.
    ///
    /// # Errors
    /// [`KeyError`] when the text is no JWK set, or no key is left.
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

    /// The same ring with one more key after the others.
    pub(crate) fn with(mut self, key: Key) -> Result<Self, KeyError> {
        self.0.push(Arc::new(key));
        if self.0.len() > KEYS_MAX { Err(TOO_MANY) } else { Ok(self) }
    }

    /// The public keys, as a JWK set that may be published. A secret is never among them.
    #[must_use]
    pub fn public_jwk_set(&self) -> JwkSet {
        JwkSet { keys: self.0.iter().filter_map(|key| key.public_jwk()).collect() }
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> Option<&Key> {
        self.0.iter().map(Arc::as_ref).find(|key| key.may_sign())
    }

    /// All of them.
    #[cfg(feature = "wasm")]
    pub(crate) fn keys(&self) -> &[Arc<Key>] {
        &self.0
    }

    /// The header of a token. Most tokens have the header of those that the ring signs, and need no parsing.
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

/// Reads a JWK set (RFC 7517 5) from its JSON text, each key as [`Key`] is read from text.
///
/// ```
/// use edgegate::token::KeyRing;
///
/// let ring: KeyRing = r#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "2026-11", "k":
///     "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#.parse()?;
/// assert!(ring.public_jwk_set().keys.is_empty());
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
impl FromStr for KeyRing {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::each(jwk::set(text)?, |jwk| jwk::read(jwk, Source::Settings))
    }
}

/// Those of the keys that are for the header's algorithm.
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
