//! The settings of what users do by mail.

use super::{
    SettingsError, Vars,
    name::{EMAIL_RESET_TOKEN_EXPIRE_HOURS, EMAIL_VERIFICATION, FRONTEND_HOST, PASSWORD_RECOVERY, PROJECT_NAME},
    value::{integer, origins, switch, text},
};
use crate::limits::{MAIL_TOKEN_HOURS, MAIL_TOKEN_HOURS_DEFAULT};

/// What users do by mail (`PASSWORD_RECOVERY`, `EMAIL_VERIFICATION`).
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
/// assert_eq!(settings.mail.map(|mail| (mail.recovery, mail.recovery_hours)), Some((true, 1)));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The origin of the page to which the link of a mail leads.
    pub frontend: String,
    /// The name of the app, in the subject of mails.
    pub project: Option<String>,
    /// Whether users whose password is lost can set a new one.
    pub recovery: bool,
    /// How many hours the link for that is valid.
    pub recovery_hours: u32,
    /// Whether the addresses of new users are verified.
    pub verification: EmailVerification,
}

/// Whether the e-mail addresses of new users are verified, by a link in a mail.
///
/// ```
/// use edgegate::{EmailVerification, Settings, Vars};
///
/// let settings = Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     email_verification: Some("required".into()),
///     frontend_host: Some("https://app.example.com".into()),
///     ..Vars::default()
/// })?;
/// assert_eq!(settings.email_verification(), EmailVerification::Required);
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmailVerification {
    /// They are not.
    #[default]
    Off,
    /// They are, and a user can log in before.
    On,
    /// They are, and a user cannot log in before.
    Required,
}

/// Whether what is sent there cannot be read on the way.
fn is_private(origin: &str) -> bool {
    let host = |authority| match str::rsplit_once(authority, ':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let is_local = |authority| ["localhost", "127.0.0.1", "[::1]"].contains(&host(authority));
    origin.starts_with("https://") || origin.strip_prefix("http://").is_some_and(is_local)
}

pub(super) fn mail(vars: &Vars) -> Result<Option<MailSettings>, SettingsError> {
    let recovery = switch(PASSWORD_RECOVERY, vars.password_recovery.as_deref(), ["off", "on"])?;
    let verification = match vars.email_verification.as_deref().unwrap_or_default() {
        "" | "off" => EmailVerification::Off,
        "on" => EmailVerification::On,
        "required" => EmailVerification::Required,
        _ => return Err(SettingsError::new(EMAIL_VERIFICATION, "is none of `off`, `on` and `required`")),
    };
    let recovery_hours = integer(
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
    if frontend.first().is_some_and(|origin| !is_private(origin)) {
        return Err(SettingsError::new(
            FRONTEND_HOST,
            "is not `https:`, which only an origin of this machine may be: links have tokens",
        ));
    }
    match frontend.as_slice() {
        _ if !recovery && verification == EmailVerification::Off => Ok(None),
        [frontend] => {
            let frontend = frontend.clone();
            Ok(Some(MailSettings { frontend, project, recovery, recovery_hours, verification }))
        }
        _ => Err(SettingsError::new(
            FRONTEND_HOST,
            "is needed for PASSWORD_RECOVERY and EMAIL_VERIFICATION: one origin, like `https://app.example.com`, to which the links of \
             mails lead",
        )),
    }
}
