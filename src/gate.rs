//! The gate: the routes, and the same operations without HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;
#[cfg(feature = "wasm-token")]
use {
    crate::token::{Check, Signing, sign},
    serde_json::{Map, Value},
};

use crate::{
    fastapi::{NewPassword, new_address, new_password},
    host::{Counter, Limit, Session, Step, UpstreamReply, access_token, invitation, start, tokens},
    http::{Client, Refusal, Reply, Request, UpstreamFailure},
    routes::{
        self, account,
        login::{self, Credentials},
        logout, me, password, recovery, refresh, revoke, sessions,
        shadow::{self, Comparison, HandOn},
        verification,
    },
    settings::{EmailVerification, Settings, SettingsError},
    token::{AccessToken, Claims, ProviderKeys, TokenRefusal, to_members},
    user::{User, UserId, UserRow},
};

/// Answers requests. It asks its host for everything that needs I/O, CPU-bound work or cryptography.
///
/// ```
/// use edgegate::{Answer, Gate, Question, Request, Settings, Step, Vars};
///
/// let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
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
///             Question::Work { job } => job.work_out(&|| false).map_or(Answer::Busy, Answer::Worked),
///             _ => Answer::Unavailable,
///         }, 1_700_000_000),
///     }
/// };
/// assert_eq!((reply.status, reply.body.as_str()), (403, r#"{"detail":"Invalid Credentials"}"#));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Gate {
    settings: Arc<Settings>,
    provider_keys: Arc<Mutex<ProviderKeys>>,
    counter: Arc<Mutex<Counter>>,
}

