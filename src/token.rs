//! Bearer tokens: JWTs (RFC 7519) in JWS compact form (RFC 7515), in the vocabulary of jsonwebtoken.
//!
//! A key has one algorithm; a token's `alg` is only compared with it (RFC 8725 3.1). The crate computes HMAC. For key pairs
//! the host has the cryptography, see [`Question::CheckSignature`](crate::Question::CheckSignature); a host in Rust may use
//! the feature `rust_crypto`.

// From the bottom up: what stands above is used by what stands below it, and never the other way round.
mod error;
pub(crate) mod strict_json;
mod jws;
mod crypto;
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
    claims::{IAT, to_members},
    numeric_date::numeric_date,
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

/// What a login answers with (RFC 6749 5.1). `Debug` does not show the tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// `bearer`, in FastAPI's lower case.
    pub token_type: &'static str,
    /// The refresh token, when `REFRESH_TOKEN_EXPIRE_MINUTES` is set.
    pub refresh: Option<Refresh>,
}

/// The refresh token of an answer (RFC 6749 5.1). `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The refresh token; it is good for one use.
    pub refresh_token: String,
    /// How long the access token lives, in seconds.
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
