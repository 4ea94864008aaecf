//! `POST /logout`: revokes all tokens of a user by one column, `token_version`, of the row that `/me` reads anyway.

use super::me::current_user;
use crate::{
    host::{Host, Question, SecurityEventKind},
    http::Refusal,
    settings::Settings,
};

/// Revokes all tokens that the user has been issued.
pub(crate) async fn log_out(settings: &Settings, host: &Host, authorization: Option<&str>) -> Result<(), Refusal> {
    let user = current_user(settings, host, authorization).await?;
    let with_sessions = settings.refresh_token_expire_minutes.is_some();
    host.done(Question::RevokeTokens { id: user.id, with_sessions }).await?;
    host.tell(settings, SecurityEventKind::LoggedOutEverywhere, None).await;
    Ok(())
}
