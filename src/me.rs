//! `GET /me`: whose token is this (RFC 6750 2.1).

use crate::{
    ask::{Host, Question, UserRow},
    refusal::Refusal,
    settings::Settings,
    token,
};

/// The user whose bearer token the `Authorization` header carries.
pub(crate) async fn current_user(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
    now: u64,
) -> Result<UserRow, Refusal> {
    let token = authorization.and_then(bearer).ok_or(Refusal::NoToken)?;
    let id = token::verify(token, &settings.key, now)?.user_id().get();
    host.user(Question::UserById { id }).await?.ok_or(Refusal::UserGone)
}

/// The token, when the scheme is `Bearer` in any letter case.
///
/// As Starlette and FastAPI read it: of several header fields the first counts (a platform joins them by a comma, which
/// no token holds), the first space ends the scheme, and the spaces around the token go.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split(',').next()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
