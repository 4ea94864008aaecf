//! `POST /logout`: out everywhere, by one column that every protected call reads anyway.

use super::me::current_user;
use crate::{
    host::{Host, Question},
    http::Refusal,
    settings::Settings,
};

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
