//! Access tokens with the claims of the settings.

use serde_json::{Map, Value};

use super::{Host, tokens};
use crate::{
    http::Refusal,
    settings::Settings,
    token::{IAT, TOKEN_VERSION, TokenRefusal, claims_text},
    user::UserId,
};

/// Issues a token for this user with further claims. `now` and `iat` are in seconds since 1970; the lifetime of the
/// settings is added to `now`.
pub(crate) async fn issue(
    settings: &Settings,
    host: &Host,
    user_id: &UserId,
    further: &Map<String, Value>,
    token_version: Option<i64>,
) -> Result<String, Refusal> {
    let claims = claims(settings, user_id, further, host.now(), token_version).map_err(Refusal::Unsigned)?;
    tokens::sign_by(&settings.ring, host, &claims).await.map_err(Refusal::Unsigned)
}

/// The claims of such a token, as JSON text: further claims precede the fixed ones of the settings.
pub(crate) fn claims(
    settings: &Settings,
    user_id: &UserId,
    further: &Map<String, Value>,
    now: u64,
    token_version: Option<i64>,
) -> Result<String, TokenRefusal> {
    let rules = &settings.rules;
    if !user_id.is_valid() {
        return Err(TokenRefusal::Claim(rules.user_id_claim.clone().into()));
    }
    if let Some(name) = further.keys().find(|name| rules.reserves(name)) {
        return Err(TokenRefusal::Claim(name.clone().into()));
    }
    let exp = now.saturating_add(settings.access_token_lifetime());
    let mut own = rules.claims_of(user_id, exp);
    own.extend(rules.max_age_seconds.map(|_| (IAT, now.into())));
    own.extend(token_version.map(|version| (TOKEN_VERSION, version.into())));
    // The fields of the settings are public: a claim that the rules determine is not repeated, because parsers differ on which counts.
    let is_set = |name: &str| further.contains_key(name) || rules.reserves(name);
    let extra = settings.extra_claims.iter().filter(|(name, _)| !is_set(name));
    let others = further.iter().chain(extra).map(|(name, value)| (name.as_str(), value));
    Ok(claims_text(own.iter().map(|(name, value)| (*name, value)).chain(others)))
}
