//! `POST /users`: a new user.

use zeroize::Zeroizing;

use crate::{
    ask::{Host, Question, UserRow},
    new_user::NewUser,
    password::{self, PasswordError, Work},
    refusal::Refusal,
    settings::Settings,
};

/// Reads the body, hashes the password and stores the user.
pub(crate) async fn create(
    settings: &Settings,
    host: &Host,
    work: &mut Work,
    content_type: Option<&str>,
) -> Result<UserRow, Refusal> {
    if !settings.registration_open {
        return Err(Refusal::RegistrationClosed);
    }
    let body = Zeroizing::new(host.body().await?);
    let user = NewUser::parse(content_type, &body)?;
    let password = password::hash_counted(work, &user.password, settings.bcrypt_cost)?;
    let question = Question::InsertUser { email: user.email.as_str().to_owned(), password };
    host.user(question).await?.ok_or(Refusal::EmailTaken)
}

impl From<PasswordError> for Refusal {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Randomness => Self::Internal("the system gave no randomness"),
            // A parsed `NewUser` holds none of these.
            PasswordError::Empty | PasswordError::TooLong | PasswordError::Nul | PasswordError::Cost => {
                Self::Internal("a password passed the form and not the hash")
            }
        }
    }
}
