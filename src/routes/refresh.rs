//! `grant_type=refresh_token` on `/login` (RFC 6749 6).

use serde_json::Map;

use crate::{
    host::{Host, Question, RefreshToken, access_token},
    http::Refusal,
    settings::Settings,
    token::{AccessToken, Refresh},
    user::UserId,
};

/// The first refresh token of a login; `None` without `REFRESH_TOKEN_EXPIRE_MINUTES`.
pub(crate) async fn begin(
    settings: &Settings,
    host: &Host,
    user_id: UserId,
    now: u64,
) -> Result<Option<Refresh>, Refusal> {
    let Some(lifetime) = lifetime(settings) else { return Ok(None) };
    let token = RefreshToken::random().ok_or(Refusal::Internal("there is no randomness"))?;
    host.done(Question::InsertSession(token.session(user_id, seconds(now), lifetime))).await?;
    Ok(Some(answer(settings, &token)))
}

/// Exchanges a valid refresh token for an access token and the next refresh token.
pub(crate) async fn with_token(
    settings: &Settings,
    host: &Host,
    token: &str,
    now: u64,
) -> Result<AccessToken, Refusal> {
    let (Some(lifetime), Some(token)) = (lifetime(settings), RefreshToken::parse(token)) else {
        return Err(Refusal::RefreshToken);
    };
    let next = token.next(&settings.ring).ok_or(Refusal::Internal("no key can sign"))?;
    let rotation = token.rotation(&next, seconds(now), lifetime);
    let Some(user_id) = host.rotate(rotation.clone()).await? else {
        // The token was used before. Its owner and a thief cannot be distinguished, so the session ends (RFC 9700 4.14.2).
        host.done(Question::EndSession(rotation)).await?;
        return Err(Refusal::RefreshToken);
    };
    let token = access_token::issue(settings, host, &user_id, &Map::new(), now, now).await;
    let access_token = token.map_err(access_token::unsigned)?;
    Ok(AccessToken { access_token, token_type: "bearer", refresh: Some(answer(settings, &next)) })
}

fn answer(settings: &Settings, token: &RefreshToken) -> Refresh {
    Refresh { refresh_token: token.to_text(), expires_in: settings.access_token_lifetime() }
}

fn lifetime(settings: &Settings) -> Option<i64> {
    settings.refresh_token_expire_minutes.map(|minutes| i64::from(minutes).saturating_mul(60))
}

fn seconds(now: u64) -> i64 {
    i64::try_from(now).unwrap_or(i64::MAX)
}
