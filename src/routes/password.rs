//! `PATCH /me/password`: a new password, which ends all other sessions of the user.

use serde_json::Map;
use zeroize::Zeroizing;

use super::{
    login,
    me::{bearer, current_user},
};
use crate::{
    fastapi::NewPassword,
    host::{Host, PasswordChange, Question, SecurityEventKind, upstream},
    http::{Client, Refusal, Request},
    limits::PASSWORD_MAX_BYTES,
    settings::Settings,
    token::{AccessToken, TokenRefusal},
    user::UserRow,
};

/// Answers `PATCH /me/password`.
pub(crate) async fn with_body(
    settings: &Settings,
    host: &Host,
    request: &Request,
    authorization: Option<&str>,
) -> Result<AccessToken, Refusal> {
    // Hosts expect the question for the body first: nothing is held while it arrives.
    authorization.and_then(bearer).ok_or(Refusal::NoToken)?;
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let user = current_user(settings, host, authorization).await?;
    let passwords = NewPassword::parse(request.content_type.as_deref(), &body, &settings.password_rules())?;
    of_user(settings, host, user, &passwords, &Client::of(request)).await
}

/// Changes the password of this user, whose token has been checked.
pub(crate) async fn of_user(
    settings: &Settings,
    host: &Host,
    user: UserRow,
    passwords: &NewPassword,
    client: &Client,
) -> Result<AccessToken, Refusal> {
    login::may_sign(settings)?;
    host.identify(settings, client.counted().as_deref(), Some(&user.email));
    host.within(settings, client, Some(&user.email)).await?;
    let result = change(settings, host, user, passwords, client).await;
    if let Err(refusal) = &result {
        host.tell_refusal(settings, refusal).await;
    }
    result
}

/// Checks the current password as a login does, so that a stolen token is no way around the lockout.
///
/// If the password or the token version changes in between, it begins again, and finds that the token or the password is not valid any more.
async fn change(
    settings: &Settings,
    host: &Host,
    user: UserRow,
    passwords: &NewPassword,
    client: &Client,
) -> Result<AccessToken, Refusal> {
    for _ in 0..login::ATTEMPTS {
        let found = confirmed(settings, host, &user, &passwords.current, client).await?;
        // bcrypt reads no more of it.
        let current = passwords.current.as_bytes().iter().take(PASSWORD_MAX_BYTES);
        if current.eq(passwords.new.as_bytes()) {
            return Err(Refusal::SamePassword);
        }
        host.choosable(settings, "new_password", &passwords.new, &found.email).await?;
        let further = if settings.asks_claims { host.claims(found.clone().into()).await? } else { Map::new() };
        let new = host.hashed(settings, &passwords.new).await?;
        // Before it is stored here: what is refused there changes nothing.
        if let Some(upstream) = settings.write_back() {
            upstream::change_password(settings, host, upstream, &found, [&passwords.current, &passwords.new]).await?;
        }
        let change = PasswordChange {
            user_id: found.id.clone(),
            old: found.password.clone(),
            new: new.clone(),
            token_version: found.token_version,
            with_sessions: settings.refresh_token_expire_minutes.is_some(),
            with_mail_tokens: settings.recovers_passwords(),
            mail_token: None,
            now: host.seconds(),
        };
        if !host.changed(Question::ChangePassword(change)).await? {
            continue;
        }
        // At once: whatever fails from here on, the password is another one.
        host.tell(settings, SecurityEventKind::PasswordChanged, None).await;
        let token_version = found.token_version.map(|version| version.saturating_add(1));
        let user = UserRow { password: new, token_version, ..found };
        // The user has logged out everywhere since, or changed the password again.
        let outdated = || Refusal::Token(TokenRefusal::Revoked);
        return login::accept(settings, host, &user, client, &further).await?.ok_or_else(outdated);
    }
    Err(Refusal::Busy)
}

/// The row of this user, whose token has been checked, if the password is right too. It is checked as by a login.
pub(super) async fn confirmed(
    settings: &Settings,
    host: &Host,
    user: &UserRow,
    password: &str,
    client: &Client,
) -> Result<UserRow, Refusal> {
    let found = login::authenticate(settings, host, Some(&user.email), password, client).await;
    let found = found.map_err(of_current_password)?.user;
    // Another user may have got the address in between.
    if found.id != user.id {
        return Err(of_current_password(Refusal::WrongPassword));
    }
    if found.token_version != user.token_version {
        return Err(TokenRefusal::Revoked.into());
    }
    Ok(found)
}

/// What a login answers with 403 is an error in a field here. The reply is one for all of them.
fn of_current_password(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::UnknownUser
        | Refusal::WrongPassword
        | Refusal::HeldUp
        | Refusal::OverlongPassword
        | Refusal::StoredHash(_) => Refusal::CurrentPassword(Box::new(refusal)),
        refusal => refusal,
    }
}
