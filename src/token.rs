//! Bearer tokens: JWTs (RFC 7519) in JWS compact form (RFC 7515), signed with HS256 (RFC 7518 3.2).
//!
//! The key carries its algorithm; a token's `alg` is only compared with it, never followed (RFC 8725 3.1).

mod claims;
mod hs256;
mod refusal;

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{JwtSigner, JwtVerifier},
};

pub use self::{
    claims::{Claims, UserId},
    refusal::TokenRefusal,
};
use crate::{
    json::{Dialect, Json, parse},
    limits::TOKEN_MAX_BYTES,
};

/// Signs and verifies with one algorithm.
#[derive(Clone)]
pub struct TokenKey {
    algorithm: Algorithm,
    signer: Arc<dyn JwtSigner + Send + Sync>,
    verifier: Arc<dyn JwtVerifier + Send + Sync>,
}

/// What a login answers with (RFC 6749 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// `bearer`, in FastAPI's lower case.
    pub token_type: &'static str,
}

impl TokenKey {
    /// A key for HS256. The settings see to it that the secret is long enough.
    #[must_use]
    pub fn hs256(secret: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::HS256,
            signer: Arc::new(hs256::Hs256::for_signing(&EncodingKey::from_secret(secret))),
            verifier: Arc::new(hs256::Hs256::for_verifying(&DecodingKey::from_secret(secret))),
        }
    }
}

/// Signs the claims.
///
/// The bytes are those that PyJWT and python-jose make of the same claims.
///
/// ```
/// use edgegate::token::{self, Claims, TokenKey, UserId};
///
/// let key = TokenKey::hs256(b"secret");
/// let token = token::issue(&Claims::new(UserId::new(1)?, 1_700_000_000), &key)?;
/// assert_eq!(
///     token,
///     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxLCJleHAiOjE3MDAwMDAwMDB9.\
///      IsrG-q1gpEjZavRzWXB3LtqFE40CoHA-NL8t1JzbGWQ",
/// );
/// assert_eq!(token::verify(&token, &key, 1_699_999_999)?.user_id().get(), 1);
/// # Ok::<(), edgegate::token::TokenRefusal>(())
/// ```
///
/// # Errors
/// [`TokenRefusal::Key`] when the key cannot sign.
pub fn issue(claims: &Claims, key: &TokenKey) -> Result<String, TokenRefusal> {
    let header = format!(r#"{{"alg":"{:?}","typ":"JWT"}}"#, key.algorithm);
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_json().to_string()));
    let signature = key.signer.try_sign(message.as_bytes()).map_err(|_| TokenRefusal::Key)?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The claims of a token that holds at `now` (seconds since 1970): signed with this key, and not expired.
///
/// # Errors
/// The first reason found, of [`TokenRefusal`].
pub fn verify(token: &str, key: &TokenKey, now: u64) -> Result<Claims, TokenRefusal> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(TokenRefusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(TokenRefusal::Malformed)?;
    check_header(&object(header)?, key.algorithm)?;
    key.verifier.verify(message.as_bytes(), &decode(signature)?).map_err(|_| TokenRefusal::Signature)?;
    Claims::read(object(payload)?, now)
}

fn check_header(header: &Json, algorithm: Algorithm) -> Result<(), TokenRefusal> {
    let named = header.get("alg").and_then(Json::as_str).and_then(|name| name.parse::<Algorithm>().ok());
    if named != Some(algorithm) {
        return Err(TokenRefusal::Algorithm);
    }
    // RFC 7515 4.1.11: extensions that must be understood, and none is. RFC 7797 3: a payload that is not encoded.
    if header.get("crit").is_some() || header.get("b64").is_some() {
        return Err(TokenRefusal::Critical);
    }
    // RFC 7515 4.1.4: a `kid` is a string.
    match header.get("kid") {
        None | Some(Json::String(_)) => Ok(()),
        Some(_) => Err(TokenRefusal::Malformed),
    }
}

fn object(part: &str) -> Result<Json, TokenRefusal> {
    match parse(&decode(part)?, Dialect::Strict) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(TokenRefusal::Malformed),
    }
}

/// The engine refuses padding and bits that no encoder sets, so a token has one spelling.
fn decode(part: &str) -> Result<Vec<u8>, TokenRefusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefusal::Malformed)
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
