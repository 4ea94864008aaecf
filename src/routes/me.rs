//! `GET /me`: returns the user of a bearer token (RFC 6750 2.1).

use crate::{
    host::{Host, Question, tokens},
    http::Refusal,
    settings::Settings,
    token::{Claims, TokenRefusal},
    user::UserRow,
};

/// The user whose bearer token the `Authorization` header carries.
pub(crate) async fn current_user(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
) -> Result<UserRow, Refusal> {
    authenticate(settings, host, authorization).await.map(|(user, _)| user)
}

/// The same, with the claims of the token.
pub(crate) async fn authenticate(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
) -> Result<(UserRow, Claims), Refusal> {
    let token = authorization.and_then(bearer).ok_or(Refusal::NoToken)?;
    let claims = tokens::verify_ours(settings, host, token).await?;
    let id = claims.user_id().ok_or(Refusal::UserGone)?;
    let question = Question::UserById { id: id.clone(), with_token_version: settings.revocation };
    // A database may convert the text "5" to the number 5 and return another user's row.
    let user = host.user(question).await?.filter(|user| settings.rules.names(id, &user.id)).ok_or(Refusal::UserGone)?;
    if settings.revocation && Some(claims.token_version()?) != user.token_version {
        return Err(TokenRefusal::Revoked.into());
    }
    if !user.is_active {
        return Err(Refusal::InactiveUser);
    }
    Ok((user, claims))
}

/// The token, when the scheme is `Bearer` in any letter case.
///
/// As Starlette and FastAPI read it: the first space ends the scheme, and spaces around the token are removed. Two header
/// fields, which platforms join with a comma, are no token.
pub(super) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
