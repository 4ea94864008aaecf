//! The settings, by the names that FastAPI backends use.

use std::fmt;

use crate::{
    limits::{
        ACCESS_TOKEN_EXPIRE_MINUTES_DEFAULT, ACCESS_TOKEN_EXPIRE_MINUTES_MAX, HASH_COST_DEFAULT, HASH_COSTS,
        SECRET_KEY_MIN_BYTES,
    },
    password::Cost,
    token::TokenKey,
};

/// The settings as the environment gives them: texts, not yet looked at.
///
/// The names in the environment are the fields' in capitals: `SECRET_KEY` and so on.
#[derive(Clone, Default)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), serde(rename_all = "SCREAMING_SNAKE_CASE"))]
pub struct Vars {
    /// The secret that signs the tokens: at least 32 bytes, used as its exact UTF-8 bytes.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub secret_key: Option<String>,
    /// The algorithm of the tokens: `HS256`, which is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub algorithm: Option<String>,
    /// How many minutes a token lives; 30 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub access_token_expire_minutes: Option<String>,
    /// The cost of new password hashes, 10 to 14; 12 by default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub bcrypt_cost: Option<String>,
    /// `on` replaces a stored hash of a lower cost than `BCRYPT_COST` at the next login; `off` is the default.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub rehash: Option<String>,
    /// `open` lets anybody create a user; `closed`, the default, nobody.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | number"))]
    pub registration: Option<String>,
}

/// The settings, looked at and found good.
#[derive(Debug)]
pub struct Settings {
    /// Signs and verifies.
    pub key: TokenKey,
    /// How many minutes a token lives.
    pub access_token_expire_minutes: u32,
    /// The cost of new hashes, and what every refused login is made to cost.
    pub bcrypt_cost: Cost,
    /// Whether a login replaces a stored hash of a lower cost.
    pub rehash: bool,
    /// Whether anybody may create a user.
    pub registration_open: bool,
}

/// Which setting is wrong, and how to mend it. The value is never part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Vars {
    /// Reads each setting by its name, as from the environment.
    ///
    /// ```
    /// use edgegate::settings::{Settings, Vars};
    ///
    /// let vars = Vars::read(|name| (name == "SECRET_KEY").then(|| "0123456789abcdef0123456789abcdef".to_owned()));
    /// let settings = Settings::try_from(vars)?;
    /// assert_eq!(settings.access_token_expire_minutes, 30);
    ///
    /// let error = Settings::try_from(Vars::default()).unwrap_err();
    /// assert_eq!(error.setting, "SECRET_KEY");
    /// # Ok::<(), edgegate::settings::SettingsError>(())
    /// ```
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            secret_key: variable(SECRET_KEY),
            algorithm: variable(ALGORITHM),
            access_token_expire_minutes: variable(ACCESS_TOKEN_EXPIRE_MINUTES),
            bcrypt_cost: variable(BCRYPT_COST),
            rehash: variable(REHASH),
            registration: variable(REGISTRATION),
        }
    }
}

impl TryFrom<Vars> for Settings {
    type Error = SettingsError;

    fn try_from(vars: Vars) -> Result<Self, SettingsError> {
        Ok(Self {
            key: secret_key(vars.secret_key.as_deref(), vars.algorithm.as_deref())?,
            access_token_expire_minutes: minutes(vars.access_token_expire_minutes.as_deref())?,
            bcrypt_cost: bcrypt_cost(vars.bcrypt_cost.as_deref())?,
            rehash: switch(REHASH, vars.rehash.as_deref(), ["off", "on"])?,
            registration_open: switch(REGISTRATION, vars.registration.as_deref(), ["closed", "open"])?,
        })
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.setting, self.message)
    }
}

impl std::error::Error for SettingsError {}

const SECRET_KEY: &str = "SECRET_KEY";
const ALGORITHM: &str = "ALGORITHM";
const ACCESS_TOKEN_EXPIRE_MINUTES: &str = "ACCESS_TOKEN_EXPIRE_MINUTES";
const BCRYPT_COST: &str = "BCRYPT_COST";
const REHASH: &str = "REHASH";
const REGISTRATION: &str = "REGISTRATION";

fn secret_key(secret: Option<&str>, algorithm: Option<&str>) -> Result<TokenKey, SettingsError> {
    const MEND: &str = "`openssl rand -hex 32` makes one, `wrangler secret put SECRET_KEY` sets it for a Worker";
    match algorithm.unwrap_or("HS256") {
        "HS256" => {}
        _ => return Err(error(ALGORITHM, "is not supported: set it to HS256, or leave it out".to_owned())),
    }
    let secret = secret.unwrap_or_default().as_bytes();
    match secret.len() {
        0 => Err(error(SECRET_KEY, format!("is missing: {MEND}"))),
        1..SECRET_KEY_MIN_BYTES => Err(error(
            SECRET_KEY,
            format!("is too short: HS256 wants at least {SECRET_KEY_MIN_BYTES} bytes (RFC 7518 3.2); {MEND}"),
        )),
        _ => Ok(TokenKey::hs256(secret)),
    }
}

fn minutes(text: Option<&str>) -> Result<u32, SettingsError> {
    let range = 1..=ACCESS_TOKEN_EXPIRE_MINUTES_MAX;
    integer(ACCESS_TOKEN_EXPIRE_MINUTES, text, ACCESS_TOKEN_EXPIRE_MINUTES_DEFAULT, &range)
}

fn bcrypt_cost(text: Option<&str>) -> Result<Cost, SettingsError> {
    let cost = integer(BCRYPT_COST, text, HASH_COST_DEFAULT, &HASH_COSTS)?;
    Cost::new(cost).map_err(|_| out_of_range(BCRYPT_COST, &HASH_COSTS))
}

fn switch(setting: &'static str, text: Option<&str>, [off, on]: [&str; 2]) -> Result<bool, SettingsError> {
    match text {
        Some(text) if text == on => Ok(true),
        Some(text) if text == off || text.is_empty() => Ok(false),
        None => Ok(false),
        Some(_) => Err(error(setting, format!("is neither `{on}` nor `{off}`"))),
    }
}

fn integer(
    setting: &'static str,
    text: Option<&str>,
    default: u32,
    range: &std::ops::RangeInclusive<u32>,
) -> Result<u32, SettingsError> {
    text.map_or(Some(default), |text| text.trim().parse().ok())
        .filter(|value| range.contains(value))
        .ok_or_else(|| out_of_range(setting, range))
}

fn out_of_range(setting: &'static str, range: &std::ops::RangeInclusive<u32>) -> SettingsError {
    error(setting, format!("is not a whole number from {} to {}", range.start(), range.end()))
}

fn error(setting: &'static str, message: String) -> SettingsError {
    SettingsError { setting, message }
}
