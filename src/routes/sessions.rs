//! `GET /me/sessions` and `DELETE /me/sessions/{id}`: where the user is logged in, and the end of one session.

use super::me::current_user;
use crate::{
    host::{Host, Question, Session},
    http::Refusal,
    settings::Settings,
};

/// The live sessions of the user whose access token this is.
pub(crate) async fn list(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
) -> Result<Vec<Session>, Refusal> {
    let user = current_user(settings, host, authorization).await?;
    host.sessions(user.id).await
}

/// Ends one of them. Access tokens of the session remain valid until they expire.
pub(crate) async fn end(
    settings: &Settings,
    host: &Host,
    authorization: Option<&str>,
    id: &str,
) -> Result<(), Refusal> {
    let user = current_user(settings, host, authorization).await?;
    if !is_name(id) {
        return Err(Refusal::UnknownSession);
    }
    let question = Question::DeleteSession { id: id.to_owned(), user_id: Some(user.id), known_as: None };
    if host.changed(question).await? { Ok(()) } else { Err(Refusal::UnknownSession) }
}

/// Whether this may be the name of a session: base64url.
pub(crate) fn is_name(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
