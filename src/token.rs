//! Bearer tokens: JWTs (RFC 7519) in JWS compact serialization (RFC 7515), with the types of jsonwebtoken.
//!
//! A key has one algorithm. The `alg` of a token is compared with it and selects nothing (RFC 8725 3.1). The crate
//! computes HMAC. The host computes signatures of key pairs, see
//! [`Question::CheckSignature`](crate::Question::CheckSignature); a Rust host can use the feature `rust_crypto`.

// A module uses only modules declared above it.
mod error;
pub(crate) mod strict_json;
mod jws;
mod crypto;
mod published;
mod key;
mod jwk;
mod ring;
mod claims;
mod numeric_date;
mod rules;
mod provider;
mod check;
mod sign;
#[cfg(feature = "rust_crypto")]
mod rust_crypto;

use std::fmt;

pub use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, JwkSet},
};

pub(crate) use self::{
    check::{Check, Verifier},
    claims::{IAT, TOKEN_VERSION, claims_text, to_members},
    provider::{ProviderKeys, max_age},
    sign::{Signing, sign, signed},
};
pub use self::{
    claims::Claims,
    crypto::CRYPTO_PROVIDER,
    error::{KeyError, TokenRefusal},
    key::{Key, SignatureCheck, SigningJob},
    provider::Provider,
    ring::KeyRing,
    rules::Rules,
};
pub use crate::user::UserId;

/// The response to a login (RFC 6749 5.1). `Debug` does not show the tokens.
///
/// ```
/// use edgegate::{Reply, token::AccessToken};
///
/// let token = AccessToken { access_token: "ey...".into(), token_type: "bearer", refresh: None };
/// assert_eq!(Reply::logged_in(&token).body, r#"{"access_token":"ey...","token_type":"bearer"}"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The access token.
    pub access_token: String,
    /// `bearer`, in lower case as FastAPI writes it.
    pub token_type: &'static str,
    /// The refresh token, when `REFRESH_TOKEN_EXPIRE_MINUTES` is set.
    pub refresh: Option<Refresh>,
}

/// The refresh token of a response (RFC 6749 5.1). `Debug` does not show it.
///
/// ```
/// let refresh = edgegate::token::Refresh { refresh_token: "secret".into(), expires_in: 1800 };
/// assert_eq!(format!("{refresh:?}"), "Refresh { expires_in: 1800, .. }");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The refresh token. It can be used once.
    pub refresh_token: String,
    /// The lifetime of the access token in seconds.
    pub expires_in: u64,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccessToken").field("refresh", &self.refresh).finish_non_exhaustive()
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Refresh").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}
