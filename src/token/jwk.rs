//! Keys from JWKs (RFC 7517) and from jsonwebtoken's keys, refused unless they are strong enough (RFC 7518, RFC 8725 3.5).

use std::{str::FromStr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk, KeyAlgorithm,
        KeyOperations, OctetKeyPairParameters, OctetKeyParameters, OtherKeyParameters, PublicKeyUse, RSAKeyParameters,
    },
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    crypto::CRYPTO_PROVIDER,
    error::KeyError,
    key::{Key, Material},
    strict_json,
};
use crate::limits::{KEYS_MAX, RSA_BITS, RSA_EXPONENT_MAX_BYTES};

/// The origin of a JWK.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The operator: each key names its algorithm, and may be a secret.
    Settings,
    /// An identity provider: `alg` is optional (RFC 7517 4.4). A secret is refused because it is published.
    Provider,
}

impl Key {
    /// The key of a JWK that names its algorithm in `alg`.
    ///
    /// `oct` (HS256, HS384, HS512) signs and verifies, or only verifies when its `key_ops` lack `sign`; `OKP` (EdDSA), `RSA`
    /// (RS*, PS*) and `EC` (ES256, ES384) verify. [`Jwk`] has no private members: an Ed25519 key that signs is read from
    /// text, by [`str::parse`].
    ///
    /// # Errors
    /// [`KeyError`] for what is malformed, too weak, not for signatures, or not supported.
    ///
    /// ```
    /// use edgegate::token::{Algorithm, Key};
    ///
    /// // RFC 8037 A.2
    /// let jwk = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let key = Key::from_jwk(&serde_json::from_str(jwk)?)?;
    /// assert_eq!((key.algorithm(), key.may_sign()), (Algorithm::EdDSA, false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        key(&jwk.common, jwk.algorithm.clone(), None, Source::Settings)
    }

    /// A key that signs and verifies: a secret, or with the feature `rust_crypto` an Ed25519 key in PKCS #8 (RFC 8410 7).
    ///
    /// # Errors
    /// [`KeyError`] when the key does not fit the algorithm, is too weak or of another kind.
    ///
    /// ```
    /// use edgegate::token::{Algorithm, EncodingKey, Key};
    ///
    /// let secret = EncodingKey::from_secret(&[7; 32]);
    /// assert!(Key::signing(Algorithm::HS256, &secret)?.may_sign());
    /// assert!(Key::signing(Algorithm::HS512, &secret).is_err());
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    pub fn signing(algorithm: Algorithm, key: &EncodingKey) -> Result<Self, KeyError> {
        match (algorithm.family(), key.family()) {
            (AlgorithmFamily::Hmac, AlgorithmFamily::Hmac) => Self::secret(algorithm, key.as_bytes()),
            (AlgorithmFamily::Ed, AlgorithmFamily::Ed) => {
                let x = (CRYPTO_PROVIDER.key_utils.ed_pub_components_from_private_key)(
                    key.as_bytes(),
                    &EllipticCurve::Ed25519,
                );
                let (Ok(x), Some(seed)) = (x, ed25519_seed(key.as_bytes())) else { return Err(NOT_PKCS8) };
                pair(algorithm, ed25519(&x), Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(seed))))
            }
            (family, other) if family == other => Err(KeyError::because("only secrets and Ed25519 keys sign")),
            _ => Err(WRONG_KIND),
        }
    }

    /// A key that verifies.
    ///
    /// # Errors
    /// [`KeyError`] when the key does not fit the algorithm or is too weak. RSA keys in DER need the feature
    /// `rust_crypto`; without it, pass the components or a JWK.
    ///
    /// ```
    /// use edgegate::token::{Algorithm, DecodingKey, Key};
    ///
    /// let public = DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?;
    /// assert!(!Key::verifying(Algorithm::EdDSA, &public)?.may_sign());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verifying(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, KeyError> {
        if algorithm.family() != key.family() {
            return Err(WRONG_KIND);
        }
        match (key.kind(), key.family()) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, _) => pair(algorithm, rsa(n, e), None),
            (DecodingKeyKind::SecretOrDer(secret), AlgorithmFamily::Hmac) => {
                Self::secret(algorithm, secret).map(Self::verifying_only)
            }
            (DecodingKeyKind::SecretOrDer(x), AlgorithmFamily::Ed) => pair(algorithm, ed25519(x), None),
            (DecodingKeyKind::SecretOrDer(point), AlgorithmFamily::Ec) => pair(algorithm, ec(algorithm, point)?, None),
            (DecodingKeyKind::SecretOrDer(der), AlgorithmFamily::Rsa) => {
                let components = (CRYPTO_PROVIDER.key_utils.rsa_pub_components_from_public_key)(der);
                let (n, e) = components.map_err(|_| KeyError::because("an RSA key in DER cannot be read here"))?;
                pair(algorithm, rsa(&n, &e), None)
            }
        }
    }
}

