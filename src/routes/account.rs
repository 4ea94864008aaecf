//! `DELETE /me`: deletes the account of the user.

use zeroize::Zeroizing;

use super::{
    login,
    me::{bearer, current_user},
    password::confirmed,
};
use crate::{
    fastapi::current_password,
    host::{Host, LoginKeys, Question, SecurityEventKind, UserDeletion},
    http::{Client, Refusal, Request},
    settings::Settings,
    user::UserRow,
};

/// Answers `DELETE /me`.
pub(crate) async fn with_body(
    settings: &Settings,
    host: &Host,
    request: &Request,
    authorization: Option<&str>,
) -> Result<(), Refusal> {
    // Hosts expect the question for the body first: nothing is held while it arrives.
    authorization.and_then(bearer).ok_or(Refusal::NoToken)?;
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let user = current_user(settings, host, authorization).await?;
    let password = current_password(request.content_type.as_deref(), &body)?;
    of_user(settings, host, user, &password, &Client::of(request)).await
}

/// Deletes this user, whose token has been checked. The password is checked as well, as by a login: a token may be stolen.
pub(crate) async fn of_user(
    settings: &Settings,
    host: &Host,
    user: UserRow,
    password: &str,
    client: &Client,
) -> Result<(), Refusal> {
    login::may_sign(settings)?;
    host.identify(settings, client.counted().as_deref(), Some(&user.email));
    host.within(settings, client, Some(&user.email)).await?;
    let result = delete(settings, host, user, password, client).await;
    match &result {
        Ok(()) => host.tell(settings, SecurityEventKind::AccountDeleted, None).await,
        Err(refusal) => host.tell_refusal(settings, refusal).await,
    }
    result
}

/// If the password or the token version changes in between, it begins again, and finds that the token or the password is not valid any more.
async fn delete(
    settings: &Settings,
    host: &Host,
    user: UserRow,
    password: &str,
    client: &Client,
) -> Result<(), Refusal> {
    for _ in 0..login::ATTEMPTS {
        let found = confirmed(settings, host, &user, password, client).await?;
        let deletion = UserDeletion {
            user_id: found.id,
            password: found.password,
            token_version: found.token_version,
            with_sessions: settings.refresh_token_expire_minutes.is_some(),
            account: LoginKeys::of(settings, &found.email, None).map(|keys| keys.account),
        };
        if host.changed(Question::DeleteUser(deletion)).await? {
            return Ok(());
        }
    }
    Err(Refusal::Busy)
}
