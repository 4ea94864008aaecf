//! The gate with its store, its hasher and its clock.

use std::{
    env, fmt,
    net::IpAddr,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    body::Body,
    http::{HeaderMap, request::Parts},
};
use edgegate::{
    Answer, Credentials, Gate, Question, Refusal, Reply, Request, Settings, SettingsError, Step, User, UserId, Vars,
    Verified,
    host::{Later, Limit, Mail, SecurityEvent},
    token::{AccessToken, TokenRefusal},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tokio::{sync::Semaphore, time};

#[cfg(feature = "schemes")]
use crate::schemes::Schemes;
use crate::{
    FetchKeys, FetchPwnedPasswords, Hasher, Limiter, SendMail, Store, StoreError,
    keys::AnyKeys,
    limiter::AnyLimiter,
    mail::AnyMail,
    pwned_passwords::{AnyPwnedPasswords, is_range},
    response::TARGET,
    router::{authorization, head, of_connection, read_body},
    store::AnyStore,
};

/// The gate of an app: the routes ([`Auth::router`], [`Auth::routes`]), the state of [`CurrentUser`](crate::CurrentUser), and the
/// same operations without HTTP. Clones share everything.
///
/// ```
/// use edgegate::{Credentials, Refusal, Settings, Vars};
/// use edgegate_axum::{Auth, MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
/// let auth = Auth::new(Settings::try_from(vars)?, MemoryStore::default());
/// let refusal = auth.login(Credentials::new("ada@example.com", "correct horse")).await.unwrap_err();
/// assert_eq!(refusal, Refusal::UnknownUser);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Auth(Arc<Shared>);

struct Shared {
    gate: Gate,
    store: Box<dyn AnyStore>,
    hasher: Hasher,
    #[cfg(feature = "schemes")]
    schemes: Schemes,
    keys: Option<Box<dyn AnyKeys>>,
    limiter: Option<Box<dyn AnyLimiter>>,
    claims: Option<Box<Claims>>,
    on_event: Option<Box<OnEvent>>,
    mail: Option<Box<dyn AnyMail>>,
    pwned_passwords: Option<Box<dyn AnyPwnedPasswords>>,
    client_address: Box<ClientAddress>,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    /// What may still work after its reply.
    later: Arc<Semaphore>,
}

type Claims = dyn Fn(&User) -> Map<String, Value> + Send + Sync;
type OnEvent = dyn Fn(&SecurityEvent) + Send + Sync;
type ClientAddress = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

/// How long a store may take for a question: a database that never answers must not hold requests for ever.
const STORE_PATIENCE: Duration = Duration::from_secs(10);

/// How long a mail may take.
const MAIL_PATIENCE: Duration = Duration::from_secs(10);

/// Work after replies at once: with a store that does not answer, each has a password or an address in memory.
const LATER_MAX: usize = 1000;

/// Reads the settings from the environment: `SECRET_KEY`, `ACCESS_TOKEN_EXPIRE_MINUTES` and the others of [`Vars`].
///
/// # Errors
/// The first setting that is missing, invalid or misspelt, and `UPSTREAM`, which only the npm package has.
///
/// ```no_run
/// let settings = edgegate_axum::settings_from_env()?;
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
pub fn settings_from_env() -> Result<Settings, SettingsError> {
    let names: Vec<String> = env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    Settings::check_names(names.iter().map(String::as_str))?;
    without_upstream(Settings::try_from(Vars::read(|name| env::var(name).ok()))?)
}

/// A gate that ignored `UPSTREAM` would answer what another backend is to answer.
fn without_upstream(settings: Settings) -> Result<Settings, SettingsError> {
    match settings.upstream {
        Some(_) => Err(SettingsError { setting: "UPSTREAM", message: ONLY_NPM.to_owned() }),
        None => Ok(settings),
    }
}

const ONLY_NPM: &str = "is not for this crate: users move by the npm package, such as by the Worker";

/// What an operation was asked with.
#[derive(Default)]
pub(crate) struct Exchange<'e> {
    pub(crate) body: Option<Body>,
    pub(crate) path: Option<&'e str>,
    /// How long the store took.
    pub(crate) store: Duration,
}

