//! `POST /login`: exchanges e-mail address and password for a token (RFC 6749 4.3).

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::refresh;
use crate::{
    fastapi::{LoginForm, TokenForm},
    host::{Host, Question, access_token},
    http::Refusal,
    limits::{EMAIL_MAX_BYTES, PASSWORD_MAX_CHARS},
    password::{self, Job, PasswordHash, Rounds},
    settings::Settings,
    token::AccessToken,
    user::UserRow,
};

/// The credentials of a login.
///
/// ```
/// let credentials = edgegate::Credentials::new("ada@example.com", "correct horse");
/// assert_eq!(credentials.username, "ada@example.com");
/// ```
#[derive(Clone)]
pub struct Credentials {
    /// The e-mail address.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl Credentials {
    /// Creates credentials; both texts are copied.
    ///
    /// ```
    /// let credentials = edgegate::Credentials::new("ada@example.com", "correct horse");
    /// assert_eq!(credentials.password.as_str(), "correct horse");
    /// ```
    #[must_use]
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: Zeroizing::new(password.to_owned()) }
    }
}

/// Reads the form and logs in.
pub(crate) async fn with_form(
    settings: &Settings,
    host: &Host,
    rounds: &mut Rounds,
    content_type: Option<&str>,
    now: u64,
) -> Result<AccessToken, Refusal> {
    let body = Zeroizing::new(host.body().await?);
    let form = match settings.refresh_token_expire_minutes {
        None => TokenForm::Login(LoginForm::parse(content_type, &body)?),
        Some(_) => TokenForm::parse(content_type, &body)?,
    };
    match form {
        TokenForm::Login(form) => {
            let credentials = Credentials::new(&form.username, &form.password);
            let user = authenticate(settings, host, rounds, &credentials).await?;
            accept(settings, host, &user, &Map::new(), now).await
        }
        TokenForm::Refresh(token) => refresh::with_token(settings, host, &token, now).await,
    }
}

/// Finds the user and checks the password. Every refusal computes the same number of rounds.
pub(crate) async fn authenticate(
    settings: &Settings,
    host: &Host,
    rounds: &mut Rounds,
    credentials: &Credentials,
) -> Result<UserRow, Refusal> {
    let user = match stored_name(&credentials.username) {
        Some(email) => {
            host.user(Question::UserByEmail { email: email.to_owned(), with_valid_after: settings.revocation }).await?
        }
        None => None,
    };
    let checked = check(settings, host, rounds, user, &credentials.password).await;
    if !matches!(checked, Ok(_) | Err(Refusal::Busy | Refusal::Internal(_))) {
        // Every refusal computes the same number of rounds. So the response time does not show whether the user is unknown,
        // the password is wrong, or the stored hash is invalid or of a lower cost.
        while let Some(cost) = rounds.missing(settings.bcrypt_cost.get()) {
            host.work(rounds, [Job::dummy(cost, &credentials.password)]).await?;
        }
    }
    checked
}

/// Issues the tokens of an authenticated user, with further claims in the access token.
pub(crate) async fn accept(
    settings: &Settings,
    host: &Host,
    user: &UserRow,
    claims: &Map<String, Value>,
    now: u64,
) -> Result<AccessToken, Refusal> {
    // A login in the same second as a logout everywhere must return a token that is accepted.
    let iat = now.max(user.tokens_valid_after.and_then(|after| u64::try_from(after).ok()).unwrap_or(0));
    let token = access_token::issue(settings, host, &user.id, claims, now, iat).await;
    let access_token = token.map_err(access_token::unsigned)?;
    let refresh = refresh::begin(settings, host, user.id.clone(), now).await?;
    Ok(AccessToken { access_token, token_type: "bearer", refresh })
}

/// Checks the user's password, and with `REHASH` replaces a stored hash of a lower cost.
async fn check(
    settings: &Settings,
    host: &Host,
    rounds: &mut Rounds,
    user: Option<UserRow>,
    password: &str,
) -> Result<UserRow, Refusal> {
    let user = user.ok_or(Refusal::UnknownUser)?;
    if password.chars().count() > PASSWORD_MAX_CHARS {
        return Err(Refusal::OverlongPassword);
    }
    let stored = PasswordHash::parse(&user.password)?;
    let job = stored.job(password.as_bytes());
    let new = if settings.rehash && stored.cost() < settings.bcrypt_cost.get() {
        // A password that cannot be hashed now, such as one of more than 72 bytes, keeps its hash.
        password::prepare(password, settings.bcrypt_cost).ok()
    } else {
        None
    };
    let Some((new, new_job)) = new else {
        let [hashed] = host.work(rounds, [job]).await?;
        return stored.is(&hashed).then_some(user).ok_or(Refusal::WrongPassword);
    };
    let [hashed, new_hashed] = host.work(rounds, [job, new_job]).await?;
    if !stored.is(&hashed) {
        return Err(Refusal::WrongPassword);
    }
    host.replace_hash(user.id.clone(), user.password.clone(), new.finish(&new_hashed)).await;
    Ok(user)
}

/// The name to look up: trimmed, as `POST /users` stores it. It need not be an e-mail address, because other backends have
/// stored other names. PostgreSQL does not accept a NUL in a text.
fn stored_name(username: &str) -> Option<&str> {
    Some(username.trim())
        .filter(|name| !name.is_empty() && name.len() <= EMAIL_MAX_BYTES && !name.as_bytes().contains(&0))
}
