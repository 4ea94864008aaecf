//! A user, as the store has it.

/// A row of `users`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct UserRow {
    /// The primary key.
    pub id: i64,
    /// The e-mail address, as stored.
    pub email: String,
    /// The bcrypt hash; what is none is a login refused, not an error.
    pub password: String,
    /// When the row was made, as it is to be shown.
    pub created_at: String,
    /// Tokens issued before this time, in seconds since 1970, are refused (`REVOCATION`).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null"))]
    pub tokens_valid_after: Option<i64>,
}
