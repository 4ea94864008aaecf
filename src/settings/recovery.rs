//! The settings of password recovery.

use super::{
    SettingsError, Vars,
    name::{EMAIL_RESET_TOKEN_EXPIRE_HOURS, FRONTEND_HOST, PASSWORD_RECOVERY, PROJECT_NAME},
    value::{integer, origins, switch, text},
};
use crate::limits::{MAIL_TOKEN_HOURS, MAIL_TOKEN_HOURS_DEFAULT};

/// How users whose password is lost set a new one (`PASSWORD_RECOVERY`).
///
/// ```
/// use edgegate::{Settings, Vars};
///
/// let settings = Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     password_recovery: Some("on".into()),
///     frontend_host: Some("https://app.example.com".into()),
///     ..Vars::default()
/// })?;
/// assert_eq!(settings.recovery.map(|recovery| recovery.hours), Some(1));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The origin of the page to which the link of a mail leads.
    pub frontend: String,
    /// How many hours the link is valid.
    pub hours: u32,
    /// The name of the app, in the subject of mails.
    pub project: Option<String>,
}

pub(super) fn recovery(vars: &Vars) -> Result<Option<Recovery>, SettingsError> {
    let is_on = switch(PASSWORD_RECOVERY, vars.password_recovery.as_deref(), ["off", "on"])?;
    let hours = integer(
        EMAIL_RESET_TOKEN_EXPIRE_HOURS,
        vars.email_reset_token_expire_hours.as_deref(),
        MAIL_TOKEN_HOURS_DEFAULT,
        &MAIL_TOKEN_HOURS,
    )?;
    let frontend = origins(FRONTEND_HOST, vars.frontend_host.as_deref().map(|origin| origin.trim_end_matches('/')))?;
    let project = text(vars.project_name.as_deref()).map(str::to_owned);
    // It is part of a header field of mails.
    if project.as_ref().is_some_and(|project| project.chars().any(char::is_control)) {
        return Err(SettingsError::new(PROJECT_NAME, "has a control character"));
    }
    match (is_on, frontend.as_slice()) {
        (false, _) => Ok(None),
        (true, [frontend]) => Ok(Some(Recovery { frontend: frontend.clone(), hours, project })),
        (true, _) => Err(SettingsError::new(
            FRONTEND_HOST,
            "is needed for PASSWORD_RECOVERY: one origin, like `https://app.example.com`, to which the links of mails lead",
        )),
    }
}
