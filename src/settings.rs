//! The settings, by the names that FastAPI backends use.

mod mail;
mod name;
mod tokens;
mod upstream;
mod value;

use std::{fmt, ops::RangeInclusive, sync::Arc};

use serde::Deserialize;
use serde_json::{Map, Value};

#[cfg(feature = "wasm-token")]
pub(crate) use self::name::NAMES;
pub use self::{
    mail::{EmailVerification, MailSettings},
    upstream::UpstreamSettings,
    value::{SettingsError, Variable},
};
use self::{
    name::{
        ACCESS_LOG, ACCESS_TOKEN_EXPIRE_MINUTES, ACCOUNT_DELETION, ALGORITHM, AUDIT, BCRYPT_COST, BODY_TIMEOUT_SECONDS,
        COMMON_PASSWORDS, CORS_ORIGINS, DOCS, EMAIL_RESET_TOKEN_EXPIRE_HOURS, EMAIL_VERIFICATION, FRONTEND_HOST,
        HASH_MIX, JWKS_AUDIENCE, JWKS_ISSUER, JWKS_URL, JWT_AUDIENCE, JWT_CLAIMS, JWT_EXP, JWT_ISSUER, JWT_KEYS,
        JWT_LEEWAY_SECONDS, JWT_MAX_AGE_SECONDS, JWT_REQUIRED_CLAIMS, LOCKOUT, PASSWORD_CHANGE, PASSWORD_MIN_LENGTH,
        PASSWORD_RECOVERY, PASSWORD_SCHEME, PROJECT_NAME, PWNED_PASSWORDS, RATE_LIMIT, REFRESH_TOKEN_EXPIRE_MINUTES,
        REFRESH_TOKEN_MAX_DAYS, REGISTRATION, REHASH, REVOCATION, SECRET_KEY, SERVER_TIMING, SHADOW, TOKEN_COOKIE,
        TRICKLE, UPSTREAM, UPSTREAM_PATHS, USER_ID_CLAIM, WRITE_BACK,
    },
    value::{integer, optional_integer, origins, switch, weighted},
};
use crate::{
    fastapi::PasswordRules,
    limits::{
        ACCESS_TOKEN_EXPIRE_MINUTES_DEFAULT, ACCESS_TOKEN_EXPIRE_MINUTES_MAX, BODY_TIMEOUT_DEFAULT_SECONDS,
        BODY_TIMEOUTS_SECONDS, HASH_COST_DEFAULT, HASH_COSTS, PASSWORD_MIN_LENGTH_DEFAULT, PASSWORD_MIN_LENGTHS,
        REFRESH_TOKEN_EXPIRE_MINUTES_MAX, REFRESH_TOKEN_MAX_DAYS_DEFAULT, REFRESH_TOKEN_MAX_DAYS_RANGE,
    },
    password::Cost,
    token::{KeyRing, Provider, Rules},
    unicode::Unicode,
};

