//! `POST /login`: exchanges e-mail address and password for a token (RFC 6749 4.3).

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{refresh, trickle};
use crate::{
    fastapi::{LoginForm, TokenForm, is_space, looked_up},
    host::{Host, LoginKeys, LoginState, Question, SecurityEventKind, access_token, hash_mix},
    http::{Client, Refusal, Request, UpstreamFailure},
    limits::{ARGON2ID_COST, EMAIL_MAX_BYTES, PASSWORD_MAX_CHARS},
    password::{HashError, Job, PasswordHash, SchemeJob},
    settings::{EmailVerification, Settings},
    token::{AccessToken, TokenRefusal},
    unicode::Unicode,
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
    /// The IP address of the client, if the host knows it, for the rate limit.
    pub address: Option<String>,
}

impl Credentials {
    /// Creates credentials without an address; both texts are copied.
    ///
    /// ```
    /// let credentials = edgegate::Credentials::new("ada@example.com", "correct horse");
    /// assert_eq!(credentials.password.as_str(), "correct horse");
    /// ```
    #[must_use]
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: Zeroizing::new(password.to_owned()), address: None }
    }
}

/// Answers `POST /login`. `cookie` is the refresh token for a form without one.
pub(crate) async fn with_form(
    settings: &Settings,
    host: &Host,
    request: &Request,
    cookie: Option<&str>,
) -> Result<AccessToken, Refusal> {
    let content_type = request.content_type.as_deref();
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let form = match settings.refresh_token_expire_minutes {
        None => TokenForm::Login(LoginForm::parse(content_type, &body)?),
        Some(_) => TokenForm::parse(content_type, &body, cookie)?,
    };
    let client = Client::of(request);
    match form {
        TokenForm::Login(form) => {
            let credentials = Credentials::new(&form.username, &form.password);
            with_credentials(settings, host, &credentials, &client, None).await
        }
        TokenForm::Refresh(token) => {
            host.within(settings, &client, None).await?;
            refresh::with_token(settings, host, &token).await
        }
    }
}

/// The further claims of a user's access token, instead of those of the host.
pub(crate) type FurtherClaims<'c> =
    Option<&'c (dyn Fn(&UserRow) -> Result<Map<String, Value>, TokenRefusal> + Send + Sync)>;

/// Finds the user, checks the password and returns the tokens.
///
/// A login that becomes invalid while its password is checked, by a new password or by a logout everywhere, begins again.
pub(crate) async fn with_credentials(
    settings: &Settings,
    host: &Host,
    credentials: &Credentials,
    client: &Client,
    claims: FurtherClaims<'_>,
) -> Result<AccessToken, Refusal> {
    may_sign(settings)?;
    let name = stored_name(&credentials.username, &settings.unicode);
    let account = name.as_deref().unwrap_or(&credentials.username);
    let counted = client.counted();
    host.identify(settings, counted.as_deref(), Some(account));
    host.within(settings, client, Some(account)).await?;
    let result = log_in(settings, host, credentials, name.as_deref(), client, claims).await;
    match &result {
        Ok(_) => host.tell(settings, SecurityEventKind::Login, None).await,
        Err(refusal) => host.tell_refusal(settings, refusal).await,
    }
    result
}

/// Without a key that signs there are no keyed hashes to count by, and no token to give: no password is checked.
pub(super) fn may_sign(settings: &Settings) -> Result<(), Refusal> {
    settings.ring.signing().map(drop).ok_or(Refusal::Unsigned(TokenRefusal::Key))
}

async fn log_in(
    settings: &Settings,
    host: &Host,
    credentials: &Credentials,
    name: Option<&str>,
    client: &Client,
    claims: FurtherClaims<'_>,
) -> Result<AccessToken, Refusal> {
    for _ in 0..ATTEMPTS {
        let Authenticated { user, rehash } = known_or_moved(settings, host, credentials, name, client).await?;
        let further = match claims {
            Some(claims) => claims(&user).map_err(Refusal::Unsigned)?,
            None if settings.asks_claims => host.claims(user.clone().into()).await?,
            None => Map::new(),
        };
        let Some(tokens) = accept(settings, host, &user, client, &further).await? else { continue };
        if rehash {
            let (settings, password) = (settings.clone(), credentials.password.clone());
            host.later(|host| async move {
                // What cannot be hashed anew, such as a password of more than 72 bytes, keeps its hash.
                if let Ok(new) = host.hashed(&settings, &password).await {
                    host.note(Question::ReplaceHash { id: user.id, old: user.password, new }).await;
                }
            })
            .await;
        }
        return Ok(tokens);
    }
    Err(Refusal::Busy)
}