/// Reads a JWK from its JSON text, as [`Key::from_jwk`] does, and also the private member `d` of an Ed25519 key (RFC 8037 2),
/// which then signs.
///
/// ```
/// use edgegate::token::Key;
///
/// // RFC 8037 A.1
/// let key: Key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA",
///     "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.parse()?;
/// assert!(key.may_sign());
/// # Ok::<(), edgegate::token::KeyError>(())
/// ```
impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        read(Value::Object(strict_json::object(text).map_err(|_| NOT_JSON)?), Source::Settings)
    }
}

/// The members of a JWK set (RFC 7517 5).
pub(super) fn set(text: &str) -> Result<Vec<Value>, KeyError> {
    match strict_json::object(text).map_err(|_| NOT_JSON)?.get_mut("keys").map(Value::take) {
        Some(Value::Array(keys)) => Ok(keys),
        _ => Err(KeyError::because("a JWK set is an object with an array `keys` (RFC 7517 5)")),
    }
}

/// Those keys of an identity provider's JWK set that can be used here, at most [`KEYS_MAX`].
pub(super) fn of_provider(text: &str) -> Result<Vec<Arc<Key>>, KeyError> {
    let keys = set(text)?.into_iter().filter_map(|jwk| read(jwk, Source::Provider).ok());
    Ok(keys.take(KEYS_MAX).map(Key::verifying_only).map(Arc::new).collect())
}

/// Reads a JWK from its JSON value.
///
/// The strings are moved out of the value one by one, because [`Jwk`] has no private members and would leave a copy of `k` that
/// is not wiped.
pub(super) fn read(jwk: Value, source: Source) -> Result<Key, KeyError> {
    let Value::Object(members) = jwk else { return Err(KeyError::because("a JWK is an object (RFC 7517 4)")) };
    let mut members = Members(members);
    if members.0.get("kid").is_some_and(|kid| !kid.is_string()) {
        return Err(NO_KID);
    }
    let private = members.text("d")?.map(Zeroizing::new);
    let common = members.common()?;
    key(&common, members.parameters()?, private, source)
}

/// The remaining members of a JWK (RFC 7517 4, RFC 7518 6, RFC 8037 2).
struct Members(Map<String, Value>);

impl Members {
    fn text(&mut self, name: &str) -> Result<Option<String>, KeyError> {
        match self.0.get_mut(name).map(Value::take) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(MEMBER),
        }
    }

    fn common(&mut self) -> Result<CommonParameters, KeyError> {
        let purpose = |name: String| if name == "sig" { PublicKeyUse::Signature } else { PublicKeyUse::Other(name) };
        let operation = |operation: Value| match operation.as_str() {
            Some("sign") => Ok(KeyOperations::Sign),
            Some("verify") => Ok(KeyOperations::Verify),
            Some(other) => Ok(KeyOperations::Other(other.to_owned())),
            None => Err(MEMBER),
        };
        Ok(CommonParameters {
            public_key_use: self.text("use")?.map(purpose),
            key_operations: match self.0.get_mut("key_ops").map(Value::take) {
                None => None,
                Some(Value::Array(operations)) => {
                    Some(operations.into_iter().map(operation).collect::<Result<_, _>>()?)
                }
                Some(_) => return Err(MEMBER),
            },
            key_algorithm: self.text("alg")?.map(|alg| alg.parse().unwrap_or(KeyAlgorithm::UNKNOWN_ALGORITHM)),
            key_id: self.text("kid")?,
            ..CommonParameters::default()
        })
    }

    /// The parameters of its `kty`; `Other` when one is missing, or when `kty` or `crv` is unknown.
    fn parameters(mut self) -> Result<AlgorithmParameters, KeyError> {
        let curve = match self.text("crv")?.as_deref() {
            Some("Ed25519") => Some(EllipticCurve::Ed25519),
            Some("P-256") => Some(EllipticCurve::P256),
            Some("P-384") => Some(EllipticCurve::P384),
            _ => None,
        };
        let kty = self.text("kty")?.unwrap_or_default();
        let parameters = match kty.as_str() {
            "RSA" => self
                .text("n")?
                .zip(self.text("e")?)
                .map(|(n, e)| AlgorithmParameters::RSA(RSAKeyParameters { n, e, ..RSAKeyParameters::default() })),
            "EC" => curve.zip(self.text("x")?.zip(self.text("y")?)).map(|(curve, (x, y))| {
                let key = EllipticCurveKeyParameters { curve, x, y, ..EllipticCurveKeyParameters::default() };
                AlgorithmParameters::EllipticCurve(key)
            }),
            "OKP" => curve.zip(self.text("x")?).map(|(curve, x)| {
                AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                    curve,
                    x,
                    ..OctetKeyPairParameters::default()
                })
            }),
            "oct" => self.text("k")?.map(|value| {
                AlgorithmParameters::OctetKey(OctetKeyParameters { value, ..OctetKeyParameters::default() })
            }),
            _ => None,
        };
        Ok(parameters.unwrap_or(AlgorithmParameters::Other(OtherKeyParameters::default())))
    }
}