/// The settings as the environment gives them: texts, not yet parsed.
///
/// Each environment variable has the name of the field in capitals, such as `SECRET_KEY`. `Debug` shows no value
/// because some are secret.
///
/// A number deserializes as its decimal text. Unknown names are ignored.
///
/// ```
/// use edgegate::{Settings, Vars};
///
/// let vars = Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     bcrypt_cost: Some("11".into()),
///     ..Vars::default()
/// };
/// assert_eq!(Settings::try_from(vars)?.bcrypt_cost.get(), 11);
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(default, rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Vars {
    // Keys and tokens
    /// The secret that signs tokens, used as its exact UTF-8 bytes: at least 32 bytes for HS256, 48 for HS384, 64 for
    /// HS512, and not an example of a documentation. With `JWT_KEYS` it verifies tokens without a `kid`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub secret_key: Option<Variable>,
    /// The algorithm of `SECRET_KEY`: `HS256`, which is the default, `HS384` or `HS512`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub algorithm: Option<Variable>,
    /// Keys, as a [JWK set](crate::token::Key) (RFC 7517 5), instead of `SECRET_KEY` or together with it: the first that can,
    /// signs; all verify.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_keys: Option<Variable>,
    /// How many minutes an access token lives; 30 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub access_token_expire_minutes: Option<Variable>,
    /// The claim that contains the user's id; `user_id` by default. `sub` is a string (RFC 7519 4.1.2), as in
    /// FastAPI's full-stack template.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub user_id_claim: Option<Variable>,
    /// The `iss` that tokens carry and must carry; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_issuer: Option<Variable>,
    /// The `aud` that tokens carry and must carry; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_audience: Option<Variable>,
    /// Further claims of every issued token, a JSON object; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_claims: Option<Variable>,
    /// Claims that a token must have besides `exp`, separated by commas; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_required_claims: Option<Variable>,
    /// `optional` accepts tokens without `exp`, which never expire; `required` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_exp: Option<Variable>,
    /// Allowed clock difference in seconds, at most 300; 0 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_leeway_seconds: Option<Variable>,
    /// Maximum age of a token in seconds, measured from its `iat`; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwt_max_age_seconds: Option<Variable>,

    // Tokens of an identity provider
    /// Where an identity provider publishes its keys, an `https:` URL. `verifyToken` accepts its tokens too.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwks_url: Option<Variable>,
    /// The `iss` of the identity provider's tokens.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwks_issuer: Option<Variable>,
    /// The `aud` that the identity provider's tokens must have.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub jwks_audience: Option<Variable>,

    // Sessions
    /// Enables refresh tokens, which expire when unused for this many minutes. Needs the table `sessions` (migration
    /// 3).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub refresh_token_expire_minutes: Option<Variable>,
    /// How many days after its login a session ends, however often it is used: 1 to 3660; 90 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub refresh_token_max_days: Option<Variable>,
    /// `on` adds `token_version` to tokens and enables `POST /logout`, by which a user logs out everywhere; `off` is
    /// the default. Needs the column `token_version` (migration 2).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub revocation: Option<Variable>,
    /// `on` also sets the tokens as cookies at a login, and accepts a token from its cookie; `off` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub token_cookie: Option<Variable>,

    // Passwords
    /// The cost of new hashes, 10 to 14; 12 by default. Set it to the highest cost of the stored hashes, because
    /// every refused login computes 2^cost rounds.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub bcrypt_cost: Option<Variable>,
    /// `on` replaces a stored hash of a lower cost than `BCRYPT_COST`, or of another scheme, at the user's next
    /// login; `off` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub rehash: Option<Variable>,
    /// The scheme of new hashes: `bcrypt`, the default, or `argon2id` (`m=65536,t=3,p=4`), which the host must
    /// support.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub password_scheme: Option<Variable>,
    /// Which hashes unknown users are given, for tables with several schemes or costs: `WEIGHT:STORED` for each, with
    /// spaces in between.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub hash_mix: Option<Variable>,
    /// How many characters a new password must have: 1 to 64; 8 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub password_min_length: Option<Variable>,
    /// `accept` accepts new passwords that many people have, or that are the user's e-mail address; `refuse` is the
    /// default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub common_passwords: Option<Variable>,
    /// `on` refuses new passwords that Have I Been Pwned knows, which is sent five digits of a hash; an `https:` URL
    /// asks a copy of its range search; `off` by default. If it does not answer, the password passes, and the log
    /// says so.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub pwned_passwords: Option<Variable>,

    // Accounts
    /// Who can create a user: `open` anyone, `invitation` who has an invitation, `closed` nobody, which is the
    /// default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub registration: Option<Variable>,
    /// `on` adds `PATCH /me/password`; `off` by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub password_change: Option<Variable>,
    /// `on` adds `DELETE /me`; `off` by default. The table must not give an id twice: `AUTOINCREMENT` in SQLite, as
    /// the migrations have it.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub account_deletion: Option<Variable>,
    /// `on` lets users whose password is lost set a new one by mail; `off` by default. Needs `FRONTEND_HOST`, a host
    /// that sends mails, and the table `mail_tokens` (migration 7).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub password_recovery: Option<Variable>,
    /// `on` sends new users a mail to verify their address, `required` refuses their logins before; `off` by default.
    /// Needs the same as `PASSWORD_RECOVERY`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub email_verification: Option<Variable>,
    /// The origin of the pages to which the links of mails lead, such as `https://app.example.com`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub frontend_host: Option<Variable>,
    /// How many hours the link for a new password is valid: 1 to 168; 1 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub email_reset_token_expire_hours: Option<Variable>,
    /// The name of the app, in the subject of mails; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub project_name: Option<Variable>,

    // Requests and API docs
    /// `off` disables the rate limits of logins, sign-ups and refreshes; `on` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub rate_limit: Option<Variable>,
    /// `on` delays logins after failed ones of the same account; `off` is the default. Needs the tables of migration
    /// 4.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub lockout: Option<Variable>,
    /// The origins of pages that may send requests and read the answers, such as `https://app.example.com`, separated
    /// by commas; none by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub cors_origins: Option<Variable>,
    /// How many seconds the body of a request may take to arrive: 1 to 60; 10 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub body_timeout_seconds: Option<Variable>,
    /// `on` adds `GET /openapi.json`, which describes the routes that are there, and in the Worker `/docs`; `off` by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub docs: Option<Variable>,

    // Log
    /// `on` logs every request, in one line; `off` is the default, which logs refusals and failures.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub access_log: Option<Variable>,
    /// `on` stores security events in the table `audit` (migration 5); `off` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub audit: Option<Variable>,
    /// `on` sends `Server-Timing`, which tells how long the database and the answer took; `off` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub server_timing: Option<Variable>,

    // Moving from another backend
    /// The `https:` URL of the backend that runs so far, such as `https://api.example.com`, while users move from it.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub upstream: Option<Variable>,
    /// `on` hands all requests on to `UPSTREAM`, answers as it does, and logs whether this backend would have
    /// answered the same; `off` by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub shadow: Option<Variable>,
    /// `on` asks `UPSTREAM` for a user who is unknown here, and stores who logs in there; `off` by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub trickle: Option<Variable>,
    /// `on` stores a new password at `UPSTREAM` first, and here only then; `off` by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub write_back: Option<Variable>,
    /// The paths of routes that have other ones there, such as
    /// `/login=/api/v1/login/access-token,/me=/api/v1/users/me`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub upstream_paths: Option<Variable>,
}

/// The settings, parsed and valid.
///
/// ```
/// use edgegate::{Registration, Settings, Vars};
///
/// let secret_key = Some("secret".repeat(8).into());
/// let settings = Settings::try_from(Vars { secret_key, ..Vars::default() })?;
/// assert_eq!((settings.bcrypt_cost.get(), settings.registration), (12, Registration::Closed));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vars")]
pub struct Settings {
    /// The keys that sign and verify.
    pub ring: Arc<KeyRing>,
    /// What the claims of tokens are and must be.
    pub rules: Rules,
    /// Further claims of every token.
    pub extra_claims: Map<String, Value>,
    /// The identity provider whose tokens are verified too.
    pub provider: Option<Provider>,
    /// How many minutes a token lives.
    pub access_token_expire_minutes: u32,
    /// The cost of new hashes. Every refused login computes 2^cost rounds.
    pub bcrypt_cost: Cost,
    /// Whether a login replaces a stored hash of a lower cost.
    pub rehash: bool,
    /// Who can create a user.
    pub registration: Registration,
    /// Whether a user can log out everywhere.
    pub revocation: bool,
    /// How many minutes a refresh token can stay unused; `None` disables refresh tokens.
    pub refresh_token_expire_minutes: Option<u32>,
    /// How many days after its login a session ends, however often it is used.
    pub refresh_token_max_days: u32,
    /// How many seconds the body of a request may take to arrive.
    pub body_timeout_seconds: u32,
    /// Whether a user can change the password.
    pub password_change: bool,
    /// What users do by mail; `None` if nothing.
    pub mail: Option<MailSettings>,
    /// Whether users can delete their accounts.
    pub account_deletion: bool,
    /// Whether a document describes the routes.
    pub docs: bool,
    /// Whether new hashes are of Argon2id, and not of bcrypt.
    pub argon2id: bool,
    /// Stored texts with their weights, of which an unknown user is given one.
    pub hash_mix: Vec<(u32, String)>,
    /// How many characters a new password must have.
    pub password_min_length: u32,
    /// Whether a new password is refused that many people have, or that is the user's e-mail address.
    pub refuses_common_passwords: bool,
    /// The URL to which the first digits of a hash are appended, to find passwords of data breaches; `None` disables it.
    pub pwned_passwords: Option<String>,
    /// The origins of pages that may send requests and read the answers.
    pub cors_origins: Vec<String>,
    /// Whether logins, sign-ups and refreshes have rate limits.
    pub rate_limit: bool,
    /// Whether logins are delayed after failed ones of the same account.
    pub lockout: bool,
    /// Whether every request is logged.
    pub access_log: bool,
    /// Whether security events are stored.
    pub audit: bool,
    /// Whether answers say how long they took.
    pub server_timing: bool,
    /// Whether tokens are also set and accepted as cookies.
    pub token_cookie: bool,
    /// The backend that runs so far, while users move from it.
    pub upstream: Option<UpstreamSettings>,
    /// Whether a login and a refresh ask the host for further claims, by [`Question::Claims`](crate::Question::Claims); `false` by
    /// default. Not a setting by name: it depends on the host.
    pub asks_claims: bool,
    /// Whether the host wants to know what happens to accounts, by [`Question::SecurityEvent`](crate::Question::SecurityEvent); `false` by
    /// default. Not a setting by name: it depends on the host.
    pub tells_events: bool,
    /// Whether the host verifies stored hashes of other schemes than bcrypt, by [`Question::Verify`](crate::Question::Verify); `false` by
    /// default. Not a setting by name: it depends on the host.
    pub other_schemes: bool,
    /// The operations for e-mail addresses outside ASCII. Not a setting by name: it depends on the platform.
    pub unicode: Unicode,
}

impl Vars {
    /// Reads each setting by its name, as from the environment.
    ///
    /// ```
    /// use edgegate::{Settings, Vars};
    ///
    /// let vars = Vars::read(|name| (name == "SECRET_KEY").then(|| "secret".repeat(8)));
    /// let settings = Settings::try_from(vars)?;
    /// assert_eq!(settings.access_token_expire_minutes, 30);
    ///
    /// let error = Settings::try_from(Vars::default()).unwrap_err();
    /// assert_eq!(error.setting, "SECRET_KEY");
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    pub fn read(mut variable: impl FnMut(&str) -> Option<String>) -> Self {
        let mut variable = |name| variable(name).map(Variable::from);
        Self {
            secret_key: variable(SECRET_KEY),
            algorithm: variable(ALGORITHM),
            access_token_expire_minutes: variable(ACCESS_TOKEN_EXPIRE_MINUTES),
            bcrypt_cost: variable(BCRYPT_COST),
            rehash: variable(REHASH),
            registration: variable(REGISTRATION),
            jwt_keys: variable(JWT_KEYS),
            user_id_claim: variable(USER_ID_CLAIM),
            jwt_issuer: variable(JWT_ISSUER),
            jwt_audience: variable(JWT_AUDIENCE),
            jwt_leeway_seconds: variable(JWT_LEEWAY_SECONDS),
            jwt_max_age_seconds: variable(JWT_MAX_AGE_SECONDS),
            jwt_required_claims: variable(JWT_REQUIRED_CLAIMS),
            jwt_exp: variable(JWT_EXP),
            jwt_claims: variable(JWT_CLAIMS),
            jwks_url: variable(JWKS_URL),
            jwks_issuer: variable(JWKS_ISSUER),
            jwks_audience: variable(JWKS_AUDIENCE),
            revocation: variable(REVOCATION),
            refresh_token_expire_minutes: variable(REFRESH_TOKEN_EXPIRE_MINUTES),
            refresh_token_max_days: variable(REFRESH_TOKEN_MAX_DAYS),
            body_timeout_seconds: variable(BODY_TIMEOUT_SECONDS),
            password_change: variable(PASSWORD_CHANGE),
            password_recovery: variable(PASSWORD_RECOVERY),
            email_verification: variable(EMAIL_VERIFICATION),
            email_reset_token_expire_hours: variable(EMAIL_RESET_TOKEN_EXPIRE_HOURS),
            frontend_host: variable(FRONTEND_HOST),
            project_name: variable(PROJECT_NAME),
            account_deletion: variable(ACCOUNT_DELETION),
            docs: variable(DOCS),
            password_scheme: variable(PASSWORD_SCHEME),
            hash_mix: variable(HASH_MIX),
            common_passwords: variable(COMMON_PASSWORDS),
            pwned_passwords: variable(PWNED_PASSWORDS),
            password_min_length: variable(PASSWORD_MIN_LENGTH),
            cors_origins: variable(CORS_ORIGINS),
            rate_limit: variable(RATE_LIMIT),
            lockout: variable(LOCKOUT),
            access_log: variable(ACCESS_LOG),
            audit: variable(AUDIT),
            server_timing: variable(SERVER_TIMING),
            token_cookie: variable(TOKEN_COOKIE),
            upstream: variable(UPSTREAM),
            upstream_paths: variable(UPSTREAM_PATHS),
            shadow: variable(SHADOW),
            trickle: variable(TRICKLE),
            write_back: variable(WRITE_BACK),
        }
    }
}

impl Settings {
    /// How long a token lives, in seconds.
    ///
    /// ```
    /// # use edgegate::{Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let vars = Vars { secret_key, access_token_expire_minutes: Some("5".into()), ..Vars::default() };
    /// assert_eq!(Settings::try_from(vars)?.access_token_lifetime(), 300);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn access_token_lifetime(&self) -> u64 {
        u64::from(self.access_token_expire_minutes).saturating_mul(60)
    }
}

