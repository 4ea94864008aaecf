//! The settings of a backend that ran before this one, while users move from it.

use super::{
    Registration, SettingsError, Vars, is_https_folder,
    mail::{EmailVerification, MailSettings},
    name::{ACCOUNT_DELETION, EMAIL_VERIFICATION, REGISTRATION, SHADOW, TRICKLE, UPSTREAM, UPSTREAM_PATHS, WRITE_BACK},
    value::{switch, text},
};

/// The backend that ran before this one, and what it is for (`UPSTREAM`).
///
/// ```
/// use edgegate::{Settings, Vars};
///
/// let settings = Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     upstream: Some("https://api.example.com".into()),
///     shadow: Some("on".into()),
///     ..Vars::default()
/// })?;
/// let upstream = settings.upstream.ok_or("there is one")?;
/// assert_eq!((upstream.url.as_str(), upstream.shadow, upstream.trickle), ("https://api.example.com", true, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// An `https:` URL, without a slash at its end. Paths are appended to it.
    pub url: String,
    /// The paths of routes that have other ones there.
    pub paths: Vec<(&'static str, String)>,
    /// Whether it answers all requests. What this backend would have answered is compared afterwards.
    pub shadow: bool,
    /// Whether it is asked for users who are unknown here.
    pub trickle: bool,
    /// Whether new passwords are stored there, too.
    pub write_back: bool,
}

impl UpstreamSettings {
    /// The other path of this route, if it has one.
    pub(crate) fn path_of(&self, route: &str) -> Option<&str> {
        self.paths.iter().find(|(own, _)| *own == route).map(|(_, other)| other.as_str())
    }

    /// The URL of this route.
    pub(crate) fn url_of(&self, route: &str) -> String {
        [&self.url, self.path_of(route).unwrap_or(route)].concat()
    }
}

pub(super) fn upstream(
    vars: &Vars,
    registration: Registration,
    mail: Option<&MailSettings>,
) -> Result<Option<UpstreamSettings>, SettingsError> {
    let shadow = switch(SHADOW, vars.shadow.as_deref(), ["off", "on"])?;
    let trickle = switch(TRICKLE, vars.trickle.as_deref(), ["off", "on"])?;
    let write_back = switch(WRITE_BACK, vars.write_back.as_deref(), ["off", "on"])?;
    let paths = paths(vars.upstream_paths.as_deref())?;
    let Some(url) = text(vars.upstream.as_deref()).map(|url| url.trim_end_matches('/').to_owned()) else {
        let needs =
            [(SHADOW, shadow), (TRICKLE, trickle), (WRITE_BACK, write_back)].into_iter().find(|(_, is_on)| *is_on);
        return match needs {
            Some((setting, _)) => {
                Err(SettingsError::new(setting, "needs UPSTREAM, the URL of the backend that runs so far"))
            }
            None => Ok(None),
        };
    };
    if !is_https_folder(&[&url, "/"].concat()) {
        return Err(SettingsError::new(
            UPSTREAM,
            "is no https: URL of a host and a path, such as `https://api.example.com`",
        ));
    }
    if (trickle || write_back) && registration != Registration::Closed {
        return Err(SettingsError::new(
            REGISTRATION,
            "must be `closed` while TRICKLE or WRITE_BACK is on: an address that is unknown here may be that of a user who has not moved yet",
        ));
    }
    if trickle && switch(ACCOUNT_DELETION, vars.account_deletion.as_deref(), ["off", "on"])? {
        return Err(SettingsError::new(
            ACCOUNT_DELETION,
            "must be `off` while TRICKLE is on: a deleted user would move again",
        ));
    }
    if trickle && mail.is_some_and(|mail| mail.verification == EmailVerification::Required) {
        return Err(SettingsError::new(
            EMAIL_VERIFICATION,
            "must not be `required` while TRICKLE is on: whether the addresses of users who move are verified is not known",
        ));
    }
    Ok(Some(UpstreamSettings { url, paths, shadow, trickle, write_back }))
}

/// Pairs such as `/me=/api/v1/users/me`, separated by commas.
fn paths(value: Option<&str>) -> Result<Vec<(&'static str, String)>, SettingsError> {
    let listed = text(value).unwrap_or_default().split([',', ' ']).filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (own, other) = pair.split_once('=')?;
        let route = ROUTES.into_iter().find(|route| *route == own)?;
        let is_path = other.starts_with('/')
            && other.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte));
        is_path.then(|| (route, other.to_owned()))
    };
    let error = || {
        let message = "has a part that is not `ROUTE=PATH`, such as `/me=/api/v1/users/me`. The routes are /login, /me, /me/password, \
                       /users and /reset-password";
        SettingsError::new(UPSTREAM_PATHS, message)
    };
    listed.map(|listed| pair(listed).ok_or_else(error)).collect()
}

/// The routes that may have other paths there.
const ROUTES: [&str; 5] = ["/login", "/me", "/me/password", "/users", "/reset-password"];
