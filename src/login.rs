//! `POST /login`: e-mail and password in, token out (RFC 6749 4.3).

use zeroize::Zeroizing;

use crate::{
    ask::{Host, Question},
    form::LoginForm,
    limits::EMAIL_MAX_BYTES,
    password::{self, Mismatch, Work},
    refusal::Refusal,
    settings::Settings,
    token::{self, AccessToken, Claims, TokenRefusal, UserId},
};

/// What a login is tried with.
#[derive(Clone)]
pub struct Credentials {
    /// The e-mail address.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl Credentials {
    /// The two fields of the form that count here.
    #[must_use]
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: Zeroizing::new(password.to_owned()) }
    }
}

/// Reads the form and logs in.
pub(crate) async fn with_form(
    settings: &Settings,
    host: &Host,
    work: &mut Work,
    content_type: Option<&str>,
    now: u64,
) -> Result<AccessToken, Refusal> {
    let body = Zeroizing::new(host.body().await?);
    let form = LoginForm::parse(content_type, &body)?;
    with_credentials(settings, host, work, &Credentials::new(&form.username, &form.password), now).await
}

/// Finds the user, checks the password and issues a token.
pub(crate) async fn with_credentials(
    settings: &Settings,
    host: &Host,
    work: &mut Work,
    credentials: &Credentials,
    now: u64,
) -> Result<AccessToken, Refusal> {
    let user = match stored_name(&credentials.username) {
        Some(email) => host.user(Question::UserByEmail { email: email.to_owned() }).await?,
        None => None,
    };
    let stored = user.as_ref().map(|user| user.password.as_str());
    password::check_login(work, &credentials.password, stored, settings.bcrypt_cost)?;
    let user = user.ok_or(Refusal::UnknownUser)?;
    issue(settings, user.id, now).map_err(|_| Refusal::Internal("the user's id does not fit a token"))
}

/// A token for this user that expires as the settings say.
pub(crate) fn issue(settings: &Settings, user_id: i64, now: u64) -> Result<AccessToken, TokenRefusal> {
    let lifetime = u64::from(settings.access_token_expire_minutes).saturating_mul(60);
    let claims = Claims::new(UserId::new(user_id)?, now.saturating_add(lifetime));
    Ok(AccessToken { access_token: token::issue(&claims, &settings.key)?, token_type: "bearer" })
}

/// What may stand in the table: the address, trimmed as it was when the user was made. No more is asked of it, for
/// other backends have stored names that are no addresses. PostgreSQL takes no NUL in a text.
fn stored_name(username: &str) -> Option<&str> {
    Some(username.trim()).filter(|name| !name.is_empty() && name.len() <= EMAIL_MAX_BYTES && !name.contains('\0'))
}

impl From<Mismatch> for Refusal {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::NoUser => Self::UnknownUser,
            Mismatch::Wrong => Self::WrongPassword,
            Mismatch::Overlong => Self::OverlongPassword,
            Mismatch::Stored(error) => Self::StoredHash(error),
        }
    }
}
