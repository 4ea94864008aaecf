//! Users: the id, the row of the user store, and the part of the row that an app gets.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected, Visitor},
};
use serde_json::{Map, Value};

use crate::{
    limits::USER_ID_MAX_BYTES,
    row::{Columns, InvalidRow},
};

/// The primary key of a user: an integer, or a text such as a UUID, which keeps its exact spelling.
///
/// ```
/// use edgegate::UserId;
///
/// assert_ne!(UserId::from(5), UserId::from("5"));
/// assert_eq!(serde_json::to_string(&UserId::from(i64::MAX))?, "9223372036854775807");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
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

impl UserId {
    /// Reads an id from a row.
    pub(crate) fn from_column(row: &mut Columns, column: &'static str) -> Result<Self, InvalidRow> {
        let id = row.take(column).and_then(|id| Self::deserialize(id).ok());
        id.filter(Self::is_valid).ok_or(InvalidRow { column })
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

/// Written by hand because serde's derived code for untagged enums buffers the value and is five times as large.
impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UserIdVisitor;

        impl Visitor<'_> for UserIdVisitor {
            type Value = UserId;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a 64-bit integer or a string")
            }

            fn visit_i64<E>(self, id: i64) -> Result<UserId, E> {
                Ok(UserId::Integer(id))
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<UserId, E> {
                let integer = i64::try_from(id).map_err(|_| E::invalid_value(Unexpected::Unsigned(id), &self))?;
                Ok(UserId::Integer(integer))
            }

            fn visit_str<E>(self, id: &str) -> Result<UserId, E> {
                Ok(id.into())
            }

            fn visit_string<E>(self, id: String) -> Result<UserId, E> {
                Ok(id.into())
            }
        }

        deserializer.deserialize_any(UserIdVisitor)
    }
}

/// A row of `users`, as the store gives it to the core. Apps get a [`User`], which has no hash.
///
/// It deserializes from an object with one member for each column, see [`UserRow::from_columns`].
///
/// ```
/// let row: edgegate::UserRow = serde_json::from_str(
///     r#"{"id": 7, "email": "ada@example.com", "password": null, "created_at": "2026-11-24", "role": "admin"}"#,
/// )?;
/// assert_eq!((row.password.as_str(), row.columns["role"].as_str()), ("", Some("admin")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct UserRow {
    /// The primary key.
    pub id: UserId,
    /// The e-mail address, as stored.
    pub email: String,
    /// The bcrypt hash. An invalid hash refuses the login with 403. `null` is read as an empty string.
    #[cfg_attr(feature = "wasm", tsify(type = "string | null"))]
    pub password: String,
    /// When the row was made, as it is to be shown.
    pub created_at: String,
    /// Tokens with another version are refused (`REVOCATION=on`). It is `None` when it was not asked for.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number"))]
    pub token_version: Option<i64>,
    /// Whether the user may log in and use tokens: `true` if the table has no such column, `false` for `NULL`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "boolean | number | string | null"))]
    pub is_active: bool,
    /// Whether the e-mail address is verified, for `EMAIL_VERIFICATION=required`: `true` if the table has no such column.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "boolean | number | string | null"))]
    pub email_verified: bool,
    /// Further columns, for the app.
    #[cfg_attr(feature = "wasm", serde(flatten), tsify(type = "Record<string, unknown>"))]
    pub columns: Map<String, Value>,
}

impl UserRow {
    /// A row of an active user, without a token version and without further columns.
    ///
    /// ```
    /// use edgegate::UserRow;
    ///
    /// let row = UserRow::new(7, "ada@example.com", "$2b$12$", "2026-11-24T12:00:00Z");
    /// let with_version = UserRow { token_version: Some(0), ..row };
    /// assert_eq!(with_version.id, 7.into());
    /// ```
    #[must_use]
    pub fn new(
        id: impl Into<UserId>,
        email: impl Into<String>,
        password: impl Into<String>,
        created_at: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            email: email.into(),
            password: password.into(),
            created_at: created_at.into(),
            token_version: None,
            is_active: true,
            email_verified: true,
            columns: Map::new(),
        }
    }

    /// Reads a row from its columns: `id`, `email`, `password`, `created_at` and optionally `token_version`, `is_active` and
    /// `email_verified`.
    /// Further columns are kept for the app.
    ///
    /// # Errors
    /// [`InvalidRow`] with the first of these columns that is missing or has the wrong type.
    ///
    /// ```
    /// use edgegate::UserRow;
    /// use serde_json::json;
    ///
    /// let mut row = json!({ "id": 5, "email": "a@example.com", "password": null, "created_at": "", "role": "admin" });
    /// let user = UserRow::from_columns(row.as_object().unwrap().clone())?;
    /// assert_eq!(user.columns["role"], "admin");
    ///
    /// row["id"] = json!(5.5);
    /// let error = UserRow::from_columns(row.as_object().unwrap().clone()).unwrap_err();
    /// assert_eq!(error.column, "id");
    /// # Ok::<(), edgegate::InvalidRow>(())
    /// ```
    pub fn from_columns(columns: Map<String, Value>) -> Result<Self, InvalidRow> {
        let mut row = Columns(columns);
        Ok(Self {
            id: UserId::from_column(&mut row, "id")?,
            email: row.text("email")?,
            // Users who log in elsewhere have no password: the column is there, and `null`.
            password: row.nullable_text("password")?.unwrap_or_default(),
            created_at: row.text("created_at")?,
            token_version: row.optional_integer("token_version")?,
            is_active: row.optional_flag("is_active")?.unwrap_or(true),
            email_verified: row.optional_truth("email_verified").unwrap_or(true),
            columns: row.without(&[
                "id",
                "email",
                "password",
                "created_at",
                "token_version",
                "is_active",
                "email_verified",
            ]),
        })
    }
}

impl<'de> Deserialize<'de> for UserRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_columns(Map::deserialize(deserializer)?).map_err(Error::custom)
    }
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
