//! The deletion of an account, for the store.

use std::fmt;

use serde::Serialize;

use crate::user::UserId;

/// A user who deletes the account. SQL statements in one transaction do it, and the last one tells whether there was such a row:
///
/// ```sql
/// DELETE FROM login_attempts WHERE account = :account AND client <> '' AND EXISTS (
///   SELECT 1 FROM users WHERE id = :user_id AND password = :password AND token_version = :token_version);
/// DELETE FROM sessions WHERE user_id = (
///   SELECT id FROM users WHERE id = :user_id AND password = :password AND token_version = :token_version);
/// DELETE FROM users WHERE id = :user_id AND password = :password AND token_version = :token_version
/// ```
///
/// Without `token_version`, that column is not compared; without `account` there is no first statement, and without `with_sessions` no second
/// one. A database that locks rows locks that of the user first.
///
/// ```
/// let deletion = edgegate::host::UserDeletion {
///     user_id: 7.into(),
///     password: "$2b$12$".into(),
///     token_version: Some(0),
///     with_sessions: true,
///     account: None,
/// };
/// // No hash is in a log.
/// assert_eq!(format!("{deletion:?}"), "UserDeletion { user_id: Integer(7), .. }");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct UserDeletion {
    /// The user.
    pub user_id: UserId,
    /// The hash that was read.
    pub password: String,
    /// The token version that was read, with `REVOCATION=on`.
    pub token_version: Option<i64>,
    /// Whether there are sessions.
    pub with_sessions: bool,
    /// The keyed hash of the address, with `LOCKOUT=on`: clients that were known for it are not for the next user who has it.
    pub account: Option<String>,
}

/// `Debug` shows no hash.
impl fmt::Debug for UserDeletion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UserDeletion").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