impl Auth {
    /// Creates a gate with these settings and this store, and the defaults of [`AuthBuilder`].
    #[must_use]
    pub fn new(settings: Settings, store: impl Store) -> Self {
        Self::builder(settings, store).build()
    }

    /// Starts a gate with more options.
    pub fn builder(settings: Settings, store: impl Store) -> AuthBuilder {
        let gate = Gate::new(settings);
        #[cfg(feature = "schemes")]
        let gate = gate.with_other_schemes();
        AuthBuilder(Shared {
            gate,
            store: Box::new(store),
            hasher: Hasher::default(),
            #[cfg(feature = "schemes")]
            schemes: Schemes::default(),
            keys: None,
            limiter: None,
            claims: None,
            on_event: None,
            mail: None,
            pwned_passwords: None,
            client_address: Box::new(of_connection),
            clock: Box::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
            later: Arc::new(Semaphore::new(LATER_MAX)),
        })
    }

    /// The settings.
    ///
    /// ```
    /// # use edgegate::{Settings, Vars};
    /// # use edgegate_axum::{Auth, MemoryStore};
    /// # let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// let auth = Auth::new(Settings::try_from(vars)?, MemoryStore::default());
    /// assert_eq!(auth.settings().access_token_lifetime(), 1800);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.0.gate.settings()
    }

    /// The hasher, for passwords that the app sets itself.
    ///
    /// ```
    /// # use edgegate_axum::Auth;
    /// async fn hash(auth: &Auth, password: &str) -> Result<String, edgegate::Refusal> {
    ///     auth.hasher().hash(password, auth.settings().bcrypt_cost).await
    /// }
    /// ```
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// Logs in as `POST /login` does. All refusals compute the same number of bcrypt rounds.
    ///
    /// # Errors
    /// [`Refusal::UnknownUser`], [`Refusal::WrongPassword`] and others. A response must not tell these apart:
    /// [`GateRefusal`](crate::GateRefusal) does not.
    pub async fn login(&self, credentials: Credentials) -> Result<AccessToken, Refusal> {
        self.run(self.0.gate.login(credentials, self.now()), &mut Exchange::default()).await
    }

    /// Logs in as [`Auth::login`] does and adds claims to the access token, such as a role from the row of the user.
    ///
    /// # Errors
    /// Those of [`Auth::login`].
    ///
    /// ```
    /// use edgegate::{Credentials, Refusal, User, token::AccessToken};
    /// use edgegate_axum::Auth;
    /// use serde_json::json;
    ///
    /// async fn login(auth: &Auth, credentials: Credentials) -> Result<AccessToken, Refusal> {
    ///     auth.login_with_claims(credentials, |user: &User| json!({ "role": user.columns.get("role") })).await
    /// }
    /// ```
    pub async fn login_with_claims<C: Serialize>(
        &self,
        credentials: Credentials,
        claims: impl Fn(&User) -> C + Send + Sync + 'static,
    ) -> Result<AccessToken, Refusal> {
        let step = self.0.gate.login_with_claims(credentials, claims, self.now());
        self.run(step, &mut Exchange::default()).await
    }

    /// Returns the user of the bearer token in these headers, and the claims of the token, as
    /// [`CurrentUser`](crate::CurrentUser) does.
    ///
    /// # Errors
    /// [`Refusal::NoToken`], [`Refusal::Token`], [`Refusal::UserGone`], or a failure of the store.
    pub async fn current_user<C>(&self, headers: &HeaderMap) -> Result<(User, C), Refusal>
    where
        C: DeserializeOwned + Send + 'static,
    {
        let step = self.0.gate.current_user_with_claims(authorization(headers), self.now());
        self.run(step, &mut Exchange::default()).await
    }

    /// The same for a request, whose token may be in a cookie.
    pub(crate) async fn current_user_of<C>(&self, request: &Parts) -> Result<(User, C), Refusal>
    where
        C: DeserializeOwned + Send + 'static,
    {
        let step = self.0.gate.current_user_with_claims(self.authorization(request)?, self.now());
        self.run(step, &mut Exchange::default()).await
    }

    /// The value of `Authorization`, or of what the cookie stands for.
    pub(crate) fn authorization(&self, request: &Parts) -> Result<Option<String>, Refusal> {
        self.0.gate.authorization(&head(request, self.settings()))
    }

    /// Exchanges a refresh token for the next tokens (RFC 6749 6). Needs `REFRESH_TOKEN_EXPIRE_MINUTES`.
    ///
    /// # Errors
    /// [`Refusal::RefreshToken`], or a failure of the store.
    pub async fn refresh(&self, refresh_token: String) -> Result<AccessToken, Refusal> {
        self.run(self.0.gate.refresh(refresh_token, self.now()), &mut Exchange::default()).await
    }

    /// Changes the password of the user of the bearer token in these headers, revokes the user's tokens, ends the user's sessions, and
    /// returns new tokens. `address` is that of the client, for the limits. Needs `PASSWORD_CHANGE=on`.
    ///
    /// # Errors
    /// Those of [`Auth::current_user`]; [`Refusal::CurrentPassword`], [`Refusal::SamePassword`], or [`Refusal::Body`] for a new password
    /// that the rules refuse.
    pub async fn change_password(
        &self,
        headers: &HeaderMap,
        current: &str,
        new: &str,
        address: Option<IpAddr>,
    ) -> Result<AccessToken, Refusal> {
        let address = address.map(|address| address.to_string());
        let step = self.0.gate.change_password(authorization(headers), current, new, address, self.now());
        self.run(step, &mut Exchange::default()).await
    }

    /// Has a mail sent with a link to set a new password, in a task, if there is a user with this address. The result is the same if there is
    /// none. `address` is that of the client, for the limits. Needs `PASSWORD_RECOVERY=on` and [`AuthBuilder::mail`].
    ///
    /// # Errors
    /// [`Refusal::RateLimited`].
    pub async fn recover_password(&self, email: &str, address: Option<IpAddr>) -> Result<(), Refusal> {
        let address = address.map(|address| address.to_string());
        self.run(self.0.gate.recover_password(email, address, self.now()), &mut Exchange::default()).await
    }

    /// Stores a new password of the user who has got this token by mail, revokes the user's tokens, and ends the user's sessions. Needs
    /// `PASSWORD_RECOVERY=on`.
    ///
    /// # Errors
    /// [`Refusal::MailToken`]; [`Refusal::Body`] for a new password that the rules refuse.
    pub async fn reset_password(&self, token: &str, new: &str, address: Option<IpAddr>) -> Result<(), Refusal> {
        let address = address.map(|address| address.to_string());
        self.run(self.0.gate.reset_password(token, new, address, self.now()), &mut Exchange::default()).await
    }

    /// Has a mail sent with a link to verify the address, in a task, if there is a user with this address and it is not verified. The result is
    /// the same otherwise. `address` is that of the client, for the limits. Needs `EMAIL_VERIFICATION` and [`AuthBuilder::mail`].
    ///
    /// # Errors
    /// [`Refusal::RateLimited`].
    pub async fn request_verification(&self, email: &str, address: Option<IpAddr>) -> Result<(), Refusal> {
        let address = address.map(|address| address.to_string());
        self.run(self.0.gate.request_verification(email, address, self.now()), &mut Exchange::default()).await
    }

    /// Marks the address of the user who has got this token by mail as verified. Needs `EMAIL_VERIFICATION`.
    ///
    /// # Errors
    /// [`Refusal::MailToken`].
    pub async fn verify_email(&self, token: &str, address: Option<IpAddr>) -> Result<(), Refusal> {
        let address = address.map(|address| address.to_string());
        self.run(self.0.gate.verify_email(token, address, self.now()), &mut Exchange::default()).await
    }

    /// Deletes the user of the bearer token in these headers, with the user's sessions. `password` is the current one, and `address` that of
    /// the client, for the limits. Needs `ACCOUNT_DELETION=on`.
    ///
    /// # Errors
    /// Those of [`Auth::current_user`]; [`Refusal::CurrentPassword`].
    pub async fn delete_user(
        &self,
        headers: &HeaderMap,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        let address = address.map(|address| address.to_string());
        let step = self.0.gate.delete_user(authorization(headers), password, address, self.now());
        self.run(step, &mut Exchange::default()).await
    }

    /// Makes an invitation, with which a user with this address can sign up within `minutes`: [`Gate::invite`].
    ///
    /// # Errors
    /// Those of [`Gate::invite`].
    pub fn invite(&self, email: &str, minutes: u32) -> Result<String, Refusal> {
        self.0.gate.invite(email, minutes, self.now())
    }

    /// Revokes all tokens of the user of the bearer token in these headers. Needs `REVOCATION=on`.
    ///
    /// # Errors
    /// Those of [`Auth::current_user`]; [`Refusal::UnknownPath`] without `REVOCATION=on`.
    pub async fn log_out(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        self.run(self.0.gate.log_out(authorization(headers), self.now()), &mut Exchange::default()).await
    }

    /// Issues a token for this user, with further claims. The user is not looked up.
    ///
    /// # Errors
    /// Those of [`Gate::issue_token`].
    ///
    /// ```
    /// # use edgegate::{Settings, Vars};
    /// # use edgegate_axum::{Auth, MemoryStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// # let auth = Auth::new(Settings::try_from(vars)?, MemoryStore::default());
    /// let token = auth.issue_token(7, &serde_json::json!({ "role": "admin" })).await?;
    /// let token = auth.verify_token::<serde_json::Value>(token).await?;
    /// assert_eq!((token.user_id, token.claims["role"].as_str()), (Some(7.into()), Some("admin")));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn issue_token(
        &self,
        user_id: impl Into<UserId>,
        claims: &impl Serialize,
    ) -> Result<String, TokenRefusal> {
        let step = self.0.gate.issue_token(user_id, claims, self.now());
        self.run(step, &mut Exchange::default()).await
    }

    /// Verifies a token of this gate or of the identity provider of `JWKS_URL`. The store is not asked.
    ///
    /// # Errors
    /// The first failed check, as a [`TokenRefusal`].
    pub async fn verify_token<C>(&self, token: String) -> Result<Verified<C>, TokenRefusal>
    where
        C: DeserializeOwned + Send + 'static,
    {
        self.run(self.0.gate.verify_token(token, self.now()), &mut Exchange::default()).await
    }

    pub(crate) async fn handle(&self, request: Request, exchange: &mut Exchange<'_>) -> Reply {
        self.run(self.0.gate.handle(request, self.now()), exchange).await
    }

    pub(crate) fn client_address(&self, request: &Parts) -> Option<IpAddr> {
        (self.0.client_address)(request)
    }

    /// Answers the questions of the core until it is done.
    async fn run<T: 'static>(&self, mut step: Step<T>, exchange: &mut Exchange<'_>) -> T {
        loop {
            step = match step {
                Step::Done(done) => return done,
                Step::Ask(question, pending) => {
                    let answer = self.answer(question, exchange).await;
                    pending.answer(answer, self.now())
                }
            }
        }
    }

    async fn answer(&self, question: Question, exchange: &mut Exchange<'_>) -> Answer {
        match question {
            Question::Body { at_most, within_seconds } => {
                read_body(exchange.body.take().unwrap_or_default(), at_most, within_seconds).await
            }
            Question::Work { job } => self.0.hasher.work(job).await.map_or(Answer::Busy, Answer::Worked),
            #[cfg(feature = "schemes")]
            Question::Verify { job } => self.0.schemes.verify(job).await,
            #[cfg(feature = "schemes")]
            Question::Hash { job } => self.0.schemes.hash(job).await,
            #[cfg(not(feature = "schemes"))]
            Question::Verify { .. } | Question::Hash { .. } => {
                tracing::error!(target: TARGET, "PASSWORD_SCHEME=argon2id needs the feature `schemes` of edgegate-axum");
                Answer::Unavailable
            }
            Question::Limit(limit) => self.limit(&limit).await,
            #[cfg(feature = "rust_crypto")]
            Question::CheckSignature(check) => Answer::Holds(check.holds()),
            #[cfg(feature = "rust_crypto")]
            Question::Sign(job) => job.signature().map_or(Answer::Unavailable, Answer::Signature),
            #[cfg(not(feature = "rust_crypto"))]
            Question::CheckSignature(_) | Question::Sign(_) => {
                tracing::error!(target: TARGET, "signatures of key pairs need the feature `rust_crypto` of edgegate-axum");
                Answer::Unavailable
            }
            Question::Claims { user } => {
                Answer::Claims(self.0.claims.as_ref().map(|claims| claims(&user)).unwrap_or_default())
            }
            Question::JwkSet { url, at_most } => self.fetch_keys(&url, at_most).await,
            Question::Later { work } => self.begin(&work),
            Question::SendMail(mail) => self.send(mail).await,
            Question::PwnedPasswords { url, at_most } => self.fetch_pwned_passwords(&url, at_most).await,
            Question::SecurityEvent { event, store } => self.tell(event, store, exchange).await,
            question => self.ask_store(question, exchange).await,
        }
    }

    /// Without an answer, the password passes.
    async fn fetch_pwned_passwords(&self, url: &str, at_most: usize) -> Answer {
        let fetched = match &self.0.pwned_passwords {
            Some(service) => service.fetch_any(url, at_most).await,
            None => Err("PWNED_PASSWORDS needs `AuthBuilder::pwned_passwords`".into()),
        };
        let range = fetched.and_then(|range| match range.len() <= at_most && is_range(&range) {
            true => Ok(range),
            false => Err("the service of PWNED_PASSWORDS has not answered with a range".into()),
        });
        range.map_or_else(
            |error| {
                tracing::error!(target: TARGET, "a password was not searched in data breaches: {error}");
                Answer::Unavailable
            },
            Answer::PwnedPasswords,
        )
    }

    /// A mail that is not sent is logged.
    async fn send(&self, mail: Mail) -> Answer {
        let sent = match &self.0.mail {
            Some(sender) => time::timeout(MAIL_PATIENCE, sender.send_any(mail))
                .await
                .unwrap_or_else(|_| Err(format!("it has taken longer than {} s", MAIL_PATIENCE.as_secs()).into())),
            None => Err("mails need `AuthBuilder::mail`".into()),
        };
        if let Err(error) = sent {
            tracing::error!(target: TARGET, "a mail was not sent: {error}");
        }
        Answer::Done
    }

    /// Works on its own: the reply does not wait for it.
    fn begin(&self, work: &Later) -> Answer {
        let Ok(permit) = Arc::clone(&self.0.later).try_acquire_owned() else {
            tracing::error!(target: TARGET, "{LATER_MAX} requests have not ended what they do after the reply, so this one does not begin it");
            return Answer::Done;
        };
        if let Some(step) = work.begin(self.now()) {
            let auth = self.clone();
            let working = tokio::spawn(async move { auth.run(step, &mut Exchange::default()).await });
            tokio::spawn(async move {
                if working.await.is_err_and(|error| error.is_panic()) {
                    tracing::error!(target: TARGET, "work after a reply has panicked");
                }
                drop(permit);
            });
        }
        Answer::Done
    }

    /// Stores the event if it is to be stored, and calls `on_event`. A panic there changes no answer.
    async fn tell(&self, event: SecurityEvent, store: bool, exchange: &mut Exchange<'_>) -> Answer {
        let told = event.clone();
        let answer = match store {
            true => self.ask_store(Question::SecurityEvent { event, store }, exchange).await,
            false => Answer::Done,
        };
        if let Some(on_event) = &self.0.on_event
            && panic::catch_unwind(AssertUnwindSafe(|| on_event(&told))).is_err()
        {
            tracing::error!(target: TARGET, event = told.kind.name(), "on_event has panicked");
        }
        answer
    }

    async fn ask_store(&self, question: Question, exchange: &mut Exchange<'_>) -> Answer {
        let before = Instant::now();
        let answer = time::timeout(STORE_PATIENCE, self.0.store.answer(&question)).await;
        exchange.store = exchange.store.saturating_add(before.elapsed());
        match answer.unwrap_or_else(|late| Some(Err(StoreError::unavailable(late)))) {
            Some(Ok(answer)) => answer,
            Some(Err(StoreError::InvalidRow(row))) => Answer::InvalidRow(row),
            Some(Err(error)) => {
                tracing::error!(target: TARGET, ?question, path = exchange.path, "{error}");
                Answer::Unavailable
            }
            None => Answer::Unavailable,
        }
    }

    async fn limit(&self, limit: &Limit) -> Answer {
        let Some(limiter) = &self.0.limiter else {
            return Answer::WithinLimit(self.0.gate.within_limit(limit, self.now()));
        };
        limiter.ask(limit).await.map_or_else(
            |error| {
                tracing::error!(target: TARGET, "the limiter did not answer, and the request passes: {error}");
                Answer::Unavailable
            },
            Answer::WithinLimit,
        )
    }

    async fn fetch_keys(&self, url: &str, at_most: usize) -> Answer {
        let Some(keys) = &self.0.keys else {
            tracing::error!(target: TARGET, "JWKS_URL needs `AuthBuilder::keys`");
            return Answer::Unavailable;
        };
        match keys.fetch_any(url, at_most).await {
            Ok(set) => Answer::JwkSet(set),
            Err(error) => {
                tracing::error!(target: TARGET, url, "the keys were not fetched: {error}");
                Answer::Unavailable
            }
        }
    }

    fn now(&self) -> u64 {
        (self.0.clock)()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Auth").field("hasher", &self.0.hasher).finish_non_exhaustive()
    }
}

