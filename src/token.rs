//! Bearer tokens: JWTs (RFC 7519) in JWS compact form (RFC 7515).
//!
//! A key has its algorithm; a token's `alg` is only compared with it, never followed (RFC 8725 3.1). HMAC is worked out
//! here; for signatures of key pairs the host has cryptography, see [`Question::CheckSignature`](crate::Question::CheckSignature).

mod algorithm;
mod claims;
pub(crate) mod jws;
mod jwk;
mod key;
mod crypto;
mod numeric_date;
pub(crate) mod provider;
mod error;
mod ring;
mod rules;
#[cfg(feature = "rust_crypto")]
mod rust_crypto;

pub use self::{
    algorithm::Algorithm,
    claims::Claims,
    error::TokenRefusal,
    jwk::KeyError,
    key::{Key, SignatureCheck, SigningJob},
    provider::Provider,
    ring::KeyRing,
    rules::Rules,
};
pub(crate) use self::{claims::IAT, claims::ISS, key::Either, numeric_date::numeric_date, provider::ProviderKeys};
pub use crate::user::UserId;

/// What a login answers with (RFC 6749 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// `bearer`, in FastAPI's lower case.
    pub token_type: &'static str,
    /// What the next token is to be had for, when `REFRESH_TOKEN_EXPIRE_MINUTES` is set.
    pub refresh: Option<Refresh>,
}

/// The second half of an answer that can be renewed (RFC 6749 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The refresh token; it is good for one use.
    pub refresh_token: String,
    /// How long the access token lives, in seconds.
    pub expires_in: u64,
}
