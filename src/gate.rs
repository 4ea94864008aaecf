//! The gate: the routes, and the same logins without HTTP.

use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::{
    host::{
        Step, access_token, start,
        tokens::{self, AtOnce, Issued},
    },
    http::{Refusal, Reply, Request},
    json::Json,
    password::Rounds,
    routes::{
        self,
        login::{self, Credentials},
        logout, me, refresh,
    },
    settings::Settings,
    token::{AccessToken, Claims, ProviderKeys, TokenRefusal},
    user::{User, UserId},
};

/// Answers requests, by asking its host for what it needs.
///
/// ```
/// use edgegate::{Answer, Gate, Question, Request, Settings, Step, Vars, password::work_out};
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
/// # Ok::<(), edgegate::SettingsError>(())
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
        start(move |host| async move { routes::reply(&settings, &host, &request, now).await })
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
    pub fn current_user(&self, authorization: Option<String>, now: u64) -> Step<Result<User, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(move |host| async move {
            me::current_user(&settings, &host, authorization.as_deref(), now).await.map(User::from)
        })
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
    /// [`TokenRefusal::Claim`] for an id that no user can have, and for a claim that a setting decides;
    /// [`TokenRefusal::Key`] when no key can sign.
    #[must_use]
    pub fn issue_token(
        &self,
        user_id: impl Into<UserId>,
        claims: Vec<(String, Json)>,
        now: u64,
    ) -> Step<Result<String, TokenRefusal>> {
        let (settings, user_id) = (Arc::clone(&self.settings), user_id.into());
        start(move |host| async move {
            let claims = access_token::claims(&settings, &user_id, &claims, now, now)?;
            tokens::sign(&settings.ring, &host, &claims).await
        })
    }

    /// [`Gate::issue_token`] without a machine, for a host that signs by itself.
    ///
    /// # Errors
    /// As there.
    pub fn issue_token_at_once(
        &self,
        user_id: &UserId,
        claims: &[(String, Json)],
        now: u64,
    ) -> Result<Issued, TokenRefusal> {
        let claims = access_token::claims(&self.settings, user_id, claims, now, now)?;
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
