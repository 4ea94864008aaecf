//! `POST /email-verification/{email}` and `POST /verify-email`: whether a user has the e-mail address of the account.

use zeroize::Zeroizing;

use super::mail;
use crate::{
    fastapi::mail_token,
    host::{Host, MailKind, MailToken, Question, SecurityEventKind},
    http::{Client, Refusal, Request},
    settings::Settings,
};

/// Has the mail sent again, if there is such a user, whose address is not verified.
pub(crate) async fn request(settings: &Settings, host: &Host, email: &str, client: &Client) -> Result<(), Refusal> {
    mail::request(settings, host, MailKind::EmailVerification, email, client).await
}

/// Has the mail sent to a new user.
pub(super) async fn begin(settings: &Settings, host: &Host, email: String) {
    mail::send_later(settings, host, MailKind::EmailVerification, email).await;
}

/// Answers `POST /verify-email`.
pub(crate) async fn verify_with_body(settings: &Settings, host: &Host, request: &Request) -> Result<(), Refusal> {
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let token = mail_token(request.content_type.as_deref(), &body)?;
    verify(settings, host, &token, &Client::of(request)).await
}

/// Marks the address of the user for whom this token is.
pub(crate) async fn verify(settings: &Settings, host: &Host, token: &str, client: &Client) -> Result<(), Refusal> {
    host.within(settings, client, None).await?;
    let hash = MailToken::parse(token).ok_or(Refusal::MailToken)?.hash();
    if !host.changed(Question::VerifyEmail { hash, now: host.seconds() }).await? {
        return Err(Refusal::MailToken);
    }
    host.tell(settings, SecurityEventKind::EmailVerified, None).await;
    Ok(())
}
