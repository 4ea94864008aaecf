//! JWS compact serialization (RFC 7515 3.1): header, payload and signature, each in base64url.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{TokenRefusal, strict_json};
use crate::limits::TOKEN_MAX_BYTES;

/// The parts of a token, neither decoded nor verified.
#[derive(Clone, Copy)]
pub(super) struct Jws<'t> {
    pub(super) header: &'t str,
    /// The signing input: header and payload as received (RFC 7515 5.1).
    pub(super) message: &'t str,
    payload: &'t str,
    signature: &'t str,
}

/// A decoded part: a JSON object and its text.
pub(super) struct Object {
    pub(super) members: Map<String, Value>,
    pub(super) text: String,
}

impl<'t> Jws<'t> {
    pub(super) fn split(token: &'t str) -> Result<Self, TokenRefusal> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenRefusal::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenRefusal::Malformed)?;
        Ok(Self { header, message, payload, signature })
    }

    /// Returns `alg`, `kid` and `typ` of the header.
    ///
    /// `jwk`, `jku`, `x5c` and `x5u` are ignored: a token must not supply its own key (RFC 8725 2.9).
    pub(super) fn header(&self) -> Result<Header, TokenRefusal> {
        let Object { members, .. } = object(self.header)?;
        let algorithm = members.get("alg").and_then(Value::as_str).and_then(|name| name.parse().ok());
        let algorithm: Algorithm = algorithm.ok_or(TokenRefusal::Algorithm)?;
        // RFC 7515 4.1.11: this verifier supports no critical extension. RFC 7797 3: and no unencoded payload.
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(TokenRefusal::Critical);
        }
        let kid = match members.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            // RFC 7515 4.1.4: a `kid` is a string.
            Some(_) => return Err(TokenRefusal::Malformed),
        };
        Ok(Header { kid, ..Header::new(algorithm) })
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, TokenRefusal> {
        decode(self.signature)
    }

    /// Returns the claims and their JSON text. They are untrusted until the signature is verified.
    pub(super) fn payload(&self) -> Result<Object, TokenRefusal> {
        object(self.payload)
    }
}

/// The encoded header of the tokens that a key signs. The bytes are the same as those of PyJWT and python-jose.
pub(super) fn header(algorithm: Algorithm, kid: Option<&str>) -> String {
    /// jsonwebtoken's `Header` would write `typ` first.
    #[derive(Serialize)]
    struct InOrder<'k> {
        alg: Algorithm,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'k str>,
        typ: &'static str,
    }
    let header = serde_json::to_vec(&InOrder { alg: algorithm, kid, typ: "JWT" });
    URL_SAFE_NO_PAD.encode(header.unwrap_or_default())
}

pub(super) fn join(mut parts: String, next: impl AsRef<[u8]>) -> String {
    parts.push('.');
    // `encode_string` encodes into a buffer of 1 KB, which it zeroes first.
    parts += &URL_SAFE_NO_PAD.encode(next);
    parts
}

/// Refuses padding and non-zero trailing bits, so each part has exactly one encoding.
fn decode(part: &str) -> Result<Vec<u8>, TokenRefusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefusal::Malformed)
}

fn object(part: &str) -> Result<Object, TokenRefusal> {
    let text = String::from_utf8(decode(part)?).map_err(|_| TokenRefusal::Malformed)?;
    let members = strict_json::object(&text).map_err(|_| TokenRefusal::Malformed)?;
    Ok(Object { members, text })
}