/// Finds the user and checks the password. With `TRICKLE`, an unknown user whom the other backend accepts is stored, and found then.
async fn known_or_moved(
    settings: &Settings,
    host: &Host,
    credentials: &Credentials,
    name: Option<&str>,
    client: &Client,
) -> Result<Authenticated, Refusal> {
    let found = authenticate(settings, host, name, &credentials.password, client).await;
    match (found, settings.trickle(), name) {
        (Err(Refusal::UnknownUser), Some(upstream), Some(name)) => {
            let moved = trickle::move_in(settings, host, upstream, credentials, name).await;
            // Its password was right, or nobody has checked it: it is no failure.
            if !matches!(moved, Err(Refusal::UnknownUser))
                && let Some(keys) = LoginKeys::of(settings, name, client.known_by().as_deref())
            {
                host.note(keys.taken_back()).await;
            }
            let id = moved?;
            match authenticate(settings, host, Some(name), &credentials.password, client).await {
                Ok(found) if settings.rules.names(&id, &found.user.id) => Ok(found),
                Ok(_) | Err(Refusal::UnknownUser) => Err(UpstreamFailure::Taken.into()),
                Err(refusal) => Err(refusal),
            }
        }
        (found, ..) => found,
    }
}

/// A second login in a row that becomes invalid is not a race any more.
pub(super) const ATTEMPTS: u8 = 2;

/// A user whose password was right.
pub(super) struct Authenticated {
    pub(super) user: UserRow,
    /// Whether the stored hash has a lower cost than new ones, with `REHASH=on`.
    rehash: bool,
}

/// Finds the user and checks the password.
///
/// Every refusal is one job of the same number of rounds, and the same statements. So neither the time nor the place in the queue
/// shows whether the user is unknown, the password wrong, the account held up, or the stored hash invalid or of a lower cost. In a table
/// with other schemes, an unknown user has one of them, too (`HASH_MIX`).
pub(super) async fn authenticate(
    settings: &Settings,
    host: &Host,
    name: Option<&str>,
    password: &str,
    client: &Client,
) -> Result<Authenticated, Refusal> {
    let (user, login) = find(settings, host, name, client).await?;
    let now = host.seconds();
    let is_held = match &login {
        Some((keys, state)) => !state.admits(host.counted(state.count(keys, now)).await?, now),
        None => false,
    };
    let unchecked = match &user {
        _ if is_held => Some(Refusal::HeldUp),
        None => Some(Refusal::UnknownUser),
        Some(_) if password.chars().count() > PASSWORD_MAX_CHARS => Some(Refusal::OverlongPassword),
        Some(_) => None,
    };
    let stored = user.as_ref().map(|user| user.password.as_str());
    let compares = unchecked.is_none();
    let checked = match stored {
        Some(stored) => check(settings, host, stored, password, compares).await?,
        None => Err(HashError::Malformed),
    };
    if checked.is_err() {
        spend(settings, host, name, password).await?;
    }
    if let Some(refusal) = unchecked {
        return Err(refusal);
    }
    let Checked { is_right, is_outdated } = checked?;
    let user = user.filter(|_| is_right).ok_or(Refusal::WrongPassword)?;
    // At once: whatever fails from here on, the password was right and is no failure.
    if let Some((keys, state)) = login {
        host.note(state.succeeded(&keys, host.seconds())).await;
    }
    if !user.is_active {
        return Err(Refusal::InactiveUser);
    }
    if settings.email_verification() == EmailVerification::Required && !user.email_verified {
        return Err(Refusal::EmailNotVerified);
    }
    Ok(Authenticated { user, rehash: settings.rehash && is_outdated })
}

/// What was found out about a password.
struct Checked {
    is_right: bool,
    /// Whether a new hash would be of another scheme, or of a higher cost.
    is_outdated: bool,
}

