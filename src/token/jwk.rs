//! Keys read from JWKs (RFC 7517), and found strong enough (RFC 7518, RFC 8725 3.5).

use std::fmt;

use zeroize::Zeroizing;

use super::{
    Algorithm,
    jws::decode,
    key::{Key, Material},
};
use crate::{
    json::{Dialect, Json, parse},
    limits::{KEYS_MAX, RSA_BITS, RSA_EXPONENT_MAX_BYTES},
};

/// Why a key cannot be used. Nothing of the key is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError {
    reason: &'static str,
    /// Which key of a set, counted from 1.
    position: Option<usize>,
}

/// Whose keys are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The settings: each key names its algorithm, and a secret is welcome.
    Settings,
    /// An identity provider: `alg` is optional there (RFC 7517 4.4), and a secret that is published is none.
    Provider,
}

impl Key {
    /// Reads a JWK that names its algorithm in `alg`.
    ///
    /// `oct` (HS256, HS384, HS512) and `OKP` with `d` (EdDSA) sign and verify; `OKP`, `RSA` (RS*, PS*) and `EC` (ES256,
    /// ES384) without private members verify. A secret whose `key_ops` lack `sign` only verifies.
    ///
    /// # Errors
    /// [`KeyError`] for what is malformed, too weak, not for signatures, or not supported.
    ///
    /// ```
    /// use edgegate::{json::{Dialect, parse}, token::Key};
    ///
    /// // RFC 8037 A.2
    /// let jwk = br#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let key = Key::from_jwk(&parse(jwk, Dialect::Strict).unwrap())?;
    /// assert_eq!(key.algorithm().name(), "EdDSA");
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    pub fn from_jwk(jwk: &Json) -> Result<Self, KeyError> {
        read(jwk, Source::Settings)
    }
}

/// The members of a JWK set (RFC 7517 5).
pub(super) fn set(text: &[u8]) -> Result<Vec<Json>, KeyError> {
    match parse(text, Dialect::Strict) {
        Ok(set) => match set.get("keys") {
            Some(Json::Array(keys)) => Ok(keys.clone()),
            _ => Err(KeyError::because("a JWK set is an object with an array `keys` (RFC 7517 5)")),
        },
        Err(_) => Err(KeyError::because("it is not JSON, or has two members of one name")),
    }
}

/// The keys of an identity provider. What cannot be used is passed over, for a provider has keys for other things too.
pub(super) fn of_provider(text: &[u8]) -> Result<Vec<Key>, KeyError> {
    Ok(set(text)?.iter().filter_map(|jwk| read(jwk, Source::Provider).ok()).take(KEYS_MAX).collect())
}

fn read(jwk: &Json, source: Source) -> Result<Key, KeyError> {
    let kid = match jwk.get("kid") {
        None => None,
        Some(Json::String(kid)) if !kid.is_empty() => Some(kid.clone()),
        Some(_) => return Err(KeyError::because("a `kid` is a text that is not empty")),
    };
    if jwk.get("use").is_some_and(|purpose| purpose.as_str() != Some("sig")) {
        return Err(KeyError::because("its `use` is not `sig`"));
    }
    let algorithm = algorithm(jwk, source)?;
    let (kty, crv) = algorithm.key_type();
    if jwk.get("kty").and_then(Json::as_str) != Some(kty) || jwk.get("crv").and_then(Json::as_str) != crv {
        return Err(KeyError::because("its `kty` and `crv` are not those of its `alg`"));
    }
    let key = match kty {
        "oct" if source == Source::Provider => return Err(KeyError::because("a secret is not for publishing")),
        "oct" => Key::secret(algorithm, &Zeroizing::new(bytes(jwk, "k")?))?,
        "OKP" => pair(algorithm, [("kty", kty), ("crv", "Ed25519")], curve(jwk, &["x"], 32)?, private(jwk)?),
        _ if jwk.get("d").is_some() => {
            return Err(KeyError::because(
                "holds a private key, and only secrets and Ed25519 keys sign: give its public half",
            ));
        }
        "RSA" => pair(algorithm, [("kty", kty); 1], modulus(jwk)?, None),
        _ if algorithm == Algorithm::ES256 => {
            pair(algorithm, [("kty", kty), ("crv", "P-256")], curve(jwk, &["x", "y"], 32)?, None)
        }
        _ => pair(algorithm, [("kty", kty), ("crv", "P-384")], curve(jwk, &["x", "y"], 48)?, None),
    };
    Ok(Key { may_sign: key.may_sign && allows_signing(jwk), ..key }.named(kid))
}

