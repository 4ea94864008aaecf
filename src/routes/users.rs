//! `POST /users`: a new user.

use zeroize::Zeroizing;

use super::verification;
use crate::{
    fastapi::NewUser,
    host::{Host, Question, SecurityEventKind, invitation},
    http::{Client, Refusal, Request},
    settings::{EmailVerification, Registration, Settings},
    user::UserRow,
};

/// Reads the body, hashes the password and stores the user.
pub(crate) async fn create(settings: &Settings, host: &Host, request: &Request) -> Result<UserRow, Refusal> {
    if settings.registration == Registration::Closed {
        return Err(Refusal::RegistrationClosed);
    }
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let user = NewUser::parse(request.content_type.as_deref(), &body, &settings.password_rules(), &settings.unicode)?;
    host.identify(settings, None, Some(user.email.as_str()));
    host.within(settings, &Client::of(request), Some(user.email.as_str())).await?;
    if settings.registration == Registration::Invitation
        && !invitation::is_for(&user.invitation, &settings.ring, user.email.as_str(), host.now())
    {
        return Err(Refusal::Invitation);
    }
    host.choosable(settings, "password", &user.password, user.email.as_str()).await?;
    let password = host.hashed(settings, &user.password).await?;
    let is_unverified = settings.email_verification() != EmailVerification::Off;
    let question = Question::InsertUser { email: user.email.as_str().to_owned(), password, is_unverified };
    let user = host.user(question).await?.ok_or(Refusal::EmailTaken)?;
    host.tell(settings, SecurityEventKind::SignedUp, None).await;
    if is_unverified {
        verification::begin(settings, host, user.email.clone()).await;
    }
    Ok(user)
}
