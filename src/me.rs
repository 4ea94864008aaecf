//! `GET /me`: whose token is this (RFC 6750 2.1). `POST /logout`: nobody's any more.

use crate::{
    ask::{Host, Question, UserRow},
    refusal::Refusal,
    settings::Settings,
    token::{Claims, IAT, TokenRefusal, UserId, numeric_date},
    tokens,
};

/// The user whose bearer token the `Authorization` header carries.
pub(crate) async fn current_user(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
    now: u64,
) -> Result<UserRow, Refusal> {
    let token = authorization.and_then(bearer).ok_or(Refusal::NoToken)?;
    let claims = tokens::verify_ours(settings, host, token, now).await?;
    let id = claims.user_id().map(UserId::get).ok_or(Refusal::UserGone)?;
    let user = host.user(Question::UserById { id, with_valid_after: settings.revocation }).await?;
    let user = user.ok_or(Refusal::UserGone)?;
    check_revocation(settings, &claims, &user)?;
    Ok(user)
}

/// Logs the user out everywhere: no token that was issued until now holds any longer.
pub(crate) async fn log_out(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
    now: u64,
) -> Result<(), Refusal> {
    let user = current_user(settings, host, authorization, now).await?;
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    // `iat` counts in whole seconds: those of this very second are meant too, and a login after a logout in it has taken
    // the next one.
    let valid_after = user.tokens_valid_after.map_or(now, |after| after.max(now)).saturating_add(1);
    let with_sessions = settings.refresh_token_expire_minutes.is_some();
    host.done(Question::RevokeTokens { id: user.id, valid_after, with_sessions }).await
}

/// A token that does not say when it was issued holds until its user first logs out everywhere.
fn check_revocation(settings: &Settings, claims: &Claims, user: &UserRow) -> Result<(), TokenRefusal> {
    let Some(valid_after) = user.tokens_valid_after.filter(|_| settings.revocation) else { return Ok(()) };
    match numeric_date(claims.as_json(), IAT)? {
        Some(issued) if issued >= valid_after => Ok(()),
        _ => Err(TokenRefusal::Revoked),
    }
}

/// The token, when the scheme is `Bearer` in any letter case.
///
/// As Starlette and FastAPI read it: of several header fields the first counts (a platform joins them by a comma, which
/// no token holds), the first space ends the scheme, and the spaces around the token go.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split(',').next()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
