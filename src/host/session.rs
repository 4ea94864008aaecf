//! What the store is asked about sessions, as plain data, with the SQL of each question.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    row::{Columns, InvalidRow},
    user::UserId,
};

/// A session to store, if the user still has this password hash and this token version.
///
/// One SQL statement does it, and affects no row when the login has become invalid while the password was checked:
///
/// ```sql
/// INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at, user_agent, address)
/// SELECT :id, users.id, :current, :now, :now, :expires_at, :ends_at, :user_agent, :address FROM users
/// WHERE users.id = :user_id AND password = :password AND token_version = :token_version
/// ```
///
/// Without `token_version` the last condition is left out.
///
/// ```
/// use edgegate::{Question, host::NewSession};
///
/// let session = NewSession {
///     id: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     user_id: 7.into(),
///     password: "$2b$12$".into(),
///     token_version: Some(3),
///     current: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
///     now: 1_700_000_000,
///     expires_at: 1_700_600_000,
///     ends_at: 1_707_776_000,
///     user_agent: Some("curl/8".into()),
///     address: Some("203.0.113.0/24".into()),
/// };
/// assert!(!format!("{session:?}").contains("$2b$"));
/// assert!(matches!(Question::InsertSession(Box::new(session)), Question::InsertSession(_)));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    /// The name of the session: 16 random bytes in base64url.
    pub id: String,
    /// The user.
    pub user_id: UserId,
    /// The password hash that the login has checked.
    pub password: String,
    /// The token version that the login has read, with `REVOCATION=on`.
    pub token_version: Option<i64>,
    /// The hash of the refresh token: SHA-256 in base64url.
    pub current: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// When the session ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// When the session ends in any case, in seconds since 1970.
    pub ends_at: i64,
    /// The value of `User-Agent`, at most 256 characters.
    pub user_agent: Option<String>,
    /// The network of the client: 24 bits of an IPv4 address, 48 bits of an IPv6 address.
    pub address: Option<String>,
}

/// The use of a refresh token.
///
/// One SQL statement does it, and also accepts the same use again within the grace period:
///
/// ```sql
/// UPDATE sessions SET previous = :old,
///   current = CASE WHEN current = :old THEN :new ELSE current END,
///   sealed = CASE WHEN current = :old THEN :sealed ELSE sealed END,
///   rotated_at = CASE WHEN current = :old THEN :now ELSE rotated_at END,
///   expires_at = CASE WHEN current = :old THEN MIN(:expires_at, ends_at) ELSE expires_at END
/// WHERE id = :id AND expires_at > :now AND (current = :old OR (previous = :old AND rotated_at > :grace_since))
///   AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id)
/// RETURNING user_id, sealed, (SELECT token_version FROM users WHERE users.id = sessions.user_id) AS token_version
/// ```
///
/// If it returns no row, the core asks [`Question::EndSession`](crate::Question::EndSession).
///
/// ```
/// use edgegate::{Gate, Question, Settings, Step, Vars};
///
/// let gate = Gate::new(Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     refresh_token_expire_minutes: Some("60".into()),
///     ..Vars::default()
/// })?);
/// // Garbage is refused without a question.
/// assert!(gate.refresh("x".into(), 1_700_000_000).done().is_some_and(|result| result.is_err()));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The name of the session.
    pub id: String,
    /// The hash of the used token.
    pub old: String,
    /// The hash of the next token.
    pub new: String,
    /// The next token, sealed under the used one.
    pub sealed: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// When the session now ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// A token that was replaced after this time is accepted once more.
    pub grace_since: i64,
    /// Whether `token_version` is wanted.
    pub with_token_version: bool,
}

/// What the store has after a [`Rotation`].
///
/// ```
/// let rotated = edgegate::host::Rotated { user_id: 7.into(), sealed: "abc".into(), token_version: None, is_active: true };
/// assert_eq!(rotated.user_id, 7.into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The user whose session it is.
    pub user_id: UserId,
    /// The column `sealed`.
    pub sealed: String,
    /// The user's token version, if it was wanted.
    pub token_version: Option<i64>,
    /// [`UserRow::is_active`](crate::UserRow::is_active).
    pub is_active: bool,
}

impl Rotated {
    /// Reads it from the columns `user_id`, `sealed` and, if it was wanted, `token_version`, and `is_active` if it is there.
    ///
    /// # Errors
    /// [`InvalidRow`] with the first of these columns that is missing or has the wrong type.
    ///
    /// ```
    /// let error = edgegate::host::Rotated::from_columns(serde_json::Map::new()).unwrap_err();
    /// assert_eq!(error.column, "user_id");
    /// ```
    pub fn from_columns(columns: Map<String, Value>) -> Result<Self, InvalidRow> {
        let mut row = Columns(columns);
        Ok(Self {
            user_id: UserId::from_column(&mut row, "user_id")?,
            sealed: row.text("sealed")?,
            token_version: row.optional_integer("token_version")?,
            is_active: row.optional_flag("is_active")?.unwrap_or(true),
        })
    }
}

/// The end of a session because of a refresh token that [`Rotation`] did not accept.
///
/// Two SQL statements in one transaction do it. The first is for `raise_token_version` only:
///
/// ```sql
/// UPDATE users SET token_version = token_version + 1 WHERE id = (
///   SELECT user_id FROM sessions WHERE id = :id AND expires_at > :now AND (:is_verified OR previous = :old)
///   AND NOT (COALESCE(previous, '') = :old AND rotated_at > :grace_since));
/// DELETE FROM sessions WHERE id = :id AND (:is_verified OR previous = :old)
/// AND NOT (COALESCE(previous, '') = :old AND rotated_at > :grace_since)
/// RETURNING expires_at <= :now AS expired
/// ```
///
/// ```
/// let end = edgegate::host::SessionEnd {
///     id: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     old: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
///     now: 1_700_000_000,
///     grace_since: 1_699_999_970,
///     is_verified: true,
///     raise_token_version: true,
/// };
/// assert_eq!(end.now - end.grace_since, 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SessionEnd {
    /// The name of the session.
    pub id: String,
    /// The hash of the used token.
    pub old: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// A token that was replaced after this time ends nothing.
    pub grace_since: i64,
    /// Whether a key of the ring has made the token. One that may be of a retired key must be one that the row knows.
    pub is_verified: bool,
    /// Whether the access tokens of the user are revoked as well.
    pub raise_token_version: bool,
}

/// What a [`SessionEnd`] came to.
///
/// ```
/// assert_ne!(edgegate::host::Ended::Reused, edgegate::host::Ended::Expired);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no such session.
    Unknown,
    /// It had expired, and is deleted.
    Expired,
    /// It was live, and is deleted: the token had been used before.
    Reused,
}

/// Shows neither the password hash nor the hash of the token.
impl fmt::Debug for NewSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSession")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}