/// The options of an [`Auth`].
///
/// ```
/// use std::{net::IpAddr, num::NonZeroUsize};
/// use edgegate::{Settings, Vars};
/// use edgegate_axum::{Auth, Hasher, MemoryStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
/// let auth = Auth::builder(Settings::try_from(vars)?, MemoryStore::default())
///     .hasher(Hasher::new(NonZeroUsize::MIN))
///     // Behind a proxy that sets this header itself.
///     .client_address(|request| request.headers.get("x-real-ip")?.to_str().ok()?.parse().ok())
///     .build();
/// # Ok(())
/// # }
/// ```
pub struct AuthBuilder(Shared);

impl AuthBuilder {
    /// Computes passwords with this hasher. Default: [`Hasher::default`], one thread for each core.
    #[must_use]
    pub fn hasher(self, hasher: Hasher) -> Self {
        Self(Shared { hasher, ..self.0 })
    }

    /// Fetches the keys of `JWKS_URL` with this client. Without one, tokens of the identity provider are refused.
    #[must_use]
    pub fn keys(self, keys: impl FetchKeys) -> Self {
        Self(Shared { keys: Some(Box::new(keys)), ..self.0 })
    }

    /// Counts logins, sign-ups and refreshes by this limiter. Default: in the memory of the process, 60 requests a minute for a client
    /// and 10 for an account. `RATE_LIMIT=off` counts nothing.
    #[must_use]
    pub fn limiter(self, limiter: impl Limiter) -> Self {
        Self(Shared { limiter: Some(Box::new(limiter)), ..self.0 })
    }

