//! The gate: the routes, and the same logins without HTTP.

use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::{
    access,
    ask::{Host, Step, UserRow, start},
    json::Json,
    login::{self, Credentials},
    logout, me,
    password::Rounds,
    refresh,
    refusal::Refusal,
    reply::Reply,
    request::Request,
    settings::Settings,
    token::{AccessToken, Claims, TokenRefusal, UserId, provider::ProviderKeys},
    tokens::{self, AtOnce, Issued},
    users,
};

/// Answers requests, by asking its host for what it needs.
///
/// ```
/// use edgegate::{
///     ask::{Answer, Question, Step},
///     gate::Gate,
///     password::work_out,
///     request::Request,
///     settings::{Settings, Vars},
/// };
///
/// let vars = Vars { secret_key: Some("0123456789abcdef0123456789abcdef".into()), ..Vars::default() };
/// let gate = Gate::new(Settings::try_from(vars)?);
///
/// let mut request = Request::new("POST", "https://example.com/login");
/// request.content_type = Some("application/x-www-form-urlencoded".to_owned());
/// let mut step = gate.handle(request, 1_700_000_000);
/// let reply = loop {
///     step = match step {
///         Step::Done(reply) => break reply,
///         Step::Ask(question, pending) => pending.answer(match question {
///             Question::Body { .. } => Answer::Body(b"username=a@b.c&password=x".to_vec()),
///             Question::UserByEmail { .. } => Answer::User(None), // SELECT .. FROM users
///             Question::Work { jobs, .. } => work_out(&jobs, &|| false).map_or(Answer::Busy, Answer::Worked),
///             _ => Answer::Unavailable,
///         }),
///     }
/// };
/// assert_eq!((reply.status, reply.body.as_str()), (403, r#"{"detail":"Invalid Credentials"}"#));
/// # Ok::<(), edgegate::settings::SettingsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Gate {
    settings: Arc<Settings>,
    provider_keys: Arc<Mutex<ProviderKeys>>,
}

impl Gate {
    /// A gate with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), provider_keys: Arc::default() }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers a request at `now`, in seconds since 1970.
    #[must_use]
    pub fn handle(&self, request: Request, now: u64) -> Step<Reply> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move { reply(&settings, &host, &request, now).await })
    }

    /// Logs in without HTTP.
    #[must_use]
    pub fn login(&self, credentials: Credentials, now: u64) -> Step<Result<AccessToken, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move {
            login::with_credentials(&settings, &host, &mut Rounds::default(), &credentials, now).await
        })
    }

    /// The user whose token this `Authorization` header carries.
    #[must_use]
    pub fn current_user(&self, authorization: Option<String>, now: u64) -> Step<Result<UserRow, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move { me::current_user(&settings, &host, authorization.as_deref(), now).await })
    }

    /// A new token for a refresh token that is good, which is used up by it.
    #[must_use]
    pub fn refresh(&self, refresh_token: String, now: u64) -> Step<Result<AccessToken, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move { refresh::with_token(&settings, &host, &refresh_token, now).await })
    }

    /// Logs the user whose token this `Authorization` header carries out everywhere. Needs `REVOCATION`.
    #[must_use]
    pub fn log_out(&self, authorization: Option<String>, now: u64) -> Step<Result<(), Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move {
            if !settings.revocation {
                return Err(Refusal::UnknownPath);
            }
            logout::log_out(&settings, &host, authorization.as_deref(), now).await
        })
    }

    /// A token for this user, as a login would answer with, and with these claims besides.
    ///
    /// # Errors
    /// [`TokenRefusal::Claim`] for a user's id outside plus or minus 2^53 - 1, and for a claim that a setting decides;
    /// [`TokenRefusal::Key`] when no key can sign.
    #[must_use]
    pub fn issue_token(
        &self,
        user_id: i64,
        claims: Vec<(String, Json)>,
        now: u64,
    ) -> Step<Result<String, TokenRefusal>> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move {
            let claims = access::claims(&settings, UserId::new(user_id)?, &claims, now, now)?;
            tokens::sign(&settings.ring, &host, &claims).await
        })
    }

    /// [`Gate::issue_token`] without a machine, for a host that signs by itself.
    ///
    /// # Errors
    /// As there.
    pub fn issue_token_at_once(
        &self,
        user_id: i64,
        claims: &[(String, Json)],
        now: u64,
    ) -> Result<Issued, TokenRefusal> {
        let claims = access::claims(&self.settings, UserId::new(user_id)?, claims, now, now)?;
        tokens::sign_at_once(&self.settings.ring, &claims)
    }

    /// The claims of a token that holds at `now`: of one of ours, or of the identity provider's.
    ///
    /// # Errors
    /// Each of [`TokenRefusal`].
    #[must_use]
    pub fn verify_token(&self, token: String, now: u64) -> Step<Result<Claims, TokenRefusal>> {
        let (settings, provider_keys) = (Arc::clone(&self.settings), Arc::clone(&self.provider_keys));
        start(move |host| async move { tokens::verify_any(&settings, &provider_keys, &host, &token, now).await })
    }

    /// [`Gate::verify_token`] without a machine, for a host that checks signatures by itself.
    #[must_use]
    pub fn verify_token_at_once(&self, token: &str, now: u64) -> AtOnce {
        tokens::at_once(&self.settings, &self.provider_keys, token, now)
    }

    /// What the key of this number is imported from, a JWK; `None` when it has gone out of use. With `private`, to sign.
    #[must_use]
    pub fn jwk(&self, number: u32, private: bool) -> Option<Zeroizing<String>> {
        let provided = tokens::lock(&self.provider_keys);
        let mut keys = self.settings.ring.keys().iter().chain(provided.keys());
        keys.find(|key| key.number() == number).map(|key| Zeroizing::new(key.jwk(private).to_string()))
    }
}

