//! `grant_type=refresh_token` on `/login` (RFC 6749 6).

use serde_json::{Map, Value};

use crate::{
    host::{Ended, Host, NewSession, Question, RefreshToken, Rotated, SecurityEventKind, access_token},
    http::{Client, RefreshRefusal, Refusal},
    settings::Settings,
    token::{AccessToken, Refresh},
    user::UserRow,
};

/// What [`begin`] came to.
pub(crate) enum Begun {
    /// There are no refresh tokens.
    Without,
    /// The first refresh token of a new session.
    With(Refresh),
    /// The user has another password or token version by now.
    Outdated,
}

/// Begins a session of a user whose password was right, with `REFRESH_TOKEN_EXPIRE_MINUTES`.
pub(crate) async fn begin(settings: &Settings, host: &Host, user: &UserRow, client: &Client) -> Result<Begun, Refusal> {
    let Some(lifetime) = lifetime(settings) else { return Ok(Begun::Without) };
    let token = RefreshToken::random().ok_or(NO_RANDOMNESS)?;
    let refresh = answer(settings, &token)?;
    let now = host.seconds();
    let ends_at = now.saturating_add(i64::from(settings.refresh_token_max_days).saturating_mul(24 * 60 * 60));
    let session = NewSession {
        id: token.id().to_owned(),
        user_id: user.id.clone(),
        password: user.password.clone(),
        token_version: user.token_version,
        current: token.hash(),
        now,
        expires_at: now.saturating_add(lifetime).min(ends_at),
        ends_at,
        user_agent: client.user_agent(),
        address: client.network(),
    };
    let begun = host.changed(Question::InsertSession(Box::new(session))).await?;
    Ok(if begun { Begun::With(refresh) } else { Begun::Outdated })
}

/// Exchanges a valid refresh token for an access token and the next refresh token.
pub(crate) async fn with_token(settings: &Settings, host: &Host, token: &str) -> Result<AccessToken, Refusal> {
    let lifetime = lifetime(settings).ok_or(Refusal::RefreshToken(RefreshRefusal::Malformed))?;
    let used = RefreshToken::parse(token, &settings.ring).ok_or(Refusal::RefreshToken(RefreshRefusal::Malformed))?;
    let next = used.successor().ok_or(NO_RANDOMNESS)?;
    let rotation = used.rotation(&next, host.seconds(), lifetime, settings.revocation);
    let Some(rotated) = host.rotate(rotation).await? else {
        // The token was used before. Its owner and a thief cannot be distinguished, so the session ends (RFC 9700 4.14.2).
        return Err(Refusal::RefreshToken(match host.end(used.end(host.seconds(), settings.revocation)).await? {
            Ended::Unknown => RefreshRefusal::Unknown,
            Ended::Expired => RefreshRefusal::Expired,
            Ended::Reused => {
                host.tell(settings, SecurityEventKind::RefreshTokenReused, None).await;
                RefreshRefusal::Reused
            }
        }));
    };
    if !rotated.is_active {
        return Err(Refusal::RefreshToken(RefreshRefusal::Inactive));
    }
    // Not always the token that was proposed: another tab may have been faster.
    let next = used.unseal(&rotated.sealed).ok_or(Refusal::Internal("the store returned no sealed refresh token"))?;
    let further = if settings.asks_claims { claims(settings, host, &rotated).await? } else { Map::new() };
    let access_token = access_token::issue(settings, host, &rotated.user_id, &further, rotated.token_version).await?;
    Ok(AccessToken { access_token, token_type: "bearer", refresh: Some(answer(settings, &next)?) })
}

/// The claims that the host adds. The row of a login is long gone.
async fn claims(settings: &Settings, host: &Host, of: &Rotated) -> Result<Map<String, Value>, Refusal> {
    let question = Question::UserById { id: of.user_id.clone(), with_token_version: settings.revocation };
    let user =
        host.user(question).await?.filter(|user| user.id == of.user_id && user.token_version == of.token_version);
    host.claims(user.ok_or(Refusal::RefreshToken(RefreshRefusal::Unknown))?.into()).await
}

fn answer(settings: &Settings, token: &RefreshToken) -> Result<Refresh, Refusal> {
    let refresh_token = token.to_text(&settings.ring).ok_or(Refusal::Internal("no key can sign"))?;
    Ok(Refresh { refresh_token, expires_in: settings.access_token_lifetime() })
}

fn lifetime(settings: &Settings) -> Option<i64> {
    settings.refresh_token_expire_minutes.map(|minutes| i64::from(minutes).saturating_mul(60))
}

const NO_RANDOMNESS: Refusal = Refusal::Internal("there is no randomness");