impl Settings {
    /// Refuses a name that is probably meant to be a setting: it differs from one by letter case, or by one character, by two if the
    /// name is longer than 12 characters. `names` are those of the environment, which has others too.
    ///
    /// A name is not refused if the setting that it resembles is there as well, nor if that has fewer than 9 characters.
    ///
    /// # Errors
    /// The setting that is probably meant.
    ///
    /// ```
    /// use edgegate::Settings;
    ///
    /// assert!(Settings::check_names(["SECRET_KEY", "PATH", "STRIPE_SECRET_KEY"]).is_ok());
    /// let error = Settings::check_names(["SECRET_KEY", "ACCESS_TOKEN_EXPIRE_MINUTE"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "ACCESS_TOKEN_EXPIRE_MINUTES is misspelt: there is no setting ACCESS_TOKEN_EXPIRE_MINUTE",
    /// );
    /// ```
    pub fn check_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<(), SettingsError> {
        let names: Vec<&str> = names.into_iter().collect();
        match names.iter().find_map(|given| Some((*given, name::meant_by(given, &names)?))) {
            Some((given, meant)) => Err(SettingsError::new(meant, format!("is misspelt: there is no setting {given}"))),
            None => Ok(()),
        }
    }

    pub(crate) fn password_rules(&self) -> PasswordRules {
        PasswordRules { min_length: self.password_min_length, refuses_common: self.refuses_common_passwords }
    }