fn algorithm(jwk: &Json, source: Source) -> Result<Algorithm, KeyError> {
    match (jwk.get("alg"), source) {
        (Some(name), _) => {
            name.as_str().and_then(Algorithm::named).ok_or(KeyError::because("its `alg` is none that is supported"))
        }
        (None, Source::Settings) => Err(KeyError::because("has no `alg`: a key is for one algorithm (RFC 8725 3.1)")),
        // What providers that leave it out sign with (OpenID Connect Core 15.1 makes RS256 the common ground).
        (None, Source::Provider) => {
            let member = |name| jwk.get(name).and_then(Json::as_str);
            [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA]
                .into_iter()
                .find(|algorithm| {
                    (member("kty"), member("crv")) == (Some(algorithm.key_type().0), algorithm.key_type().1)
                })
                .ok_or(KeyError::because("its `kty` and `crv` are none that are supported"))
        }
    }
}

fn pair<const N: usize>(
    algorithm: Algorithm,
    kind: [(&'static str, &'static str); N],
    members: Vec<(&'static str, String)>,
    private: Option<Zeroizing<String>>,
) -> Key {
    let public = kind.into_iter().map(|(name, value)| (name, value.to_owned())).chain(members).collect();
    Key::new(algorithm, Material::Pair { public, private })
}

/// Coordinates have the full length of the curve (RFC 7518 6.2.1.2).
fn curve(jwk: &Json, coordinates: &[&'static str], length: usize) -> Result<Vec<(&'static str, String)>, KeyError> {
    coordinates.iter().map(|name| Ok((*name, sized(jwk, name, length)?))).collect()
}

fn private(jwk: &Json) -> Result<Option<Zeroizing<String>>, KeyError> {
    jwk.get("d").map(|_| sized(jwk, "d", 32).map(Zeroizing::new)).transpose()
}

/// At least 2048 bits (RFC 7518 3.3), and no more than can be verified in a moment.
fn modulus(jwk: &Json) -> Result<Vec<(&'static str, String)>, KeyError> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let bits = n.len().saturating_mul(8).saturating_sub(n.first().map_or(0, |byte| byte.leading_zeros()) as usize);
    if n.first() == Some(&0) || n.last().is_none_or(|byte| byte % 2 == 0) || !RSA_BITS.contains(&bits) {
        return Err(KeyError::because("an RSA key has a modulus of 2048 to 8192 bits (RFC 7518 3.3)"));
    }
    let odd = e.last().is_some_and(|byte| byte % 2 == 1);
    if !odd || e == [1] || e.first() == Some(&0) || e.len() > RSA_EXPONENT_MAX_BYTES {
        return Err(KeyError::because("an RSA key's exponent is odd, at least 3, and of at most 8 bytes"));
    }
    Ok(["n", "e"].into_iter().map(|name| (name, member(jwk, name).to_owned())).collect())
}

fn allows_signing(jwk: &Json) -> bool {
    match jwk.get("key_ops") {
        Some(Json::Array(operations)) => operations.iter().any(|operation| operation.as_str() == Some("sign")),
        _ => true,
    }
}

fn sized(jwk: &Json, name: &str, length: usize) -> Result<String, KeyError> {
    match bytes(jwk, name)?.len() == length {
        true => Ok(member(jwk, name).to_owned()),
        false => Err(KeyError::because("a coordinate or a private key is not of its curve's length")),
    }
}

fn bytes(jwk: &Json, name: &str) -> Result<Vec<u8>, KeyError> {
    match decode(member(jwk, name)) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(KeyError::because("a member is missing, or is not base64url (RFC 7518 6)")),
    }
}

fn member<'a>(jwk: &'a Json, name: &str) -> &'a str {
    jwk.get(name).and_then(Json::as_str).unwrap_or_default()
}

impl KeyError {
    pub(super) const fn because(reason: &'static str) -> Self {
        Self { reason, position: None }
    }

    pub(super) fn at(self, index: usize) -> Self {
        Self { position: Some(index.saturating_add(1)), ..self }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "key {position}: {}", self.reason),
            None => formatter.write_str(self.reason),
        }
    }
}

impl std::error::Error for KeyError {}
