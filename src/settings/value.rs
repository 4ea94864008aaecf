//! Parsing of setting values.

use std::{fmt, ops::RangeInclusive};

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
