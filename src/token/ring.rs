//! The key ring: one key signs, all verify.

use std::sync::Arc;

use super::{Key, KeyError, TokenRefusal, jwk, jws::Header};
use crate::{json::Json, limits::KEYS_MAX};

/// Keys in order. The first that may sign, signs.
///
/// A token that names a key by `kid` is verified by that key. One that names none, or one that is not here, is verified by
/// the keys without a `kid`, in order: give the secret of a backend that still runs no `kid`, and neither side's tokens are
/// lost while it is rotated.
#[derive(Debug)]
pub struct KeyRing(Vec<Arc<Key>>);

impl KeyRing {
    /// A ring of these keys.
    ///
    /// # Errors
    /// [`KeyError`] for none, for more than [`KEYS_MAX`], and for two of one `kid`.
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyError> {
        let twice = |(at, key): (usize, &Key)| {
            key.kid().is_some() && keys.iter().skip(at.saturating_add(1)).any(|other| other.kid() == key.kid())
        };
        match keys.len() {
            0 => Err(KeyError::because("there is no key")),
            1..=KEYS_MAX if keys.iter().enumerate().any(twice) => {
                Err(KeyError::because("two keys have the same `kid`"))
            }
            1..=KEYS_MAX => Ok(Self(keys.into_iter().map(Arc::new).collect())),
            _ => Err(TOO_MANY),
        }
    }

    /// A ring of the keys of a JWK set (RFC 7517 5), each as [`Key::from_jwk`] reads it.
    ///
    /// # Errors
    /// [`KeyError`] when it is no such set, or one of the keys cannot be used.
    ///
    /// ```
    /// use edgegate::token::KeyRing;
    ///
    /// let set = r#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "2026-11", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#;
    /// assert_eq!(KeyRing::from_jwk_set(set)?.public_jwk_set().to_string(), r#"{"keys":[]}"#);
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    pub fn from_jwk_set(text: &str) -> Result<Self, KeyError> {
        Self::new(
            jwk::set(text.as_bytes())?
                .iter()
                .enumerate()
                .map(|(index, jwk)| Key::from_jwk(jwk).map_err(|error| error.at(index)))
                .collect::<Result<_, _>>()?,
        )
    }

    /// The same ring with one more key, without a `kid`, after the others.
    pub(crate) fn with(mut self, key: Key) -> Result<Self, KeyError> {
        self.0.push(Arc::new(key));
        if self.0.len() > KEYS_MAX { Err(TOO_MANY) } else { Ok(self) }
    }

    /// The public keys, as a JWK set that may be published. A secret is never among them.
    #[must_use]
    pub fn public_jwk_set(&self) -> Json {
        Json::from([("keys", Json::Array(self.0.iter().filter_map(|key| key.public_jwk()).collect()))])
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> Option<&Key> {
        self.0.iter().map(Arc::as_ref).find(|key| key.may_sign)
    }

    /// All of them.
    pub(crate) fn keys(&self) -> &[Arc<Key>] {
        &self.0
    }

    /// The keys that may verify a token with this header.
    pub(crate) fn candidates(&self, header: &Header) -> Result<Vec<Arc<Key>>, TokenRefusal> {
        let kid = header.kid.as_deref().filter(|kid| self.0.iter().any(|key| key.kid() == Some(kid)));
        of_algorithm(self.0.iter().filter(|key| key.kid() == kid), header)
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
        if key.algorithm() == header.algorithm {
            found.push(Arc::clone(key));
        }
    }
    if found.is_empty() { Err(refusal) } else { Ok(found) }
}

const TOO_MANY: KeyError = KeyError::because("there are too many keys: at most 32");