    /// Whether the addresses of new users are verified.
    ///
    /// ```
    /// # use edgegate::{EmailVerification, Settings, Vars};
    /// # let secret_key = Some("secret".repeat(8).into());
    /// let settings = Settings::try_from(Vars { secret_key, ..Vars::default() })?;
    /// assert_eq!(settings.email_verification(), EmailVerification::Off);
    /// # Ok::<(), edgegate::SettingsError>(())
    /// ```
    #[must_use]
    pub fn email_verification(&self) -> EmailVerification {
        self.mail.as_ref().map(|mail| mail.verification).unwrap_or_default()
    }

    /// Whether users whose password is lost can set a new one.
    pub(crate) fn recovers_passwords(&self) -> bool {
        self.mail.as_ref().is_some_and(|mail| mail.recovery)
    }

    /// The backend that answers all requests.
    pub(crate) fn shadow(&self) -> Option<&UpstreamSettings> {
        self.upstream.as_ref().filter(|upstream| upstream.shadow)
    }

    /// The backend from which unknown users move.
    pub(crate) fn trickle(&self) -> Option<&UpstreamSettings> {
        self.upstream.as_ref().filter(|upstream| upstream.trickle)
    }

    /// The backend that stores new passwords, too.
    pub(crate) fn write_back(&self) -> Option<&UpstreamSettings> {
        self.upstream.as_ref().filter(|upstream| upstream.write_back)
    }