fn key(
    common: &CommonParameters,
    parameters: AlgorithmParameters,
    private: Option<Zeroizing<String>>,
    source: Source,
) -> Result<Key, KeyError> {
    if common.key_id.as_ref().is_some_and(String::is_empty) {
        return Err(NO_KID);
    }
    if common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return Err(KeyError::because("its `use` is not `sig`"));
    }
    if source == Source::Provider && matches!(parameters, AlgorithmParameters::OctetKey(_)) {
        return Err(KeyError::because("a secret is not for publishing"));
    }
    let may = |operation| common.key_operations.as_ref().is_none_or(|operations| operations.contains(&operation));
    if source == Source::Provider && !may(KeyOperations::Verify) {
        return Err(KeyError::because("its `key_ops` lack `verify` (RFC 7517 4.3)"));
    }
    let algorithm = algorithm(common, &parameters, source)?;
    let key = match parameters {
        AlgorithmParameters::OctetKey(OctetKeyParameters { value, .. })
            if algorithm.family() == AlgorithmFamily::Hmac =>
        {
            let value = Zeroizing::new(value);
            Key::secret(algorithm, &Zeroizing::new(bytes(&value)?))?
        }
        public => pair(algorithm, public, private)?,
    };
    let key = match &common.key_id {
        Some(kid) => key.named(kid),
        None => key,
    };
    Ok(if may(KeyOperations::Sign) { key } else { key.verifying_only() })
}

/// The algorithm that the key names. For a provider's key without `alg`, the algorithm that such providers use (OpenID
/// Connect Core 15.1 makes RS256 mandatory).
fn algorithm(
    common: &CommonParameters,
    parameters: &AlgorithmParameters,
    source: Source,
) -> Result<Algorithm, KeyError> {
    match (common.key_algorithm, source, parameters) {
        (Some(name), _, _) => {
            Algorithm::try_from(name).map_err(|_| KeyError::because("its `alg` is none that is supported"))
        }
        (None, Source::Settings, _) => {
            Err(KeyError::because("has no `alg`: a key is for one algorithm (RFC 8725 3.1)"))
        }
        (None, Source::Provider, AlgorithmParameters::RSA(_)) => Ok(Algorithm::RS256),
        (None, Source::Provider, AlgorithmParameters::EllipticCurve(key)) if key.curve == EllipticCurve::P256 => {
            Ok(Algorithm::ES256)
        }
        (None, Source::Provider, AlgorithmParameters::EllipticCurve(key)) if key.curve == EllipticCurve::P384 => {
            Ok(Algorithm::ES384)
        }
        (None, Source::Provider, AlgorithmParameters::OctetKeyPair(_)) => Ok(Algorithm::EdDSA),
        (None, Source::Provider, _) => Err(KeyError::because("its `kty` and `crv` are none that are supported")),
    }
}