impl Gate {
    /// Creates a gate with these settings.
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert!(!gate.settings().password_change);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), provider_keys: Arc::default(), counter: Arc::default() }
    }

    /// Returns the settings.
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert_eq!(gate.settings().access_token_lifetime(), 1800);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the same gate with another lifetime of the access tokens that it issues.
    ///
    /// # Errors
    /// When `minutes` is no value of `ACCESS_TOKEN_EXPIRE_MINUTES`.
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert_eq!(gate.with_lifetime(5)?.settings().access_token_lifetime(), 300);
    /// assert!(gate.with_lifetime(0).is_err());
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    pub fn with_lifetime(&self, minutes: u32) -> Result<Self, SettingsError> {
        Ok(Self { settings: Arc::new(self.settings.with_lifetime(minutes)?), ..self.clone() })
    }

    /// Returns the same gate with [`Settings::asks_claims`].
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert!(gate.with_host_claims().settings().asks_claims);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn with_host_claims(&self) -> Self {
        let settings = Settings { asks_claims: true, ..(*self.settings).clone() };
        Self { settings: Arc::new(settings), ..self.clone() }
    }

    /// Returns the same gate with [`Settings::tells_events`].
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert!(gate.with_events().settings().tells_events);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn with_events(&self) -> Self {
        let settings = Settings { tells_events: true, ..(*self.settings).clone() };
        Self { settings: Arc::new(settings), ..self.clone() }
    }

    /// Returns the same gate with [`Settings::other_schemes`].
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert!(gate.with_other_schemes().settings().other_schemes);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn with_other_schemes(&self) -> Self {
        let settings = Settings { other_schemes: true, ..(*self.settings).clone() };
        Self { settings: Arc::new(settings), ..self.clone() }
    }

    /// Answers a request at `now`, in seconds since 1970.
    ///
    /// ```
    /// # use edgegate::{Gate, Request, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// let step = gate.handle(Request::new("GET", "https://example.com/me"), 1_700_000_000);
    /// assert_eq!(step.done().map(|reply| reply.status), Some(401));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn handle(&self, request: Request, now: u64) -> Step<Reply> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move { routes::reply(&settings, &host, &request).await })
    }

    /// Where the host hands this request on to, with `SHADOW=on`. It answers as that backend does, and then, if
    /// [`HandOn::is_compared`] is set, has [`Gate::compare`] work out what this one would have answered.
    ///
    /// ```
    /// # use edgegate::{Gate, Request, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert_eq!(gate.hand_on(&Request::new("GET", "https://example.com/me")), None);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn hand_on(&self, request: &Request) -> Option<HandOn> {
        shadow::hand_on(&self.settings, request)
    }

    /// Returns the reply to a request that could not be handed on.
    ///
    /// ```
    /// # use edgegate::{Gate, Request, Settings, Vars, http::UpstreamFailure};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// let reply = gate.not_handed_on(&Request::new("GET", "https://example.com/me"), UpstreamFailure::TimedOut);
    /// assert_eq!((reply.status, reply.body.as_str()), (504, r#"{"detail":"Gateway Timeout"}"#));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn not_handed_on(&self, request: &Request, failure: UpstreamFailure) -> Reply {
        shadow::not_handed_on(&self.settings, request, failure)
    }

    /// Compares the answer of the backend of `UPSTREAM` to a request with what this gate would have answered at `now`, in seconds since
    /// 1970. See [`Comparison`]. The host logs it.
    #[must_use]
    pub fn compare(&self, request: Request, body: Vec<u8>, theirs: UpstreamReply, now: u64) -> Step<Comparison> {
        let (settings, body) = (Arc::clone(&self.settings), Zeroizing::new(body));
        start(now, move |host| async move { shadow::compare(&settings, &host, &request, &body, &theirs).await })
    }

    /// Whether a request is within the rate limits, by a counter in the memory of this process. Counts it then.
    ///
    /// A client may make 60 requests a minute, and 10 may name one account. It is the answer to [`Question::Limit`](crate::Question)
    /// for a host whose processes are few and long-lived. Others ask a service that all of them share.
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars, host::Limit};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// let limit = Limit { client: None, account: Some("AAAAAAAAAAAAAAAAAAAAAA".into()) };
    /// let within = (0..20).filter(|_| gate.within_limit(&limit, 1_700_000_000)).count();
    /// assert_eq!(within, 10);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn within_limit(&self, limit: &Limit, now: u64) -> bool {
        self.counter.lock().unwrap_or_else(PoisonError::into_inner).admit(limit, now)
    }

    /// Whether a route has the path of this request, for any method and also with a trailing slash.
    ///
    /// ```
    /// # use edgegate::{Gate, Request, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert!(gate.owns(&Request::new("GET", "https://example.com/login")));
    /// assert!(!gate.owns(&Request::new("GET", "https://example.com/")));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn owns(&self, request: &Request) -> bool {
        routes::owns(&self.settings, request)
    }

    /// Returns the value of `Authorization` for [`Gate::current_user`] and others: that of the header or, with `TOKEN_COOKIE=on`, one
    /// with the token of the cookie.
    ///
    /// # Errors
    /// [`Refusal::CrossSite`] when a cookie would authenticate a request of another origin whose method is unsafe, and
    /// [`TokenRefusal::Malformed`] when the cookie is there twice.
    ///
    /// ```
    /// use edgegate::{Gate, Refusal, Request, Settings, Vars};
    ///
    /// let secret_key = Some("secret".repeat(8).into());
    /// let token_cookie = Some("on".into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, token_cookie, ..Vars::default() })?);
    /// let mut request = Request::new("POST", "https://example.com/orders");
    /// request.cookie = Some("__Host-access_token=a.b.c".into());
    /// assert_eq!(gate.authorization(&request), Ok(Some("Bearer a.b.c".into())));
    /// request.fetch_site = Some("cross-site".into());
    /// assert_eq!(gate.authorization(&request), Err(Refusal::CrossSite));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    pub fn authorization(&self, request: &Request) -> Result<Option<String>, Refusal> {
        routes::authorization(&self.settings, request).map(|value| value.map(Into::into))
    }

    /// Logs in without HTTP at `now`, in seconds since 1970. All refusals compute the same number of bcrypt rounds.
    ///
    /// ```
    /// # use edgegate::{Credentials, Gate, Question, Settings, Step, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// let step = gate.login(Credentials::new("ada@example.com", "correct horse"), 1_700_000_000);
    /// assert!(matches!(step, Step::Ask(Question::Limit(_), _)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn login(&self, credentials: Credentials, now: u64) -> Step<Result<AccessToken, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            login::with_credentials(&settings, &host, &credentials, &Client::at(credentials.address.as_deref()), None)
                .await
        })
    }

    /// Logs in as [`Gate::login`] does and adds claims to the access token. The claims are a type that serializes to a JSON
    /// object.
    ///
    /// A token from [`Gate::refresh`] does not have these claims. It has only the claims of the settings.
    ///
    /// ```
    /// use edgegate::{Credentials, Gate, Question, Settings, Step, Vars};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Role {
    ///     role: String,
    /// }
    ///
    /// let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// let gate = Gate::new(Settings::try_from(vars)?);
    /// let credentials = Credentials::new("user@example.com", "secret");
    /// let role = |user: &edgegate::User| Role {
    ///     role: user.columns.get("role").and_then(|role| role.as_str()).unwrap_or("guest").to_owned(),
    /// };
    /// let step = gate.login_with_claims(credentials, role, 1_700_000_000);
    /// assert!(matches!(step, Step::Ask(Question::Limit(_), _)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn login_with_claims<C: Serialize>(
        &self,
        credentials: Credentials,
        claims: impl Fn(&User) -> C + Send + Sync + 'static,
        now: u64,
    ) -> Step<Result<AccessToken, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            let claims = |user: &UserRow| to_members(&claims(&user.clone().into()));
            login::with_credentials(
                &settings,
                &host,
                &credentials,
                &Client::at(credentials.address.as_deref()),
                Some(&claims),
            )
            .await
        })
    }

    /// Returns the user of the bearer token in this `Authorization` header (RFC 6750 2.1). `now` is in seconds since 1970.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// assert_eq!(gate.current_user(None, 1_700_000_000).done(), Some(Err(Refusal::NoToken)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn current_user(&self, authorization: Option<String>, now: u64) -> Step<Result<User, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            me::current_user(&settings, &host, authorization.as_deref()).await.map(User::from)
        })
    }

    /// Returns the user as [`Gate::current_user`] does, with the claims of the token as a type of the caller.
    ///
    /// # Errors
    /// [`TokenRefusal::Claims`] when the claims do not deserialize to that type, and the errors of [`Gate::current_user`].
    ///
    /// ```
    /// use edgegate::{Answer, Gate, Settings, Step, UserRow, Vars};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Role {
    ///     role: String,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// let (gate, now) = (Gate::new(Settings::try_from(vars)?), 1_700_000_000);
    /// let token = gate.issue_token(7, &Role { role: "admin".into() }, now).done().ok_or("a secret asks no host")??;
    ///
    /// let step = gate.current_user_with_claims::<Role>(Some(format!("Bearer {token}")), now);
    /// let Step::Ask(_, pending) = step else { panic!("it asks for the user") };
    /// let row = r#"{"id": 7, "email": "ada@example.com", "password": null, "created_at": "2026-11-24"}"#;
    /// let step = pending.answer(Answer::User(Some(serde_json::from_str::<UserRow>(row)?)), now);
    /// let (user, claims) = step.done().ok_or("no further question")??;
    /// assert_eq!((user.email.as_str(), claims.role.as_str()), ("ada@example.com", "admin"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn current_user_with_claims<C: DeserializeOwned + 'static>(
        &self,
        authorization: Option<String>,
        now: u64,
    ) -> Step<Result<(User, C), Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            let (user, claims) = me::authenticate(&settings, &host, authorization.as_deref()).await?;
            Ok((user.into(), claims.to()?))
        })
    }

    /// Exchanges a refresh token for an access token and the next refresh token (RFC 6749 6). A refresh token can be used once.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars, http::RefreshRefusal};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `REFRESH_TOKEN_EXPIRE_MINUTES`, every refresh token is refused.
    /// assert_eq!(gate.refresh("token".into(), 1_700_000_000).done(), Some(Err(Refusal::RefreshToken(RefreshRefusal::Malformed))));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn refresh(&self, refresh_token: String, now: u64) -> Step<Result<AccessToken, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move { refresh::with_token(&settings, &host, &refresh_token).await })
    }

    /// Revokes all tokens of the user of the bearer token in this `Authorization` header. Needs `REVOCATION`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `REVOCATION`, there is no logout.
    /// assert_eq!(gate.log_out(None, 1_700_000_000).done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn log_out(&self, authorization: Option<String>, now: u64) -> Step<Result<(), Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            if !settings.revocation {
                return Err(Refusal::UnknownPath);
            }
            logout::log_out(&settings, &host, authorization.as_deref()).await
        })
    }

    /// Changes the password of the user of the bearer token in this `Authorization` header, revokes the user's tokens, ends the user's
    /// sessions, and returns new tokens. `address` is that of the client, for the limits. Needs `PASSWORD_CHANGE`; without `REVOCATION`,
    /// access tokens remain valid until they expire.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `PASSWORD_CHANGE`, there is no such operation.
    /// let step = gate.change_password(None, "correct horse", "battery staple", None, 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn change_password(
        &self,
        authorization: Option<String>,
        current: &str,
        new: &str,
        address: Option<String>,
        now: u64,
    ) -> Step<Result<AccessToken, Refusal>> {
        let settings = Arc::clone(&self.settings);
        let passwords = NewPassword::new(current, new, &settings.password_rules());
        start(now, move |host| async move {
            if !settings.password_change {
                return Err(Refusal::UnknownPath);
            }
            let user = me::current_user(&settings, &host, authorization.as_deref()).await?;
            password::of_user(&settings, &host, user, &passwords?, &Client::at(address.as_deref())).await
        })
    }

    /// Has a mail sent with a link to set a new password, if there is a user with this address: by [`Question::Later`](crate::Question). The
    /// result is the same if there is none. `address` is that of the client, for the limits. Needs `PASSWORD_RECOVERY`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `PASSWORD_RECOVERY`, there is no such operation.
    /// let step = gate.recover_password("ada@example.com", None, 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn recover_password(&self, email: &str, address: Option<String>, now: u64) -> Step<Result<(), Refusal>> {
        let (settings, email) = (Arc::clone(&self.settings), email.to_owned());
        start(now, move |host| async move {
            if !settings.recovers_passwords() {
                return Err(Refusal::UnknownPath);
            }
            recovery::request(&settings, &host, &email, &Client::at(address.as_deref())).await
        })
    }

    /// Stores a new password of the user who has got this token by mail, ends the user's sessions, and with `REVOCATION` revokes the user's
    /// tokens. A token can be used once. Needs `PASSWORD_RECOVERY`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `PASSWORD_RECOVERY`, there is no such operation.
    /// let step = gate.reset_password("token", "correct horse", None, 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn reset_password(
        &self,
        token: &str,
        new: &str,
        address: Option<String>,
        now: u64,
    ) -> Step<Result<(), Refusal>> {
        let (settings, token) = (Arc::clone(&self.settings), Zeroizing::new(token.to_owned()));
        let new = new_password(new, &settings.password_rules());
        start(now, move |host| async move {
            if !settings.recovers_passwords() {
                return Err(Refusal::UnknownPath);
            }
            recovery::reset(&settings, &host, &token, &new?, &Client::at(address.as_deref())).await
        })
    }

    /// Has a mail sent with a link to verify the address, if there is a user with this address and it is not verified: by
    /// [`Question::Later`](crate::Question). The result is the same otherwise. `address` is that of the client, for the limits. Needs
    /// `EMAIL_VERIFICATION`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `EMAIL_VERIFICATION`, there is no such operation.
    /// let step = gate.request_verification("ada@example.com", None, 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn request_verification(&self, email: &str, address: Option<String>, now: u64) -> Step<Result<(), Refusal>> {
        let (settings, email) = (Arc::clone(&self.settings), email.to_owned());
        start(now, move |host| async move {
            with_verification(&settings)?;
            verification::request(&settings, &host, &email, &Client::at(address.as_deref())).await
        })
    }

    /// Marks the address of the user who has got this token by mail as verified. Needs `EMAIL_VERIFICATION`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `EMAIL_VERIFICATION`, there is no such operation.
    /// assert_eq!(gate.verify_email("token", None, 1_700_000_000).done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn verify_email(&self, token: &str, address: Option<String>, now: u64) -> Step<Result<(), Refusal>> {
        let (settings, token) = (Arc::clone(&self.settings), Zeroizing::new(token.to_owned()));
        start(now, move |host| async move {
            with_verification(&settings)?;
            verification::verify(&settings, &host, &token, &Client::at(address.as_deref())).await
        })
    }

    /// Deletes the user of the bearer token in this `Authorization` header, with the user's sessions. `password` is the current one, and
    /// `address` that of the client, for the limits. Needs `ACCOUNT_DELETION`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// // Without `ACCOUNT_DELETION`, there is no such operation.
    /// let step = gate.delete_user(None, "correct horse", None, 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(Refusal::UnknownPath)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn delete_user(
        &self,
        authorization: Option<String>,
        password: &str,
        address: Option<String>,
        now: u64,
    ) -> Step<Result<(), Refusal>> {
        let (settings, password) = (Arc::clone(&self.settings), Zeroizing::new(password.to_owned()));
        start(now, move |host| async move {
            if !settings.account_deletion {
                return Err(Refusal::UnknownPath);
            }
            let user = me::current_user(&settings, &host, authorization.as_deref()).await?;
            account::of_user(&settings, &host, user, &password, &Client::at(address.as_deref())).await
        })
    }

    /// Makes an invitation, with which a user with this address can sign up within `minutes` from `now`, in seconds since 1970
    /// (`REGISTRATION=invitation`). The app sends it, for example as part of a link.
    ///
    /// It is for this address, and nothing is stored: it can be used again only if the account has been deleted.
    ///
    /// # Errors
    /// [`Refusal::Body`] when the text is no e-mail address; [`Refusal::Unsigned`] when no key can sign.
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// let invitation = gate.invite("ada@example.com", 7 * 24 * 60, 1_700_000_000)?;
    /// assert_eq!(invitation.split('.').count(), 3);
    /// assert!(gate.invite("nobody", 60, 1_700_000_000).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn invite(&self, email: &str, minutes: u32, now: u64) -> Result<String, Refusal> {
        let email = new_address(email, &self.settings.unicode)?;
        let expires_at = now.saturating_add(u64::from(minutes).saturating_mul(60));
        let invitation = invitation::issue(&self.settings.ring, email.as_str(), expires_at);
        invitation.ok_or(Refusal::Unsigned(TokenRefusal::Key))
    }

    /// Ends the session of this refresh token (RFC 7009). A token that is not valid has none, and is no error. The access tokens of
    /// the session remain valid until they expire. Needs `REFRESH_TOKEN_EXPIRE_MINUTES`.
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// let secret_key = Some("secret".repeat(8).into());
    /// let refresh_token_expire_minutes = Some("60".into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, refresh_token_expire_minutes, ..Vars::default() })?);
    /// assert_eq!(gate.revoke("no token".into(), 1_700_000_000).done(), Some(Ok(())));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn revoke(&self, refresh_token: String, now: u64) -> Step<Result<(), Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            with_sessions(&settings)?;
            revoke::with_token(&settings, &host, &refresh_token).await
        })
    }

    /// Lists the live sessions of the user of the bearer token in this `Authorization` header. Needs
    /// `REFRESH_TOKEN_EXPIRE_MINUTES`.
    ///
    /// ```
    /// use edgegate::{Answer, Gate, Question, Settings, Step, UserRow, Vars, host::Session};
    ///
    /// let secret_key = Some("secret".repeat(8).into());
    /// let refresh_token_expire_minutes = Some("60".into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, refresh_token_expire_minutes, ..Vars::default() })?);
    /// let now = 1_700_000_000;
    /// let token = gate.issue_token(7, &serde_json::json!({}), now).done().ok_or("a secret asks no host")??;
    ///
    /// let mut step = gate.sessions(Some(format!("Bearer {token}")), now);
    /// let sessions = loop {
    ///     step = match step {
    ///         Step::Done(result) => break result?,
    ///         Step::Ask(question, pending) => pending.answer(match question {
    ///             Question::UserById { id, .. } => { // SELECT .. FROM users
    ///                 Answer::User(Some(UserRow::new(id, "ada@example.com", "$2b$12$", "2026-11-24")))
    ///             }
    ///             Question::Sessions { .. } => Answer::Sessions(vec![Session { // SELECT .. FROM sessions
    ///                 id: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
    ///                 created_at: 1_700_000_000,
    ///                 last_used_at: 1_700_000_000,
    ///                 expires_at: 1_700_003_600,
    ///                 user_agent: Some("curl/8".into()),
    ///                 address: None,
    ///             }]),
    ///             _ => Answer::Unavailable,
    ///         }, now),
    ///     }
    /// };
    /// assert_eq!(sessions[0].user_agent.as_deref(), Some("curl/8"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sessions(&self, authorization: Option<String>, now: u64) -> Step<Result<Vec<Session>, Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            with_sessions(&settings)?;
            sessions::list(&settings, &host, authorization.as_deref()).await
        })
    }

    /// Ends one session of the user of the bearer token in this `Authorization` header; `id` is [`Session::id`]. The access tokens of
    /// the session remain valid until they expire. Needs `REFRESH_TOKEN_EXPIRE_MINUTES`.
    ///
    /// ```
    /// # use edgegate::{Gate, Refusal, Settings, Vars};
    /// let secret_key = Some("secret".repeat(8).into());
    /// let refresh_token_expire_minutes = Some("60".into());
    /// let gate = Gate::new(Settings::try_from(Vars { secret_key, refresh_token_expire_minutes, ..Vars::default() })?);
    /// let step = gate.end_session(None, "Fq2xXIVp4hQx0P0mZkq1dA".into(), 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(Refusal::NoToken)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn end_session(&self, authorization: Option<String>, id: String, now: u64) -> Step<Result<(), Refusal>> {
        let settings = Arc::clone(&self.settings);
        start(now, move |host| async move {
            with_sessions(&settings)?;
            sessions::end(&settings, &host, authorization.as_deref(), &id).await
        })
    }

    /// Issues the token that a login of this user returns, with further claims. The claims are a type that serializes to a
    /// JSON object.
    ///
    /// # Errors
    /// [`TokenRefusal::Claim`] for an id that is not valid, and for a claim that the settings or the time of issue determine;
    /// [`TokenRefusal::Claims`] for claims that are not an object; [`TokenRefusal::Key`] when no key can sign.
    ///
    /// ```
    /// use edgegate::{Gate, Settings, Vars};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Role {
    ///     role: String,
    /// }
    ///
    /// let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
    /// let (gate, now) = (Gate::new(Settings::try_from(vars)?), 1_700_000_000);
    /// let token = gate.issue_token(7, &Role { role: "admin".into() }, now).done().ok_or("a secret asks no host")??;
    /// let token = gate.verify_token::<Role>(token, now).done().ok_or("a secret asks no host")??;
    /// assert_eq!((token.user_id, token.claims.role.as_str()), (Some(7.into()), "admin"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn issue_token(
        &self,
        user_id: impl Into<UserId>,
        claims: &impl Serialize,
        now: u64,
    ) -> Step<Result<String, TokenRefusal>> {
        let (settings, user_id, claims) = (Arc::clone(&self.settings), user_id.into(), to_members(claims));
        start(now, move |host| async move {
            let claims = access_token::claims(&settings, &user_id, &claims?, now, None)?;
            tokens::sign_by(&settings.ring, &host, &claims).await
        })
    }

    /// Verifies a token at `now`, in seconds since 1970, and returns its claims as a type of the caller. The token is one of this
    /// gate or of the identity provider.
    ///
    /// # Errors
    /// [`TokenRefusal::Claims`] when the claims do not deserialize to that type, and the errors of [`Gate::verify`].
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Role {
    ///     role: String,
    /// }
    ///
    /// let token = gate.issue_token(7, &Role { role: "admin".into() }, 1_700_000_000).done().ok_or("a secret asks no host")??;
    /// let token = gate.verify_token::<Role>(token, 1_700_000_000).done().ok_or("a secret asks no host")??;
    /// assert_eq!((token.user_id, token.claims.role.as_str()), (Some(7.into()), "admin"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn verify_token<C: DeserializeOwned + 'static>(
        &self,
        token: String,
        now: u64,
    ) -> Step<Result<Verified<C>, TokenRefusal>> {
        self.verify(token, now).map(|verdict| {
            let claims = verdict?;
            let user_id = claims.user_id().cloned();
            let issuer = if user_id.is_some() { Issuer::Own } else { Issuer::Provider };
            Ok(Verified { issuer, user_id, claims: claims.to()? })
        })
    }

    /// Verifies a token as [`Gate::verify_token`] does and returns the claims untyped.
    ///
    /// # Errors
    /// Any [`TokenRefusal`].
    ///
    /// ```
    /// # use edgegate::{Gate, Settings, Vars, token::TokenRefusal};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// # let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
    /// let step = gate.verify("no token".into(), 1_700_000_000);
    /// assert_eq!(step.done(), Some(Err(TokenRefusal::Malformed)));
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn verify(&self, token: String, now: u64) -> Step<Result<Claims, TokenRefusal>> {
        let (settings, provider_keys) = (Arc::clone(&self.settings), Arc::clone(&self.provider_keys));
        start(now, move |host| async move { tokens::verify_any(&settings, &provider_keys, &host, &token).await })
    }
}

