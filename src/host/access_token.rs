//! Access tokens with the claims of the settings.

use serde_json::{Map, Value};

use super::{Host, tokens};
use crate::{
    http::Refusal,
    settings::Settings,
    token::{Claims, IAT, TOKEN_VERSION, TokenRefusal},
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
) -> Result<String, TokenRefusal> {
    tokens::sign_by(&settings.ring, host, &claims(settings, user_id, further, host.now(), token_version)?).await
}

/// The claims of such a token: further claims precede the fixed ones of the settings.
pub(crate) fn claims(
    settings: &Settings,
    user_id: &UserId,
    further: &Map<String, Value>,
    now: u64,
    token_version: Option<i64>,
) -> Result<Claims, TokenRefusal> {
    if !user_id.is_valid() {
        return Err(TokenRefusal::Claim(settings.rules.user_id_claim.clone().into()));
    }
    if let Some(name) = further.keys().find(|name| settings.rules.reserves(name)) {
        return Err(TokenRefusal::Claim(name.clone().into()));
    }
    let exp = now.saturating_add(settings.access_token_lifetime());
    let mut all = Claims::new(user_id.clone(), exp, &settings.rules);
    if settings.rules.max_age_seconds.is_some() {
        all = all.with(IAT, now);
    }
    if let Some(version) = token_version {
        all = all.with(TOKEN_VERSION, version);
    }
    Ok(further.iter().chain(&settings.extra_claims).fold(all, |all, (name, value)| all.with(name, value.clone())))
}

/// A failed signature is an error of the service (500), not of the request.
pub(crate) fn unsigned(refusal: TokenRefusal) -> Refusal {
    Refusal::Internal(match refusal {
        TokenRefusal::Key => "no key can sign",
        TokenRefusal::Claims | TokenRefusal::Claim(_) => "the claims of the token are no object, or one is reserved",
        _ => "the token could not be signed",
    })
}