    pub(crate) fn asks_events(&self) -> bool {
        self.audit || self.tells_events
    }

    /// The same settings with another lifetime of access tokens.
    ///
    /// # Errors
    /// As for `ACCESS_TOKEN_EXPIRE_MINUTES`.
    pub(crate) fn with_lifetime(&self, minutes: u32) -> Result<Self, SettingsError> {
        if !MINUTES.contains(&minutes) {
            return Err(SettingsError::out_of_range(ACCESS_TOKEN_EXPIRE_MINUTES, &MINUTES));
        }
        Ok(Self { access_token_expire_minutes: minutes, ..self.clone() })
    }
}

impl fmt::Debug for Vars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vars").finish_non_exhaustive()
    }
}

impl TryFrom<Vars> for Settings {
    type Error = SettingsError;

    fn try_from(vars: Vars) -> Result<Self, SettingsError> {
        let vars = &vars;
        let rules = tokens::rules(vars)?;
        let ring = tokens::ring(vars)?;
        let registration = registration(vars.registration.as_deref())?;
        if registration != Registration::Closed && ring.signing().is_none() {
            return Err(SettingsError::new(REGISTRATION, "needs a key that signs: new users log in next"));
        }
        let password_change = switch(PASSWORD_CHANGE, vars.password_change.as_deref(), ["off", "on"])?;
        if password_change && ring.signing().is_none() {
            return Err(SettingsError::new(PASSWORD_CHANGE, "needs a key that signs, for the new token"));
        }
        let mail = mail::mail(vars)?;
        Ok(Self {
            ring: Arc::new(ring),
            extra_claims: tokens::extra_claims(vars, &rules)?,
            provider: tokens::provider(vars, &rules)?,
            rules,
            access_token_expire_minutes: minutes(vars.access_token_expire_minutes.as_deref())?,
            bcrypt_cost: bcrypt_cost(vars.bcrypt_cost.as_deref())?,
            rehash: switch(REHASH, vars.rehash.as_deref(), ["off", "on"])?,
            registration,
            revocation: switch(REVOCATION, vars.revocation.as_deref(), ["off", "on"])?,
            refresh_token_expire_minutes: optional_integer(
                REFRESH_TOKEN_EXPIRE_MINUTES,
                vars.refresh_token_expire_minutes.as_deref(),
                &(1..=REFRESH_TOKEN_EXPIRE_MINUTES_MAX),
            )?,
            refresh_token_max_days: integer(
                REFRESH_TOKEN_MAX_DAYS,
                vars.refresh_token_max_days.as_deref(),
                REFRESH_TOKEN_MAX_DAYS_DEFAULT,
                &REFRESH_TOKEN_MAX_DAYS_RANGE,
            )?,
            body_timeout_seconds: integer(
                BODY_TIMEOUT_SECONDS,
                vars.body_timeout_seconds.as_deref(),
                BODY_TIMEOUT_DEFAULT_SECONDS,
                &BODY_TIMEOUTS_SECONDS,
            )?,
            password_change,
            mail: mail.clone(),
            account_deletion: switch(ACCOUNT_DELETION, vars.account_deletion.as_deref(), ["off", "on"])?,
            docs: switch(DOCS, vars.docs.as_deref(), ["off", "on"])?,
            argon2id: switch(PASSWORD_SCHEME, vars.password_scheme.as_deref(), ["bcrypt", "argon2id"])?,
            hash_mix: weighted(HASH_MIX, vars.hash_mix.as_deref())?,
            password_min_length: integer(
                PASSWORD_MIN_LENGTH,
                vars.password_min_length.as_deref(),
                PASSWORD_MIN_LENGTH_DEFAULT,
                &PASSWORD_MIN_LENGTHS,
            )?,
            refuses_common_passwords: !switch(
                COMMON_PASSWORDS,
                vars.common_passwords.as_deref(),
                ["refuse", "accept"],
            )?,
            pwned_passwords: pwned_passwords(vars.pwned_passwords.as_deref())?,
            cors_origins: origins(CORS_ORIGINS, vars.cors_origins.as_deref())?,
            rate_limit: !switch(RATE_LIMIT, vars.rate_limit.as_deref(), ["on", "off"])?,
            lockout: switch(LOCKOUT, vars.lockout.as_deref(), ["off", "on"])?,
            access_log: switch(ACCESS_LOG, vars.access_log.as_deref(), ["off", "on"])?,
            audit: switch(AUDIT, vars.audit.as_deref(), ["off", "on"])?,
            server_timing: switch(SERVER_TIMING, vars.server_timing.as_deref(), ["off", "on"])?,
            token_cookie: switch(TOKEN_COOKIE, vars.token_cookie.as_deref(), ["off", "on"])?,
            upstream: upstream::upstream(vars, registration, mail.as_ref())?,
            asks_claims: false,
            tells_events: false,
            other_schemes: false,
            unicode: Unicode::default(),
        })
    }
}

