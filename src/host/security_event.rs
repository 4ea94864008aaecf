//! What happens to the security of an account, for the app and for the table `audit`.

use serde::Serialize;

use super::{Host, Question, limit::key};
use crate::{http::Refusal, settings::Settings, user::UserId};

/// Something that matters to the security of an account. It has no e-mail address and no network address in clear.
///
/// ```
/// use edgegate::host::{SecurityEvent, SecurityEventKind};
///
/// let event = SecurityEvent {
///     kind: SecurityEventKind::LoginRefused,
///     at: 1_700_000_000,
///     user_id: Some(7.into()),
///     account: Some("Fq2xXIVp4hQx0P0mZkq1dA".into()),
///     client: None,
///     reason: Some("wrong-password".into()),
/// };
/// assert!(serde_json::to_string(&event)?.starts_with(r#"{"kind":"login-refused","at":1700000000,"userId":7,"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SecurityEvent {
    /// What happened.
    pub kind: SecurityEventKind,
    /// When, in seconds since 1970.
    pub at: i64,
    /// The user, if the store has found one.
    pub user_id: Option<UserId>,
    /// A keyed hash of the e-mail address of a login or a sign-up: 22 characters.
    pub account: Option<String>,
    /// A keyed hash of the network of the client, if the host knows the address: 22 characters.
    pub client: Option<String>,
    /// The code of the refusal, see [`Refusal::code`].
    pub reason: Option<String>,
}

/// The kind of a [`SecurityEvent`].
///
/// ```
/// assert_eq!(edgegate::host::SecurityEventKind::HeldUp.name(), "held-up");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecurityEventKind {
    /// A login was accepted.
    Login,
    /// A password was refused.
    LoginRefused,
    /// No password was checked, after too many failures (`LOCKOUT`).
    HeldUp,
    /// A user was created.
    SignedUp,
    /// A refresh token was used again, and its session ended.
    RefreshTokenReused,
    /// All tokens of a user were revoked.
    LoggedOutEverywhere,
    /// A user has a new password.
    PasswordChanged,
    /// An e-mail address was verified.
    EmailVerified,
    /// A user has deleted the account.
    AccountDeleted,
}

impl SecurityEventKind {
    /// The name in JSON and in the table `audit`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginRefused => "login-refused",
            Self::HeldUp => "held-up",
            Self::SignedUp => "signed-up",
            Self::RefreshTokenReused => "refresh-token-reused",
            Self::LoggedOutEverywhere => "logged-out-everywhere",
            Self::PasswordChanged => "password-changed",
            Self::EmailVerified => "email-verified",
            Self::AccountDeleted => "account-deleted",
        }
    }

    /// That of a refused login, if it is about a password.
    fn of_refusal(refusal: &Refusal) -> Option<Self> {
        match refusal {
            Refusal::CurrentPassword(refusal) => Self::of_refusal(refusal),
            Refusal::HeldUp => Some(Self::HeldUp),
            Refusal::UnknownUser | Refusal::WrongPassword | Refusal::OverlongPassword | Refusal::StoredHash(_) => {
                Some(Self::LoginRefused)
            }
            _ => None,
        }
    }
}

/// Whom a request is about, as the log may have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) user_id: Option<UserId>,
    pub(crate) account: Option<String>,
    pub(crate) client: Option<String>,
}

impl Host {
    /// Remembers by whom and for whom a request is, if somebody wants to know.
    pub(crate) fn identify(&self, settings: &Settings, client: Option<&str>, account: Option<&str>) {
        if !settings.access_log && !settings.asks_events() {
            return;
        }
        let key = |what, text: Option<&str>| text.and_then(|text| key(&settings.ring, what, text));
        let client = key("client", client);
        let account = key("account", account.map(str::to_ascii_lowercase).as_deref());
        self.slot(|slot| {
            slot.subject.client = client.or(slot.subject.client.take());
            slot.subject.account = account.or(slot.subject.account.take());
        });
    }

    /// Tells the host what happened. A failure does not change the reply: the host has logged it.
    pub(crate) async fn tell(&self, settings: &Settings, kind: SecurityEventKind, reason: Option<&Refusal>) {
        if !settings.asks_events() {
            return;
        }
        let Subject { user_id, account, client } = self.slot(|slot| slot.subject.clone());
        let reason = reason.map(|reason| reason.code().into_owned());
        let event = SecurityEvent { kind, at: self.seconds(), user_id, account, client, reason };
        self.note(Question::SecurityEvent { event, store: settings.audit }).await;
    }

    /// Tells the host of a refused login.
    pub(crate) async fn tell_refusal(&self, settings: &Settings, refusal: &Refusal) {
        if let Some(kind) = SecurityEventKind::of_refusal(refusal) {
            self.tell(settings, kind, Some(refusal)).await;
        }
    }
}
