//! Mails with a link, for [`recovery`](super::recovery) and [`verification`](super::verification).

use super::login;
use crate::{
    host::{Host, Mail, MailKind, MailToken, NewMailToken, Question},
    http::{Client, Refusal},
    limits::{MAIL_INTERVAL_SECONDS, VERIFICATION_HOURS},
    settings::{MailSettings, Settings},
};

/// Has a mail sent, if there is such a user. The reply is the same in any case, and waits for nothing that depends on it.
pub(super) async fn request(
    settings: &Settings,
    host: &Host,
    kind: MailKind,
    email: &str,
    client: &Client,
) -> Result<(), Refusal> {
    login::may_sign(settings)?;
    let name = login::stored_name(email, &settings.unicode);
    let account = name.as_deref().unwrap_or(email);
    host.identify(settings, client.counted().as_deref(), Some(account));
    host.within(settings, client, Some(account)).await?;
    if let Some(name) = name {
        send_later(settings, host, kind, name).await;
    }
    Ok(())
}

/// Sends the mail after the reply. A failure has nobody to be told to: the host has logged it.
pub(super) async fn send_later(settings: &Settings, host: &Host, kind: MailKind, email: String) {
    let Some(mail) = settings.mail.clone() else { return };
    host.later(|host| async move { send(&host, &mail, kind, email).await.unwrap_or_default() }).await;
}

async fn send(host: &Host, settings: &MailSettings, kind: MailKind, email: String) -> Result<(), Refusal> {
    if kind == MailKind::EmailVerification {
        let question = Question::UserByEmail { email: email.clone(), with_token_version: false };
        if host.user(question).await?.is_none_or(|user| user.email_verified) {
            return Ok(());
        }
    }
    let hours = match kind {
        MailKind::PasswordRecovery => settings.recovery_hours,
        MailKind::EmailVerification => VERIFICATION_HOURS,
    };
    let token = MailToken::random().ok_or(Refusal::Internal("there is no randomness"))?;
    let now = host.seconds();
    let stored = NewMailToken {
        kind,
        email,
        hash: token.hash(),
        now,
        expires_at: now.saturating_add(i64::from(hours).saturating_mul(60 * 60)),
        not_since: now.saturating_sub(MAIL_INTERVAL_SECONDS),
    };
    match host.mail_token(stored).await? {
        Some(to) if !is_one_address(&to) => Ok(()),
        Some(to) => host.done(Question::SendMail(mail(settings, kind, hours, to, &token))).await,
        None => Ok(()),
    }
}

/// An address that was imported may have a line break, which some mailers would take for another header field, or what they would
/// take for several addresses, or for a name before another one.
fn is_one_address(text: &str) -> bool {
    !text.chars().any(|one| one.is_control() || one.is_whitespace() || matches!(one, ',' | ';' | '<' | '>'))
}

fn mail(settings: &MailSettings, kind: MailKind, hours: u32, to: String, token: &MailToken) -> Mail {
    let MailSettings { frontend, project, .. } = settings;
    let (page, subject, why, what, otherwise) = match kind {
        MailKind::PasswordRecovery => (
            "reset-password",
            "Password recovery",
            "wants to set a new password for",
            "choose it",
            "the password has not changed",
        ),
        MailKind::EmailVerification => (
            "verify-email",
            "Verify your e-mail address",
            "has created an account with the address",
            "verify the address",
            "nobody can use the address without this link",
        ),
    };
    let link = format!("{frontend}/{page}?token={}", *token.to_text());
    let plural = if hours == 1 { "" } else { "s" };
    let text = format!(
        "Somebody, probably you, {why} {to}.\n\n\
         Open this link to {what}. The link is valid for {hours} hour{plural}, and can be used once:\n\n{link}\n\n\
         If it was not you, there is nothing to do: {otherwise}.\n"
    );
    let subject = project.iter().fold(subject.to_owned(), |subject, project| format!("{project} - {subject}"));
    Mail { kind, to, subject, text, link }
}