/// Who can create a user.
///
/// ```
/// use edgegate::{Registration, Settings, Vars};
///
/// let (secret_key, registration) = (Some("secret".repeat(8).into()), Some("invitation".into()));
/// let settings = Settings::try_from(Vars { secret_key, registration, ..Vars::default() })?;
/// assert_eq!(settings.registration, Registration::Invitation);
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Nobody.
    Closed,
    /// Whoever has an invitation of [`Gate::invite`](crate::Gate::invite).
    Invitation,
    /// Anyone.
    Open,
}

fn pwned_passwords(text: Option<&str>) -> Result<Option<String>, SettingsError> {
    match text.unwrap_or_default() {
        "" | "off" => Ok(None),
        "on" => Ok(Some(PWNED_PASSWORDS_URL.to_owned())),
        url if is_https_folder(url) => Ok(Some(url.to_owned())),
        _ => Err(SettingsError::new(
            PWNED_PASSWORDS,
            "is none of `on`, `off` and an https: URL of a host and a path that ends with a slash",
        )),
    }
}

/// Whether the URL has a host, a path that ends with a slash, and nothing else but a port: what is appended to it must be a part of the path,
/// and `fetch` names a URL that it refuses in its error.
fn is_https_folder(url: &str) -> bool {
    let Some((authority, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_in =
        |text: &str, others: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte));
    !host.is_empty()
        && is_in(host, b"-.")
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && is_in(path, b"-._~/")
        && (path.is_empty() || path.ends_with('/'))
}