    /// Adds claims to the access token of every login and refresh, such as a role from a column of the user. A login with a claim that
    /// the settings or the time decide, such as `exp`, is answered 500.
    ///
    /// ```
    /// use edgegate::{Settings, Vars};
    /// use edgegate_axum::{Auth, MemoryStore};
    /// use serde_json::{Map, Value};
    ///
    /// # let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// let role = |user: &edgegate::User| {
    ///     Map::from_iter([("role".to_owned(), user.columns.get("role").cloned().unwrap_or(Value::Null))])
    /// };
    /// let auth = Auth::builder(Settings::try_from(vars)?, MemoryStore::default()).claims(role).build();
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn claims(self, claims: impl Fn(&User) -> Map<String, Value> + Send + Sync + 'static) -> Self {
        let gate = self.0.gate.with_host_claims();
        Self(Shared { gate, claims: Some(Box::new(claims)), ..self.0 })
    }

    /// Fetches ranges of passwords of data breaches, for `PWNED_PASSWORDS`. Without it, all passwords pass, and the log says so.
    #[must_use]
    pub fn pwned_passwords(self, service: impl FetchPwnedPasswords) -> Self {
        Self(Shared { pwned_passwords: Some(Box::new(service)), ..self.0 })
    }

    /// Sends mails, for `PASSWORD_RECOVERY` and `EMAIL_VERIFICATION`. Without it, none is sent, and the log says so.
    #[must_use]
    pub fn mail(self, mail: impl SendMail) -> Self {
        Self(Shared { mail: Some(Box::new(mail)), ..self.0 })
    }

