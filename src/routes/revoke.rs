//! `POST /revoke`: ends the session of a refresh token (RFC 7009).

use zeroize::Zeroizing;

use crate::{
    fastapi::RevocationForm,
    host::{Host, Question, RefreshToken},
    http::{Client, Refusal, Request},
    settings::Settings,
};

/// Answers `POST /revoke`. `cookie` is the refresh token for a form without one.
pub(crate) async fn with_form(
    settings: &Settings,
    host: &Host,
    request: &Request,
    cookie: Option<&str>,
) -> Result<(), Refusal> {
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let form = RevocationForm::parse(request.content_type.as_deref(), &body, cookie)?;
    host.within(settings, &Client::of(request), None).await?;
    with_token(settings, host, &form.token).await
}

/// Ends the session. A token that is not valid has none, and is no error (RFC 7009 2.2): the answer is the same.
pub(crate) async fn with_token(settings: &Settings, host: &Host, token: &str) -> Result<(), Refusal> {
    if let Some(token) = RefreshToken::parse(token, &settings.ring) {
        let known_as = token.unverified_hash();
        host.changed(Question::DeleteSession { id: token.id().to_owned(), user_id: None, known_as }).await?;
    }
    Ok(())
}