/// The range search of Have I Been Pwned, version 3 of its API.
const PWNED_PASSWORDS_URL: &str = "https://api.pwnedpasswords.com/range/";

fn registration(text: Option<&str>) -> Result<Registration, SettingsError> {
    match text.unwrap_or_default() {
        "" | "closed" => Ok(Registration::Closed),
        "invitation" => Ok(Registration::Invitation),
        "open" => Ok(Registration::Open),
        _ => Err(SettingsError::new(REGISTRATION, "is none of `open`, `invitation` and `closed`")),
    }
}

const MINUTES: RangeInclusive<u32> = 1..=ACCESS_TOKEN_EXPIRE_MINUTES_MAX;

fn minutes(text: Option<&str>) -> Result<u32, SettingsError> {
    integer(ACCESS_TOKEN_EXPIRE_MINUTES, text, ACCESS_TOKEN_EXPIRE_MINUTES_DEFAULT, &MINUTES)
}

fn bcrypt_cost(text: Option<&str>) -> Result<Cost, SettingsError> {
    let cost = integer(BCRYPT_COST, text, HASH_COST_DEFAULT, &HASH_COSTS)?;
    Cost::new(cost).map_err(|_| SettingsError::out_of_range(BCRYPT_COST, &HASH_COSTS))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use serde::{
        Deserialize as _,
        de::{
            IntoDeserializer as _,
            value::{Error, I64Deserializer},
        },
    };
    use serde_json::json;

    use super::{Settings, Variable, Vars, name::NAMES};

    #[test]
    fn the_environment_and_serde_read_the_same_names() {
        let asked = RefCell::new(Vec::new());
        Vars::read(|name| {
            asked.borrow_mut().push(name.to_owned());
            None
        });
        let mut names = NAMES.map(str::to_owned).to_vec();
        names.sort();
        asked.borrow_mut().sort();
        assert_eq!(*asked.borrow(), names);
        for setting in NAMES {
            let read = Vars::read(|name| (name == setting).then(|| "text".to_owned()));
            assert!(read != Vars::default(), "{setting}");
            // A derived `Deserialize` gives each name to one field.
            assert!(
                serde_json::from_value::<Vars>(json!({ setting: "text", "OTHER": [] })).unwrap() == read,
                "{setting}"
            );
        }
    }

    #[test]
    fn numbers_are_texts_and_other_types_are_refused() {
        let secret = "secret".repeat(8);
        let settings = |cost| serde_json::from_value::<Settings>(json!({ "SECRET_KEY": secret, "BCRYPT_COST": cost }));
        assert_eq!(settings(json!(10)).unwrap().bcrypt_cost.get(), 10);
        assert_eq!(settings(json!("10")).unwrap().bcrypt_cost.get(), 10);
        // JavaScript has no integers.
        assert_eq!(settings(json!(10.0)).unwrap().bcrypt_cost.get(), 10);
        let integer: I64Deserializer<Error> = 10_i64.into_deserializer();
        assert!(Variable::deserialize(integer).unwrap() == "10".into());
        for cost in [json!(10.5), json!(true), json!([10]), json!(9), json!(-1)] {
            assert!(settings(cost.clone()).is_err(), "{cost}");
        }
    }
}