    /// Is told what happens to accounts: a login, a refused one, one that was held up, a sign-up, a new password, a refresh
    /// token that was used again, a logout everywhere. The answer waits for it, so send what takes time to a task of your own; what
    /// takes longer for a known user than for an unknown one would show in the time of the answer. A panic is logged, and changes no
    /// answer.
    ///
    /// ```
    /// use edgegate::{Settings, Vars};
    /// use edgegate_axum::{Auth, MemoryStore};
    ///
    /// # let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// let auth = Auth::builder(Settings::try_from(vars)?, MemoryStore::default())
    ///     .on_event(|event| eprintln!("{}: {:?}", event.kind.name(), event.user_id))
    ///     .build();
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn on_event(self, on_event: impl Fn(&SecurityEvent) + Send + Sync + 'static) -> Self {
        let gate = self.0.gate.with_events();
        Self(Shared { gate, on_event: Some(Box::new(on_event)), ..self.0 })
    }

    /// Determines the IP address of a client, of which the list of sessions has the network. Default: that of the connection, if
    /// the app is served with `into_make_service_with_connect_info::<SocketAddr>()`.
    ///
    /// Behind a proxy, read the header that the proxy sets, and make sure that clients cannot set it.
    #[must_use]
    pub fn client_address(self, address: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        Self(Shared { client_address: Box::new(address), ..self.0 })
    }

    /// Takes the time, in seconds since 1970, from this function, for tests. Default: the clock of the system.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Shared { clock: Box::new(now), ..self.0 })
    }

    /// Creates the gate.
    #[must_use]
    pub fn build(self) -> Auth {
        if self.0.gate.settings().upstream.is_some() {
            tracing::error!(target: TARGET, "UPSTREAM {ONLY_NPM}");
        }
        Auth(Arc::new(self.0))
    }
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuthBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use edgegate::{Settings, Vars};

    use super::without_upstream;

    #[test]
    fn a_backend_to_move_from_is_refused() {
        let settings = |upstream: Option<&str>| {
            let secret_key = Some("secret".repeat(8).into());
            Settings::try_from(Vars { secret_key, upstream: upstream.map(Into::into), ..Vars::default() }).unwrap()
        };
        assert!(without_upstream(settings(None)).is_ok());
        let error = without_upstream(settings(Some("https://old.example"))).unwrap_err();
        assert_eq!(error.setting, "UPSTREAM");
    }
}
