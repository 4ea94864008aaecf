//! PostgreSQL.

use edgegate::UserId;
use sqlx::{PgPool, migrate::Migrator, postgres::PgArguments};

use super::{
    SqlStore,
    engine::{Param, engine},
    migrator,
    statements::Dialect,
};

/// A user store in PostgreSQL, also in a table `users` that another backend has made: it needs the columns `id`, `email`, `password`
/// and `created_at`, and defaults for all other columns if `REGISTRATION=open`.
///
/// An address is found by the index on `lower(email COLLATE "C")`, which the migrations create. Statements rely on the isolation
/// level `READ COMMITTED`, PostgreSQL's default, or a higher one, in which a request may be answered 503 after a conflict.
///
/// ```no_run
/// use edgegate_axum::PgStore;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = sqlx::PgPool::connect("postgres://localhost/app").await?;
/// PgStore::migrations().run(&pool).await?;
/// let store = PgStore::new(pool);
/// # Ok(())
/// # }
/// ```
pub type PgStore = SqlStore<PgPool>;

/// The type of the column `users.id`.
///
/// ```no_run
/// use edgegate_axum::{IdType, PgStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PgStore::new(sqlx::PgPool::connect("postgres://localhost/app").await?).with_ids(IdType::Uuid);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdType {
    /// `smallint`, `integer` or `bigint`, as the migrations create it.
    Integer,
    /// `text` or `varchar`.
    Text,
    /// `uuid`. Its text is in lower case, with hyphens.
    Uuid,
}

const DIALECT: Dialect = Dialect {
    object: ("json_build_object", "::text"),
    as_text: "(#)::text",
    is_email: r#"lower(email COLLATE "C") = lower($1 COLLATE "C")"#,
    least: "LEAST",
    greatest: "GREATEST",
    id_param: "$",
    id: integer,
    // Waits for a concurrent revocation, and then compares the version again.
    lock: " FOR SHARE",
    lock_deleted: " FOR UPDATE",
    skip_locked: " FOR UPDATE SKIP LOCKED",
    has_writable_with: true,
};

impl SqlStore<PgPool> {
    /// Creates a store on this pool, for integer ids.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::with_dialect(pool, DIALECT)
    }

    /// The same store, for ids of this type. Call it before [`SqlStore::with_columns`].
    #[must_use]
    pub fn with_ids(self, ids: IdType) -> Self {
        let dialect = match ids {
            IdType::Integer => DIALECT,
            IdType::Text => Dialect { id: |id| Some(Param::Text(id.to_string().into())), ..DIALECT },
            IdType::Uuid => Dialect { id: uuid, id_param: "CAST($ AS uuid)", ..DIALECT },
        };
        Self::with_dialect(self.pool, dialect)
    }

    /// The migrations that create the tables: `users` unless there is one, the column `token_version` for `REVOCATION`, and
    /// `sessions` for `REFRESH_TOKEN_EXPIRE_MINUTES`. They are recorded in the table `_edgegate_migrations`.
    #[must_use]
    pub fn migrations() -> Migrator {
        migrator([
            (1, "users", include_str!("../../migrations/postgres/0001_users.sql")),
            (2, "token version", include_str!("../../migrations/postgres/0002_token_version.sql")),
            (3, "sessions", include_str!("../../migrations/postgres/0003_sessions.sql")),
            (4, "login attempts", include_str!("../../migrations/postgres/0004_login_attempts.sql")),
            (5, "audit", include_str!("../../migrations/postgres/0005_audit.sql")),
            (6, "is active", include_str!("../../migrations/postgres/0006_is_active.sql")),
            (7, "mail tokens", include_str!("../../migrations/postgres/0007_mail_tokens.sql")),
        ])
    }
}

/// PostgreSQL compares no number with a text, and refuses a text that is not a number.
fn integer(id: &UserId) -> Option<Param<'_>> {
    match id {
        UserId::Integer(id) => Some(Param::Integer(*id)),
        UserId::Text(text) => text.parse::<i64>().ok().filter(|id| id.to_string() == *text).map(Param::Integer),
    }
}

/// PostgreSQL also reads other forms of a UUID, but a token contains the one that it writes.
fn uuid(id: &UserId) -> Option<Param<'_>> {
    let UserId::Text(text) = id else { return None };
    let is_hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match is_hyphen(at) {
            true => byte == b'-',
            false => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    is_uuid.then_some(Param::text(text))
}

engine!(Postgres, PgArguments, "BEGIN");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_no_user_can_have_is_no_parameter() {
        for text in ["", "a", "05", "+5", "5 ", "5.0", "9223372036854775808"] {
            assert!(integer(&text.into()).is_none(), "{text}");
        }
        assert!(matches!(integer(&"-5".into()), Some(Param::Integer(-5))));
        let id = "0d7f6f2e-8f5b-4d2a-9a53-3f2a0c1b9e77";
        assert!(uuid(&id.into()).is_some());
        for other in [&id.to_uppercase(), &id.replace('-', ""), &format!("{{{id}}}"), &id.replace('0', "g")] {
            assert!(uuid(&other.as_str().into()).is_none(), "{other}");
        }
        assert!(uuid(&7.into()).is_none());
    }
}
