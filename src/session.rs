//! A session, as its user sees it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::row::{Columns, InvalidRow};

/// A session, as its user sees it.
///
/// ```
/// use edgegate::host::Session;
///
/// let session = Session {
///     id: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     created_at: 1_700_000_000,
///     last_used_at: 1_700_000_060,
///     expires_at: 1_700_003_660,
///     user_agent: Some("curl/8".into()),
///     address: None,
/// };
/// assert!(serde_json::to_string(&session)?.starts_with(r#"{"id":"Fq2xXIVp4hQx0P0mZkq1dA","created_at":1700000000,"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Session {
    /// The name of the session.
    pub id: String,
    /// When the user logged in, in seconds since 1970.
    pub created_at: i64,
    /// When the refresh token was last used, in seconds since 1970.
    pub last_used_at: i64,
    /// When the session ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// The value of `User-Agent` at the login, if the host knows it.
    pub user_agent: Option<String>,
    /// The network of the client at the login, such as `203.0.113.0/24`, if the host knows it.
    pub address: Option<String>,
}

impl Session {
    /// Reads a session from the columns `id`, `created_at`, `last_used_at`, `expires_at`, `user_agent` and `address`.
    ///
    /// # Errors
    /// [`InvalidRow`] with the first of these columns that is missing or has the wrong type.
    ///
    /// ```
    /// use edgegate::host::Session;
    ///
    /// let error = Session::from_columns(serde_json::Map::new()).unwrap_err();
    /// assert_eq!(error.column, "id");
    /// ```
    pub fn from_columns(columns: Map<String, Value>) -> Result<Self, InvalidRow> {
        let mut row = Columns(columns);
        Ok(Self {
            id: row.text("id")?,
            created_at: row.integer("created_at")?,
            last_used_at: row.integer("last_used_at")?,
            expires_at: row.integer("expires_at")?,
            user_agent: row.nullable_text("user_agent")?,
            address: row.nullable_text("address")?,
        })
    }
}
