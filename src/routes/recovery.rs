//! `POST /password-recovery/{email}` and `POST /reset-password`: a new password for a user whose password is lost.

use zeroize::Zeroizing;

use super::login;
use crate::{
    fastapi::reset_password,
    host::{Host, Mail, MailKind, MailToken, NewMailToken, PasswordChange, Question, SecurityEventKind},
    http::{Client, Refusal, Request},
    limits::MAIL_INTERVAL_SECONDS,
    settings::{Recovery, Settings},
};

/// Has a mail sent, if there is such a user. The reply is the same in any case, and waits for nothing that depends on it.
pub(crate) async fn request(
    settings: &Settings,
    host: &Host,
    recovery: &Recovery,
    email: &str,
    client: &Client,
) -> Result<(), Refusal> {
    login::may_sign(settings)?;
    let name = login::stored_name(email, &settings.unicode);
    let account = name.as_deref().unwrap_or(email);
    host.identify(settings, client.counted().as_deref(), Some(account));
    host.within(settings, client, Some(account)).await?;
    if let Some(name) = name {
        let recovery = recovery.clone();
        host.later(|host| async move { send(&host, &recovery, name).await.unwrap_or_default() }).await;
    }
    Ok(())
}

/// A failure has nobody to be told to: the host has logged it.
async fn send(host: &Host, recovery: &Recovery, email: String) -> Result<(), Refusal> {
    let token = MailToken::random().ok_or(Refusal::Internal("there is no randomness"))?;
    let now = host.seconds();
    let stored = NewMailToken {
        email,
        hash: token.hash(),
        now,
        expires_at: now.saturating_add(i64::from(recovery.hours).saturating_mul(60 * 60)),
        not_since: now.saturating_sub(MAIL_INTERVAL_SECONDS),
    };
    match host.mail_token(stored).await? {
        Some(to) => host.done(Question::SendMail(mail(recovery, to, &token))).await,
        None => Ok(()),
    }
}

fn mail(Recovery { frontend, hours, project }: &Recovery, to: String, token: &MailToken) -> Mail {
    let link = format!("{frontend}/reset-password?token={}", *token.to_text());
    let plural = if *hours == 1 { "" } else { "s" };
    let text = format!(
        "Somebody, probably you, wants to set a new password for {to}.\n\n\
         Open this link to choose it. The link is valid for {hours} hour{plural}, and can be used once:\n\n{link}\n\n\
         If it was not you, there is nothing to do: the password has not changed.\n"
    );
    let subject = match project {
        Some(project) => format!("{project} - Password recovery"),
        None => "Password recovery".to_owned(),
    };
    Mail { kind: MailKind::PasswordRecovery, to, subject, text, link }
}

/// Answers `POST /reset-password`.
pub(crate) async fn reset_with_body(settings: &Settings, host: &Host, request: &Request) -> Result<(), Refusal> {
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let [token, new] = reset_password(request.content_type.as_deref(), &body, settings.password_min_length)?;
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
    let question =
        Question::UserByMailToken { hash: hash.clone(), now: host.seconds(), with_token_version: settings.revocation };
    let user = host.user(question).await?.ok_or(Refusal::MailToken)?;
    host.identify(settings, None, Some(&user.email));
    if !user.is_active {
        return Err(Refusal::InactiveUser);
    }
    let change = PasswordChange {
        user_id: user.id,
        old: user.password,
        new: host.hashed(settings, new).await?,
        token_version: user.token_version,
        with_sessions: settings.refresh_token_expire_minutes.is_some(),
        with_mail_tokens: true,
        mail_token: Some(hash),
        now: host.seconds(),
    };
    // It was used in between, or the user has another password now, which ends it as well.
    if !host.changed(Question::ChangePassword(change)).await? {
        return Err(Refusal::MailToken);
    }
    host.tell(settings, SecurityEventKind::PasswordChanged, None).await;
    Ok(())
}
