//! `POST /password-recovery/{email}` and `POST /reset-password`: a new password for a user whose password is lost.

use zeroize::Zeroizing;

use super::{login, mail};
use crate::{
    fastapi::reset_password,
    host::{Host, MailKind, MailToken, PasswordChange, Question, SecurityEventKind, upstream},
    http::{Client, Refusal, Request},
    settings::Settings,
};

/// Has a mail sent, if there is such a user.
pub(crate) async fn request(settings: &Settings, host: &Host, email: &str, client: &Client) -> Result<(), Refusal> {
    mail::request(settings, host, MailKind::PasswordRecovery, email, client).await
}

/// Answers `POST /reset-password`.
pub(crate) async fn reset_with_body(settings: &Settings, host: &Host, request: &Request) -> Result<(), Refusal> {
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let [token, new] = reset_password(request.content_type.as_deref(), &body, &settings.password_rules())?;
    reset(settings, host, &token, &new, &Client::of(request)).await
}

/// Stores the new password of the user for whom this token is, once, and ends the user's tokens and sessions.
pub(crate) async fn reset(
    settings: &Settings,
    host: &Host,
    token: &str,
    new: &str,
    client: &Client,
) -> Result<(), Refusal> {
    host.within(settings, client, None).await?;
    let hash = MailToken::parse(token).ok_or(Refusal::MailToken)?.hash();
    // A new hash of the same password, made after a login, is no reason to refuse: it begins again. A token that was used is not found then.
    for _ in 0..login::ATTEMPTS {
        let now = host.seconds();
        let question = Question::UserByMailToken { hash: hash.clone(), now, with_token_version: settings.revocation };
        let user = host.user(question).await?.ok_or(Refusal::MailToken)?;
        host.identify(settings, None, Some(&user.email));
        if !user.is_active {
            return Err(Refusal::InactiveUser);
        }
        host.choosable(settings, "new_password", new, &user.email).await?;
        let hashed = host.hashed(settings, new).await?;
        // Before it is stored here: what is refused there changes nothing.
        if let Some(upstream) = settings.write_back() {
            upstream::reset_password(settings, host, upstream, &user.email, new).await?;
        }
        let change = PasswordChange {
            user_id: user.id,
            old: user.password,
            new: hashed,
            token_version: user.token_version,
            with_sessions: settings.refresh_token_expire_minutes.is_some(),
            with_mail_tokens: true,
            mail_token: Some(hash.clone()),
            now: host.seconds(),
        };
        if host.changed(Question::ChangePassword(change)).await? {
            host.tell(settings, SecurityEventKind::PasswordChanged, None).await;
            return Ok(());
        }
    }
    Err(Refusal::MailToken)
}