/// Compares the password with a stored hash, or does the same work without comparing: the time must not show which of the two it was.
/// With an error nothing has been computed.
async fn check(
    settings: &Settings,
    host: &Host,
    stored: &str,
    password: &str,
    compares: bool,
) -> Result<Result<Checked, HashError>, Refusal> {
    let cost = settings.bcrypt_cost;
    match PasswordHash::parse(stored) {
        Ok(hash) => {
            let job = match compares {
                true => hash.login_job(password.as_bytes(), cost),
                false => Job::dummy(hash.cost().max(cost.get()), password),
            };
            let hashed = host.work(job).await?;
            let is_outdated = settings.argon2id || hash.cost() < cost.get();
            Ok(Ok(Checked { is_right: compares && hash.is(&hashed), is_outdated }))
        }
        Err(HashError::Malformed) if settings.other_schemes && !stored.is_empty() => {
            let verified = host.verified(SchemeJob::new(stored, password)).await?;
            let is_outdated = !settings.argon2id || !is_strong(stored);
            Ok(verified
                .map(|is_right| Checked { is_right: compares && is_right, is_outdated })
                .ok_or(HashError::Malformed))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Does the work of a hash where there is none: for nobody, and for a user whose stored text is none. Both have one of `HASH_MIX`.
async fn spend(settings: &Settings, host: &Host, name: Option<&str>, password: &str) -> Result<(), Refusal> {
    if let Some(mixed) = name.and_then(|name| hash_mix::of_unknown(settings, name))
        && check(settings, host, mixed, password, false).await?.is_ok()
    {
        return Ok(());
    }
    host.work(Job::dummy(settings.bcrypt_cost.get(), password)).await.map(drop)
}

/// Whether it is a hash of Argon2id, version 1.3, of at least the cost of new ones.
fn is_strong(stored: &str) -> bool {
    let [memory, passes] = ARGON2ID_COST;
    let cost = stored.strip_prefix("$argon2id$v=19$m=").and_then(|rest| rest.split_once(",t="));
    cost.is_some_and(|(m, rest)| {
        let t = rest.split(',').next().unwrap_or_default();
        m.parse().is_ok_and(|m: u32| m >= memory) && t.parse().is_ok_and(|t: u32| t >= passes)
    })
}

/// The user of this name, and what is stored about logins with it.
async fn find(
    settings: &Settings,
    host: &Host,
    name: Option<&str>,
    client: &Client,
) -> Result<(Option<UserRow>, Option<(LoginKeys, LoginState)>), Refusal> {
    let Some(email) = name.map(str::to_owned) else { return Ok((None, None)) };
    let with_token_version = settings.revocation;
    match LoginKeys::of(settings, &email, client.known_by().as_deref()) {
        Some(keys) => {
            let found = host.user_at_login(email, with_token_version, keys.clone()).await?;
            Ok((found.user, Some((keys, found.state))))
        }
        None => Ok((host.user(Question::UserByEmail { email, with_token_version }).await?, None)),
    }
}

/// The tokens of a user who has authenticated; `None` when the password or the token version has changed since.
pub(super) async fn accept(
    settings: &Settings,
    host: &Host,
    user: &UserRow,
    client: &Client,
    further: &Map<String, Value>,
) -> Result<Option<AccessToken>, Refusal> {
    let access_token = access_token::issue(settings, host, &user.id, further, user.token_version).await?;
    let refresh = match refresh::begin(settings, host, user, client).await? {
        refresh::Begun::Without => None,
        refresh::Begun::With(refresh) => Some(refresh),
        refresh::Begun::Outdated => return Ok(None),
    };
    Ok(Some(AccessToken { access_token, token_type: "bearer", refresh }))
}

/// The name to look up: trimmed and normalized, as `POST /users` stores it. It need not be an e-mail address, because other
/// backends have stored other names. PostgreSQL does not accept a NUL in a text.
pub(crate) fn stored_name(username: &str, unicode: &Unicode) -> Option<String> {
    let may_be_stored = |name: &str| !name.is_empty() && name.len() <= EMAIL_MAX_BYTES && !name.as_bytes().contains(&0);
    let typed = Some(username.trim_matches(is_space)).filter(|name| may_be_stored(name))?;
    Some(looked_up(typed, unicode)).filter(|name| may_be_stored(name))
}
