//! JWS compact form (RFC 7515 3.1): header, payload and signature, each in base64url.

use super::{Algorithm, KeyRing, TokenRefusal, key::Key};
use crate::{
    base_64,
    json::{Dialect, Json, parse},
    limits::TOKEN_MAX_BYTES,
};

/// A token of which nothing is verified yet.
pub(crate) struct Unverified<'t> {
    pub(crate) header: Header,
    /// What was signed: header and payload, as they came.
    pub(crate) message: &'t str,
    pub(crate) signature: Vec<u8>,
    payload: &'t str,
}

/// As much of a header as counts.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
}

impl<'t> Unverified<'t> {
    /// Nearly all tokens have the header of those that the ring signs, which is then known by sight.
    pub(crate) fn parse(token: &'t str, ring: &KeyRing) -> Result<Self, TokenRefusal> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenRefusal::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenRefusal::Malformed)?;
        let header = match ring.signing().filter(|key| key.header == header) {
            Some(key) => Header { algorithm: key.algorithm(), kid: key.kid().map(str::to_owned) },
            None => Header::read(&object(header)?)?,
        };
        Ok(Self { header, message, signature: decode(signature)?, payload })
    }

    /// What it claims, and the same as its text. It may be believed only when the signature has been verified.
    pub(crate) fn payload(&self) -> Result<(Json, String), TokenRefusal> {
        let text = decode(self.payload)?;
        let payload = read_object(&text)?;
        String::from_utf8(text).map(|text| (payload, text)).map_err(|_| TokenRefusal::Malformed)
    }
}

impl Header {
    fn read(header: &Json) -> Result<Self, TokenRefusal> {
        let algorithm = header.get("alg").and_then(Json::as_str).and_then(Algorithm::named);
        let algorithm = algorithm.ok_or(TokenRefusal::Algorithm)?;
        // RFC 7515 4.1.11: extensions that must be understood, and none is. RFC 7797 3: a payload that is not encoded.
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(TokenRefusal::Critical);
        }
        // `jwk`, `jku`, `x5c` and `x5u` are not looked at: a token does not bring its own key (RFC 8725 2.9).
        match header.get("kid") {
            None => Ok(Self { algorithm, kid: None }),
            Some(Json::String(kid)) => Ok(Self { algorithm, kid: Some(kid.clone()) }),
            // RFC 7515 4.1.4: a `kid` is a string.
            Some(_) => Err(TokenRefusal::Malformed),
        }
    }
}

/// The header of the tokens that this key signs. The bytes are those that PyJWT and python-jose make.
pub(super) fn header(algorithm: Algorithm, kid: Option<&str>) -> String {
    let alg = algorithm.name();
    let header = match kid {
        None => [r#"{"alg":""#, alg, r#"","typ":"JWT"}"#].concat(),
        Some(kid) => Json::from([("alg", alg.into()), ("kid", kid.into()), ("typ", "JWT".into())]).to_string(),
    };
    base_64::url(header.as_bytes())
}

/// Header and payload, ready to be signed by this key.
pub(crate) fn message(key: &Key, payload: &Json) -> String {
    joined(key.header.clone(), payload.to_string().as_bytes())
}

/// The token of a message and its signature.
pub(crate) fn signed(message: &str, signature: &[u8]) -> String {
    joined(message.to_owned(), signature)
}

fn joined(mut parts: String, next: &[u8]) -> String {
    parts.push('.');
    parts.push_str(&base_64::url(next));
    parts
}

pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenRefusal> {
    base_64::from_url(part).ok_or(TokenRefusal::Malformed)
}

fn object(part: &str) -> Result<Json, TokenRefusal> {
    read_object(&decode(part)?)
}

fn read_object(text: &[u8]) -> Result<Json, TokenRefusal> {
    match parse(text, Dialect::Strict) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(TokenRefusal::Malformed),
    }
}
