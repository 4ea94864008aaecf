//! A new password, for the store.

use std::fmt;

use serde::Serialize;

use crate::user::UserId;

/// A new password hash of a user, which ends the user's tokens and sessions. SQL statements in one transaction store it, and the first one
/// tells whether it was stored:
///
/// ```sql
/// UPDATE users SET password = :new, token_version = token_version + 1
/// WHERE id = :user_id AND password = :old AND token_version = :token_version;
/// DELETE FROM sessions WHERE user_id = :user_id AND EXISTS (SELECT 1 FROM users WHERE id = :user_id AND password = :new)
/// ```
///
/// With `with_mail_tokens`, those of the user are deleted as well; and with `mail_token`, the first statement also needs that token:
///
/// ```sql
/// AND EXISTS (SELECT 1 FROM mail_tokens WHERE user_id = users.id AND email = users.email AND kind = 'password-recovery' AND hash = :mail_token AND expires_at > :now);
/// DELETE FROM mail_tokens WHERE kind = 'password-recovery' AND user_id = :user_id AND EXISTS (SELECT 1 FROM users WHERE id = :user_id AND password = :new)
/// ```
///
/// A user without a password has the `old` one `''`, also if the column is `NULL`.
///
/// Without `token_version`, the first leaves that column alone; without `with_sessions` there is no second one.
///
/// ```
/// let change = edgegate::host::PasswordChange {
///     user_id: 7.into(),
///     old: "$2b$12$old".into(),
///     new: "$2b$12$new".into(),
///     token_version: Some(0),
///     with_sessions: true,
///     with_mail_tokens: false,
///     mail_token: None,
///     now: 1_700_000_000,
/// };
/// // No hash is in a log.
/// assert_eq!(format!("{change:?}"), "PasswordChange { user_id: Integer(7), .. }");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange {
    /// The user.
    pub user_id: UserId,
    /// The hash that was read.
    pub old: String,
    /// The hash to store instead.
    pub new: String,
    /// The token version that was read, with `REVOCATION=on`.
    pub token_version: Option<i64>,
    /// Whether there are sessions.
    pub with_sessions: bool,
    /// Whether there are tokens for new passwords, with `PASSWORD_RECOVERY=on`.
    pub with_mail_tokens: bool,
    /// The hash of the token of a mail that the user has instead of the old password.
    pub mail_token: Option<String>,
    /// The current time, in seconds since 1970.
    pub now: i64,
}

/// `Debug` shows no hash.
impl fmt::Debug for PasswordChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PasswordChange").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
