//! `POST /logout`: revokes all tokens of a user with one column, `tokens_valid_after`, of the row that `/me` reads anyway.

use super::me::current_user;
use crate::{
    host::{Host, Question},
    http::Refusal,
    settings::Settings,
};

/// Revokes all tokens that the user has been issued.
pub(crate) async fn log_out(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
    now: u64,
) -> Result<(), Refusal> {
    let user = current_user(settings, host, authorization, now).await?;
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    // `iat` has whole seconds, and tokens of this second are revoked too. A later login in this second takes the next second.
    let valid_after = user.tokens_valid_after.map_or(now, |after| after.max(now)).saturating_add(1);
    let with_sessions = settings.refresh_token_expire_minutes.is_some();
    host.done(Question::RevokeTokens { id: user.id, valid_after, with_sessions }).await
}
