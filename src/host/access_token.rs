//! An access token, as the settings want it.

use super::{Host, tokens};
use crate::{
    http::Refusal,
    json::Json,
    settings::Settings,
    token::{Claims, IAT, TokenRefusal},
    user::UserId,
};

/// A token for this user that expires as the settings say.
pub(crate) async fn issue(
    settings: &Settings,
    host: &Host,
    user_id: &UserId,
    now: u64,
    iat: u64,
) -> Result<String, TokenRefusal> {
    tokens::sign(&settings.ring, host, &claims(settings, user_id, &[], now, iat)?).await
}

/// Its claims, with further ones besides.
pub(crate) fn claims(
    settings: &Settings,
    user_id: &UserId,
    further: &[(String, Json)],
    now: u64,
    iat: u64,
) -> Result<Claims, TokenRefusal> {
    if !user_id.is_valid() {
        return Err(TokenRefusal::Claim(settings.rules.user_id_claim.clone().into()));
    }
    if let Some((name, _)) = further.iter().find(|(name, _)| settings.rules.reserves(name)) {
        return Err(TokenRefusal::Claim(name.clone().into()));
    }
    let exp = now.saturating_add(settings.access_token_lifetime());
    let mut all = Claims::new(user_id.clone(), exp, &settings.rules);
    if settings.revocation || settings.rules.max_age_seconds.is_some() {
        all = all.with(IAT, Json::Integer(iat.to_string()));
    }
    Ok(further.iter().chain(&settings.extra_claims).fold(all, |all, (name, value)| all.with(name, value.clone())))
}

/// What keeps a token from being signed is no fault of the user's.
pub(crate) fn unsigned(refusal: TokenRefusal) -> Refusal {
    Refusal::Internal(match refusal {
        TokenRefusal::Key => "no key can sign",
        _ => "the token could not be signed",
    })
}