/// A key pair whose members are those of its algorithm, and strong enough.
fn pair(
    algorithm: Algorithm,
    public: AlgorithmParameters,
    private: Option<Zeroizing<String>>,
) -> Result<Key, KeyError> {
    match (&public, algorithm) {
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) if key.curve == EllipticCurve::Ed25519 => {
            sized(&key.x, 32)?;
            private.iter().try_for_each(|d| sized(d, 32))?;
        }
        (AlgorithmParameters::RSA(_) | AlgorithmParameters::EllipticCurve(_), _) if private.is_some() => {
            return Err(KeyError::because(
                "holds a private key, and only secrets and Ed25519 keys sign: give its public half",
            ));
        }
        (AlgorithmParameters::RSA(key), _) if algorithm.family() == AlgorithmFamily::Rsa => modulus(key)?,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) if key.curve == EllipticCurve::P256 => {
            [&key.x, &key.y].into_iter().try_for_each(|coordinate| sized(coordinate, 32))?;
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) if key.curve == EllipticCurve::P384 => {
            [&key.x, &key.y].into_iter().try_for_each(|coordinate| sized(coordinate, 48))?;
        }
        _ => {
            return Err(KeyError::because(
                "its `kty` and `crv` are not those of its `alg`, or a member of that `kty` is missing",
            ));
        }
    }
    Ok(Key::new(algorithm, Material::Pair { public, private }))
}

/// At least 2048 bits (RFC 7518 3.3), and at most what verifies in a few milliseconds.
fn modulus(key: &RSAKeyParameters) -> Result<(), KeyError> {
    let (n, e) = (bytes(&key.n)?, bytes(&key.e)?);
    let bits = n.len().saturating_mul(8).saturating_sub(n.first().map_or(0, |byte| byte.leading_zeros()) as usize);
    if n.first() == Some(&0) || n.last().is_none_or(|byte| byte % 2 == 0) || !RSA_BITS.contains(&bits) {
        return Err(KeyError::because("an RSA key has a modulus of 2048 to 8192 bits (RFC 7518 3.3)"));
    }
    let is_odd = e.last().is_some_and(|byte| byte % 2 == 1);
    if !is_odd || e == [1] || e.first() == Some(&0) || e.len() > RSA_EXPONENT_MAX_BYTES {
        return Err(KeyError::because("an RSA key's exponent is odd, at least 3, and of at most 8 bytes"));
    }
    Ok(())
}

/// Coordinates and private keys have the full length of the curve (RFC 7518 6.2.1.2, RFC 8037 2).
fn sized(member: &str, length: usize) -> Result<(), KeyError> {
    match Zeroizing::new(bytes(member)?).len() == length {
        true => Ok(()),
        false => Err(KeyError::because("a coordinate or a private key is not of its curve's length")),
    }
}

fn bytes(member: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(member).ok().filter(|bytes| !bytes.is_empty()).ok_or(MEMBER)
}

fn ed25519(x: &[u8]) -> AlgorithmParameters {
    AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
        key_type: Default::default(),
        curve: EllipticCurve::Ed25519,
        x: URL_SAFE_NO_PAD.encode(x),
    })
}

fn rsa(n: &[u8], e: &[u8]) -> AlgorithmParameters {
    AlgorithmParameters::RSA(RSAKeyParameters {
        n: URL_SAFE_NO_PAD.encode(n),
        e: URL_SAFE_NO_PAD.encode(e),
        ..RSAKeyParameters::default()
    })
}

/// An uncompressed point: 4, and both coordinates (SEC 1 2.3.3).
fn ec(algorithm: Algorithm, point: &[u8]) -> Result<AlgorithmParameters, KeyError> {
    let coordinates = point.strip_prefix(&[4]).and_then(|both| both.split_at_checked(both.len() / 2));
    let (x, y) = coordinates.ok_or(KeyError::because("an EC key is an uncompressed point (SEC 1 2.3.3)"))?;
    Ok(AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
        curve: if algorithm == Algorithm::ES384 { EllipticCurve::P384 } else { EllipticCurve::P256 },
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
        ..EllipticCurveKeyParameters::default()
    }))
}

/// The seed of an Ed25519 key in PKCS #8, with or without its public half (RFC 8410 7, RFC 5958 2).
fn ed25519_seed(pkcs8: &[u8]) -> Option<&[u8; 32]> {
    let [0x30, _, 0x02, 0x01, 0 | 1, rest @ ..] = pkcs8 else { return None };
    rest.strip_prefix(&[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20])?.first_chunk()
}

const NOT_JSON: KeyError = KeyError::because("it is not JSON, or has two members of one name");
const NO_KID: KeyError = KeyError::because("a `kid` is a text that is not empty");
const MEMBER: KeyError = KeyError::because("a member is missing, or is not base64url (RFC 7518 6)");
const WRONG_KIND: KeyError = KeyError::because("the key is not for this algorithm");
const NOT_PKCS8: KeyError =
    KeyError::because("an Ed25519 key is PKCS #8 of one private key (RFC 8410 7), and needs the feature `rust_crypto`");