const LOGIN: &str = "/login";
const ME: &str = "/me";
const USERS: &str = "/users";
const LOGOUT: &str = "/logout";
const JWKS: &str = "/.well-known/jwks.json";

async fn reply(settings: &Settings, host: &Host, request: &Request, now: u64) -> Reply {
    let mut rounds = Rounds::default();
    let path = request.path();
    let reply = route(settings, host, &mut rounds, request, &path, now)
        .await
        .unwrap_or_else(|refusal| Reply::refused(&refusal));
    let reply = Reply { rounds: rounds.get(), ..reply };
    match allowed_method(settings, &path) {
        Some(_) if path == JWKS => reply,
        // RFC 6749 5.1 wants it where tokens are; the others tell of a user.
        Some(_) => reply.header("cache-control", "no-store"),
        None => reply,
    }
}

async fn route(
    settings: &Settings,
    host: &Host,
    rounds: &mut Rounds,
    request: &Request,
    path: &str,
    now: u64,
) -> Result<Reply, Refusal> {
    let content_type = request.content_type.as_deref();
    match (request.method.as_str(), path) {
        ("POST", LOGIN) => {
            login::with_form(settings, host, rounds, content_type, now).await.map(|token| Reply::logged_in(&token))
        }
        ("GET", ME) => {
            me::current_user(settings, host, request.authorization.as_deref(), now).await.map(|user| Reply::user(&user))
        }
        ("POST", USERS) => users::create(settings, host, rounds, content_type).await.map(|user| Reply::created(&user)),
        ("POST", LOGOUT) if settings.revocation => {
            logout::log_out(settings, host, request.authorization.as_deref(), now).await.map(|()| Reply::logged_out())
        }
        ("GET", JWKS) => Ok(Reply::jwk_set(&settings.ring.public_jwk_set())),
        _ => Err(no_route(settings, request, path)),
    }
}

/// As Starlette does it: another method, else another slash, else nothing.
fn no_route(settings: &Settings, request: &Request, path: &str) -> Refusal {
    if let Some(allow) = allowed_method(settings, path) {
        return Refusal::Method { allow };
    }
    let without_slash = path.trim_end_matches('/');
    if allowed_method(settings, without_slash).is_some() {
        return Refusal::Slash { location: request.with_path(without_slash) };
    }
    Refusal::UnknownPath
}

fn allowed_method(settings: &Settings, path: &str) -> Option<&'static str> {
    match path {
        LOGIN | USERS => Some("POST"),
        LOGOUT if settings.revocation => Some("POST"),
        ME | JWKS => Some("GET"),
        _ => None,
    }
}