/// Refuses what has no route without sessions.
fn with_sessions(settings: &Settings) -> Result<(), Refusal> {
    if settings.refresh_token_expire_minutes.is_some() { Ok(()) } else { Err(Refusal::UnknownPath) }
}

/// Refuses what has no route without the verification of addresses.
fn with_verification(settings: &Settings) -> Result<(), Refusal> {
    if settings.email_verification() == EmailVerification::Off { Err(Refusal::UnknownPath) } else { Ok(()) }
}

/// The claims of a verified token.
///
/// ```
/// use edgegate::{Issuer, Verified};
///
/// let issuer = Issuer::Own;
/// let token = Verified { issuer, user_id: Some(7.into()), claims: serde_json::json!({ "user_id": 7, "exp": 1_700_000_000 }) };
/// assert_eq!(token.claims["exp"], 1_700_000_000);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<C> {
    /// Who has issued the token.
    pub issuer: Issuer,
    /// The user of the token. `None` for a token of the identity provider, even if its claims name a user.
    pub user_id: Option<UserId>,
    /// The claims.
    pub claims: C,
}

/// The issuer of a verified token.
///
/// ```
/// use edgegate::{Gate, Issuer, Settings, Vars};
///
/// let secret_key = Some("secret".repeat(8).into());
/// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
/// let token = gate.issue_token(7, &serde_json::json!({}), 1_700_000_000).done().ok_or("a secret asks no host")??;
/// let token = gate.verify_token::<serde_json::Value>(token, 1_700_000_000).done().ok_or("a secret asks no host")??;
/// assert_eq!(token.issuer, Issuer::Own);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// The gate, or a backend with the same key.
    Own,
    /// The identity provider of `JWKS_URL`. Its claims name no user of the gate.
    Provider,
}

