//! Users: the id, the row of the user store, and the part of the row that an app gets.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::limits::USER_ID_MAX_BYTES;

/// The primary key of a user: an integer, or a text such as a UUID, which keeps its exact spelling.
///
/// ```
/// use edgegate::UserId;
///
/// assert_ne!(UserId::from(5), UserId::from("5"));
/// assert_eq!(serde_json::to_string(&UserId::from(i64::MAX))?, "9223372036854775807");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(untagged)]
pub enum UserId {
    /// A whole number.
    Integer(i64),
    /// A text of 1 to 255 bytes.
    Text(String),
}

impl UserId {
    /// Whether a user can have this id: any integer, or a string of 1 to 255 bytes without NUL.
    #[must_use]
    pub(crate) fn is_valid(&self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Text(text) => (1..=USER_ID_MAX_BYTES).contains(&text.len()) && !text.as_bytes().contains(&0),
        }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => write!(formatter, "{id}"),
            Self::Text(id) => formatter.write_str(id),
        }
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self::Integer(id)
    }
}

impl From<&str> for UserId {
    fn from(id: &str) -> Self {
        Self::Text(id.to_owned())
    }
}

impl From<String> for UserId {
    fn from(id: String) -> Self {
        Self::Text(id)
    }
}

/// A row of `users`, as the store gives it to the core. Apps get a [`User`], which has no hash.
///
/// ```
/// let row: edgegate::UserRow = serde_json::from_str(
///     r#"{"id": 7, "email": "ada@example.com", "password": null, "created_at": "2026-11-24", "role": "admin"}"#,
/// )?;
/// assert_eq!((row.password.as_str(), row.columns["role"].as_str()), ("", Some("admin")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct UserRow {
    /// The primary key.
    pub id: UserId,
    /// The e-mail address, as stored.
    pub email: String,
    /// The bcrypt hash. An invalid hash refuses the login with 403. `null` is read as an empty string.
    #[serde(deserialize_with = "text_or_null")]
    pub password: String,
    /// When the row was made, as it is to be shown.
    pub created_at: String,
    /// Tokens issued before this time, in seconds since 1970, are refused (`REVOCATION`).
    #[serde(default)]
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null"))]
    pub tokens_valid_after: Option<i64>,
    /// Further columns, for the app.
    #[serde(flatten)]
    #[cfg_attr(feature = "wasm", tsify(type = "Record<string, unknown>"))]
    pub columns: Map<String, Value>,
}

/// A user, as an app sees it: without the password hash.
///
/// ```
/// let row: edgegate::UserRow = serde_json::from_str(
///     r#"{"id": 7, "email": "ada@example.com", "password": "$2b$12$...", "created_at": "2026-11-24"}"#,
/// )?;
/// let user = edgegate::User::from(row);
/// assert_eq!((user.id, user.email.as_str()), (7.into(), "ada@example.com"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct User {
    /// The primary key.
    pub id: UserId,
    /// The e-mail address, as stored.
    pub email: String,
    /// When the row was made.
    pub created_at: String,
    /// Further columns that the store has read.
    #[serde(flatten)]
    #[cfg_attr(feature = "wasm", tsify(type = "Record<string, unknown>"))]
    pub columns: Map<String, Value>,
}

impl From<UserRow> for User {
    fn from(UserRow { id, email, created_at, columns, .. }: UserRow) -> Self {
        Self { id, email, created_at, columns }
    }
}

/// The column is `NULL` for users who log in elsewhere, without a password.
fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Shows the id only: an address is personal, and a hash is secret.
impl fmt::Debug for UserRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UserRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Shows the id only: an address is personal.
impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}
