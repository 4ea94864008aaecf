//! `GET /me`: returns the user of a bearer token (RFC 6750 2.1).

use crate::{
    host::{Host, Question, tokens},
    http::Refusal,
    settings::Settings,
    token::{Claims, IAT, TokenRefusal, numeric_date},
    user::UserRow,
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
    let id = claims.user_id().ok_or(Refusal::UserGone)?;
    let question = Question::UserById { id: id.clone(), with_valid_after: settings.revocation };
    // A database may convert the text "5" to the number 5 and return another user's row.
    let user = host.user(question).await?.filter(|user| settings.rules.names(id, &user.id)).ok_or(Refusal::UserGone)?;
    check_revocation(settings, &claims, &user)?;
    Ok(user)
}

/// A token without `iat` is valid until its user first logs out everywhere.
fn check_revocation(settings: &Settings, claims: &Claims, user: &UserRow) -> Result<(), TokenRefusal> {
    let Some(valid_after) = user.tokens_valid_after.filter(|_| settings.revocation) else { return Ok(()) };
    match numeric_date(claims.members(), IAT)? {
        Some(issued) if issued >= valid_after => Ok(()),
        _ => Err(TokenRefusal::Revoked),
    }
}

/// The token, when the scheme is `Bearer` in any letter case.
///
/// As Starlette and FastAPI read it: the first of several header fields counts (platforms join them with a comma, which no
/// token contains), the first space ends the scheme, and spaces around the token are removed.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split(',').next()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