/// For the JavaScript host, which signs and checks signatures with Web Crypto.
#[cfg(feature = "wasm-token")]
impl Gate {
    /// [`Gate::issue_token`] up to the first question to the host.
    pub(crate) fn sign(
        &self,
        user_id: &UserId,
        claims: &Map<String, Value>,
        now: u64,
    ) -> Result<Signing<'_>, TokenRefusal> {
        sign(&self.settings.ring, &access_token::claims(&self.settings, user_id, claims, now, None)?)
    }

    /// [`Gate::verify`] up to the first question to the host.
    pub(crate) fn check<'t>(&self, token: &'t str, now: u64) -> Check<'t> {
        tokens::check_any(&self.settings, &self.provider_keys, token, now)
    }

    /// The JWK to import the key with this number from; `None` when the key is no longer in use. `private` includes the private
    /// member, for signing.
    pub(crate) fn jwk(&self, number: u32, private: bool) -> Option<Zeroizing<String>> {
        let provided = tokens::lock(&self.provider_keys);
        let key = self.settings.ring.keys().iter().chain(provided.keys()).find(|key| key.number() == number)?;
        match private {
            true => key.private_jwk(),
            false => serde_json::to_string(&key.jwk()?).ok().map(Zeroizing::new),
        }
    }
}
