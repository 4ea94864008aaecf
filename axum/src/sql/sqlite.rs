//! SQLite.

use edgegate::UserId;
use sqlx::{SqlitePool, migrate::Migrator, sqlite::SqliteArguments};

use super::{
    SqlStore,
    engine::{Param, engine},
    migrator,
    statements::Dialect,
};

/// A user store in SQLite, with the tables of the Worker's D1 database.
///
/// `users.id` is an integer or a text. Open the database with a file: each connection to `sqlite::memory:` is a database of its own.
///
/// ```
/// use edgegate_axum::SqliteStore;
/// use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("users.db");
/// let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
/// let pool = SqlitePoolOptions::new().connect_with(options).await?;
/// SqliteStore::migrations().run(&pool).await?;
/// let store = SqliteStore::new(pool);
/// # Ok(())
/// # }
/// ```
pub type SqliteStore = SqlStore<SqlitePool>;

const DIALECT: Dialect = Dialect {
    object: ("json_object", ""),
    as_text: "CAST(# AS TEXT)",
    is_email: "email = $1 COLLATE NOCASE",
    least: "MIN",
    greatest: "MAX",
    id_param: "$",
    id: |id| {
        Some(match id {
            UserId::Integer(id) => Param::Integer(*id),
            UserId::Text(id) => Param::text(id),
        })
    },
    lock: "",
    lock_deleted: "",
    skip_locked: "",
    has_writable_with: false,
};

impl SqlStore<SqlitePool> {
    /// Creates a store on this pool.
    #[must_use]
    pub fn new(pool: SqlitePool) -> Self {
        Self::with_dialect(pool, DIALECT)
    }

    /// The migrations that create the tables: `users`, the column `token_version` for `REVOCATION`, and `sessions` for
    /// `REFRESH_TOKEN_EXPIRE_MINUTES`. They are recorded in the table `_edgegate_migrations`.
    #[must_use]
    pub fn migrations() -> Migrator {
        migrator([
            (1, "users", include_str!("../../migrations/sqlite/0001_users.sql")),
            (2, "token version", include_str!("../../migrations/sqlite/0002_token_version.sql")),
            (3, "sessions", include_str!("../../migrations/sqlite/0003_sessions.sql")),
            (4, "login attempts", include_str!("../../migrations/sqlite/0004_login_attempts.sql")),
            (5, "audit", include_str!("../../migrations/sqlite/0005_audit.sql")),
            (6, "is active", include_str!("../../migrations/sqlite/0006_is_active.sql")),
            (7, "mail tokens", include_str!("../../migrations/sqlite/0007_mail_tokens.sql")),
        ])
    }
}

// A deferred transaction that reads before it writes fails when another one has written in between.
engine!(Sqlite, SqliteArguments, "BEGIN IMMEDIATE");
