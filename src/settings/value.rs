//! Parsing of setting values.

use std::{
    fmt,
    ops::{Deref, RangeInclusive},
};

use serde::{Deserialize, Deserializer, de::Visitor};
use zeroize::Zeroizing;

/// The value of one setting, as a string. It is wiped on drop, and `Debug` does not show it.
///
/// ```
/// use edgegate::Variable;
///
/// assert_eq!(&*Variable::from("30"), "30");
/// assert_eq!(&*serde_json::from_str::<Variable>("30")?, "30");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Variable(Zeroizing<String>);

impl Deref for Variable {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Variable {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Variable {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Variable").finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VariableVisitor;

        impl Visitor<'_> for VariableVisitor {
            type Value = Variable;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string or a number")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Variable, E> {
                Ok(number.to_string().into())
            }

            fn visit_u64<E>(self, number: u64) -> Result<Variable, E> {
                Ok(number.to_string().into())
            }

            fn visit_f64<E>(self, number: f64) -> Result<Variable, E> {
                Ok(number.to_string().into())
            }

            fn visit_str<E>(self, text: &str) -> Result<Variable, E> {
                Ok(text.into())
            }

            fn visit_string<E>(self, text: String) -> Result<Variable, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_any(VariableVisitor)
    }
}

/// Which setting is wrong and how to fix it. It never contains the value.
///
/// ```
/// use edgegate::{Settings, Vars};
///
/// let vars = Vars { secret_key: Some("hunter2".into()), ..Vars::default() };
/// let error = Settings::try_from(vars).unwrap_err();
/// assert_eq!(error.setting, "SECRET_KEY");
/// assert!(!error.message.contains("hunter2"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl SettingsError {
    pub(super) fn new(setting: &'static str, message: impl Into<String>) -> Self {
        Self { setting, message: message.into() }
    }

    pub(super) fn out_of_range(setting: &'static str, range: &RangeInclusive<u32>) -> Self {
        Self::new(setting, format!("is not a whole number from {} to {}", range.start(), range.end()))
    }
}

/// An empty string counts as unset: some environments cannot distinguish the two.
pub(super) fn text(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn switch(setting: &'static str, text: Option<&str>, [off, on]: [&str; 2]) -> Result<bool, SettingsError> {
    match text {
        Some(text) if text == on => Ok(true),
        Some(text) if text == off || text.is_empty() => Ok(false),
        None => Ok(false),
        Some(_) => Err(SettingsError::new(setting, format!("is neither `{on}` nor `{off}`"))),
    }
}

/// Texts with a weight each, `30:TEXT`, with spaces in between.
pub(super) fn weighted(setting: &'static str, value: Option<&str>) -> Result<Vec<(u32, String)>, SettingsError> {
    let listed = text(value).unwrap_or_default().split_ascii_whitespace();
    let part = |part: &str| {
        let (weight, text) = part.split_once(':')?;
        let weight = weight.parse().ok().filter(|weight| *weight > 0)?;
        Some((weight, text.to_owned())).filter(|_| !text.is_empty())
    };
    let error = || SettingsError::new(setting, "has a part that is not `WEIGHT:STORED`, such as `60:$2b$12$...`");
    listed.map(|listed| part(listed).filter(|(_, stored)| is_stored_hash(stored)).ok_or_else(error)).collect()
}

/// Whether it has the form of a stored hash. A shell may have replaced what follows a `$`.
fn is_stored_hash(text: &str) -> bool {
    const SCHEMES: [&str; 4] = ["$argon2", "pbkdf2", "scrypt:", "$fbscrypt$"];
    let is_bcrypt = text.starts_with("$2") && text.len() == 60;
    let of_better_auth = || text.split_once(':').is_some_and(|(salt, key)| is_hex(salt) && is_hex(key));
    is_bcrypt || SCHEMES.iter().any(|scheme| text.starts_with(scheme)) || of_better_auth()
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Origins as browsers send them (RFC 6454 6.2): in lower case, with a port only if it is not that of the scheme, and without a path.
pub(super) fn origins(setting: &'static str, value: Option<&str>) -> Result<Vec<String>, SettingsError> {
    let listed = text(value).unwrap_or_default().split([',', ' ']).filter(|origin| !origin.is_empty());
    listed
        .map(|origin| match is_origin(origin) {
            true => Ok(origin.to_owned()),
            false => Err(SettingsError::new(
                setting,
                "has a part that is no origin: one is like `https://app.example.com`, in lower case, without a path",
            )),
        })
        .collect()
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        // Of extensions and apps, such as `chrome-extension` and `capacitor`.
        _ => "/",
    };
    let is_char = |char: char| matches!(char, 'a'..='z' | '0'..='9' | '-' | '.' | ':' | '[' | ']' | '_');
    scheme.starts_with(|char: char| char.is_ascii_lowercase())
        && scheme.chars().all(|char| matches!(char, 'a'..='z' | '0'..='9' | '+' | '-' | '.'))
        && !authority.is_empty()
        && authority.chars().all(is_char)
        && !authority.ends_with(default_port)
}

pub(super) fn integer(
    setting: &'static str,
    text: Option<&str>,
    default: u32,
    range: &RangeInclusive<u32>,
) -> Result<u32, SettingsError> {
    optional_integer(setting, text, range).map(|value| value.unwrap_or(default))
}

pub(super) fn optional_integer(
    setting: &'static str,
    text: Option<&str>,
    range: &RangeInclusive<u32>,
) -> Result<Option<u32>, SettingsError> {
    let Some(text) = text else { return Ok(None) };
    let number = text.trim().parse::<i64>().ok().and_then(|number| u32::try_from(number).ok());
    match number {
        Some(value) if range.contains(&value) => Ok(Some(value)),
        _ => Err(SettingsError::out_of_range(setting, range)),
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.setting, self.message)
    }
}

impl std::error::Error for SettingsError {}
