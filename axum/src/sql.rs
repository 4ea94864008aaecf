//! User stores in SQL databases, on sqlx.
//!
//! SQLite and PostgreSQL share the statements, except what [`Dialect`] contains. Every statement returns one text for each row, so
//! that an engine has no columns to read: JSON, which keeps integer and text ids apart.

mod engine;
mod statements;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{borrow::Cow, fmt};

use edgegate::{
    InvalidRow, UserId, UserRow,
    host::{
        CountedLogin, Ended, LoginState, NewMailToken, NewSession, PasswordChange, Rotated, Rotation, SecurityEvent,
        Session, SessionEnd, SucceededLogin, UserAtLogin, UserDeletion,
    },
};
use serde_json::{Map, Value};
use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

#[cfg(feature = "postgres")]
pub use self::postgres::{IdType, PgStore};
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
use self::{
    engine::{Engine, Param},
    statements::{Dialect, Statements},
};
use crate::{Store, StoreError};

/// A user store in tables `users` and `sessions`. See `SqliteStore` and `PgStore`, which are this type on a pool of sqlx.
#[derive(Clone)]
pub struct SqlStore<P> {
    pool: P,
    dialect: Dialect,
    statements: Statements,
}

impl<P: Engine> SqlStore<P> {
    fn with_dialect(pool: P, dialect: Dialect) -> Self {
        Self { pool, dialect, statements: Statements::new(&dialect, &[]) }
    }

    /// The same store, which also reads these columns of `users`: [`User::columns`](edgegate::User::columns) has them.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # async fn example() -> Result<(), sqlx::Error> {
    /// let pool = sqlx::SqlitePool::connect("sqlite:users.db").await?;
    /// let store = edgegate_axum::SqliteStore::new(pool).with_columns(&["role", "name"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_columns(self, columns: &[&str]) -> Self {
        Self { statements: Statements::new(&self.dialect, columns), ..self }
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &P {
        &self.pool
    }

    /// Runs a statement that returns at most one row.
    async fn first(&self, sql: &sqlx::SqlStr, params: &[Param<'_>]) -> Result<Option<String>, StoreError> {
        Ok(self.pool.rows(sql, params).await?.into_iter().next())
    }

    /// Deletes rows that are of no use any more. Not in a transaction with what came before, which has succeeded whatever becomes of
    /// them.
    async fn clean(&self, sql: &sqlx::SqlStr, params: &[Param<'_>]) {
        if let Err(error) = self.first(sql, params).await {
            tracing::warn!(target: crate::response::TARGET, "expired rows were not deleted: {error}");
        }
    }

    async fn user(&self, sql: &sqlx::SqlStr, params: &[Param<'_>]) -> Result<Option<UserRow>, StoreError> {
        let row = self.first(sql, params).await?;
        row.map(|row| Ok(UserRow::from_columns(columns(&row)?)?)).transpose()
    }
}

impl<P: Engine> Store for SqlStore<P> {
    async fn user_by_email(&self, email: &str, with_token_version: bool) -> Result<Option<UserRow>, StoreError> {
        let sql = self.statements.user_by_email.version(with_token_version);
        self.user(sql, &[Param::Text(email.into())]).await
    }

    async fn user_by_id(&self, id: &UserId, with_token_version: bool) -> Result<Option<UserRow>, StoreError> {
        let Some(id) = self.dialect.id(id) else { return Ok(None) };
        self.user(self.statements.user_by_id.version(with_token_version), &[id]).await
    }

    async fn insert_user(
        &self,
        email: &str,
        password: &str,
        is_unverified: bool,
    ) -> Result<Option<UserRow>, StoreError> {
        self.user(self.statements.insert_user.version(is_unverified), &[Param::text(email), Param::text(password)])
            .await
    }

    async fn replace_hash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
        let Some(id) = self.dialect.id(id) else { return Ok(()) };
        let params = [id, Param::Text(old.into()), Param::Text(new.into())];
        self.first(&self.statements.replace_hash, &params).await.map(drop)
    }

    async fn revoke_tokens(&self, id: &UserId, with_sessions: bool) -> Result<(), StoreError> {
        let Some(id) = self.dialect.id(id) else { return Ok(()) };
        let params = [id];
        // In this order: a new session locks the row of its user.
        let mut statements = vec![(&self.statements.raise, params.as_slice())];
        if with_sessions {
            statements.push((&self.statements.delete_sessions, params.as_slice()));
        }
        Ok(self.pool.transaction(&statements).await.map(drop)?)
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        let PasswordChange { user_id, old, new, token_version, with_sessions, with_mail_tokens, mail_token, now } =
            change;
        let Some(id) = self.dialect.id(user_id) else { return Ok(false) };
        let mut params = vec![id, Param::text(new), Param::text(old)];
        params.extend(token_version.map(Param::Integer));
        let statement = match mail_token {
            Some(hash) => {
                params.extend([Param::text(hash), Param::Integer(*now)]);
                &self.statements.reset_password
            }
            None => &self.statements.change_password,
        };
        let with_new = params.get(..2).unwrap_or_default();
        // In this order: a new session locks the row of its user.
        let mut statements = vec![(statement.version(token_version.is_some()), params.as_slice())];
        if *with_sessions {
            statements.push((&self.statements.delete_sessions_of_password, with_new));
        }
        if *with_mail_tokens {
            statements.push((&self.statements.delete_mail_tokens, with_new));
        }
        statements.push((&self.statements.has_password, with_new));
        Ok(!self.pool.transaction(&statements).await?.is_empty())
    }

    async fn store_mail_token(&self, token: &NewMailToken) -> Result<Option<String>, StoreError> {
        let NewMailToken { kind, email, hash, now, expires_at, not_since } = token;
        let params = [
            Param::text(email),
            Param::text(hash),
            Param::Integer(*now),
            Param::Integer(*expires_at),
            Param::Integer(*not_since),
            Param::text(kind.name()),
        ];
        let address = self.first(&self.statements.store_mail_token, &params).await?;
        self.clean(&self.statements.delete_expired_mail_tokens, &[Param::Integer(*now)]).await;
        Ok(address)
    }

    async fn user_by_mail_token(
        &self,
        hash: &str,
        now: i64,
        with_token_version: bool,
    ) -> Result<Option<UserRow>, StoreError> {
        let sql = self.statements.user_by_mail_token.version(with_token_version);
        self.user(sql, &[Param::text(hash), Param::Integer(now)]).await
    }

    async fn verify_email(&self, hash: &str, now: i64) -> Result<bool, StoreError> {
        let params = [Param::text(hash), Param::Integer(now)];
        let statements = [
            (&self.statements.verify_email, &params[..]),
            // Of two uses at once both may set the column, and one deletes the token.
            (&self.statements.delete_used_token, &params),
        ];
        Ok(!self.pool.transaction(&statements).await?.is_empty())
    }

    async fn delete_user(&self, deletion: &UserDeletion) -> Result<bool, StoreError> {
        let UserDeletion { user_id, password, token_version, with_sessions, account } = deletion;
        let Some(user_id) = self.dialect.id(user_id) else { return Ok(false) };
        let mut params = vec![user_id, Param::text(password)];
        params.extend(token_version.map(Param::Integer));
        let of_version = token_version.is_some();
        let mut statements = vec![(self.statements.delete_user.version(of_version), &params[..])];
        if *with_sessions {
            statements.insert(0, (self.statements.delete_sessions_of_deleted.version(of_version), &params));
        }
        let with_account: Vec<Param<'_>> = params.iter().cloned().chain(account.as_deref().map(Param::text)).collect();
        if account.is_some() {
            statements.insert(0, (self.statements.forget_clients_of_deleted.version(of_version), &with_account));
        }
        Ok(!self.pool.transaction(&statements).await?.is_empty())
    }

    async fn user_at_login(
        &self,
        email: &str,
        with_token_version: bool,
        account: &str,
        client: &str,
        now: i64,
    ) -> Result<UserAtLogin, StoreError> {
        let sql = self.statements.user_at_login.version(with_token_version);
        let params = [Param::text(email), Param::text(account), Param::text(client), Param::Integer(now)];
        let row = self.first(sql, &params).await?;
        let mut found = columns(row.as_deref().unwrap_or("{}"))?;
        // A text in a text: an object would be one of a database's own.
        let user = match found.remove("user") {
            Some(Value::String(user)) => Some(UserRow::from_columns(columns(&user)?)?),
            _ => None,
        };
        let has_row = found.get("client").is_some_and(|client| !client.is_null());
        let state = if has_row { LoginState::from_columns(found)? } else { LoginState::default() };
        Ok(UserAtLogin { user, state })
    }

    async fn count_login(&self, login: &CountedLogin) -> Result<i64, StoreError> {
        let CountedLogin { account, client, counts, now, since, most, expires_at } = login;
        let params = [
            Param::text(account),
            Param::text(client),
            Param::Integer((*counts).into()),
            Param::Integer(*now),
            Param::Integer(*since),
            Param::Integer(*expires_at),
            Param::Integer(*most),
        ];
        let failures = self.first(&self.statements.count_login, &params).await?;
        self.clean(&self.statements.delete_expired_attempts, &[Param::text(account), Param::Integer(*now)]).await;
        Ok(failures.and_then(|failures| failures.parse().ok()).ok_or(InvalidRow { column: "failures" })?)
    }

    async fn login_succeeded(&self, login: &SucceededLogin) -> Result<(), StoreError> {
        let SucceededLogin { account, client, is_known, expires_at } = login;
        let params = [Param::text(account), Param::text(client), Param::Integer(*expires_at)];
        let mut statements = Vec::new();
        if !client.is_empty() {
            statements.push((&self.statements.know_client, &params[..]));
            statements.push((&self.statements.delete_old_clients, &params[..2]));
        }
        if !is_known {
            statements.push((&self.statements.take_back, &params[..1]));
        }
        Ok(self.pool.transaction(&statements).await.map(drop)?)
    }

    async fn record_event(&self, event: &SecurityEvent) -> Result<(), StoreError> {
        let SecurityEvent { kind, at, user_id, account, client, reason } = event;
        let user_id = user_id.as_ref().map(ToString::to_string);
        let params = [
            Param::Integer(*at),
            Param::text(kind.name()),
            Param::OptionalText(user_id.as_deref()),
            Param::OptionalText(account.as_deref()),
            Param::OptionalText(client.as_deref()),
            Param::OptionalText(reason.as_deref()),
        ];
        self.first(&self.statements.record_event, &params).await.map(drop)
    }

    async fn insert_session(&self, session: &NewSession) -> Result<bool, StoreError> {
        let NewSession { id, user_id, password, token_version, current, now, expires_at, ends_at, user_agent, address } =
            session;
        let Some(user_id) = self.dialect.id(user_id) else { return Ok(false) };
        let mut params = vec![
            Param::text(id),
            user_id.clone(),
            Param::text(password),
            Param::text(current),
            Param::Integer(*now),
            Param::Integer(*expires_at),
            Param::Integer(*ends_at),
            Param::OptionalText(user_agent.as_deref()),
            Param::OptionalText(address.as_deref()),
        ];
        params.extend(token_version.map(Param::Integer));
        let sql = self.statements.insert_session.version(token_version.is_some());
        let is_inserted = self.first(sql, &params).await?.is_some();
        if is_inserted {
            self.clean(&self.statements.delete_expired, &[user_id, Param::Integer(*now)]).await;
        }
        Ok(is_inserted)
    }

    async fn rotate_session(&self, rotation: &Rotation) -> Result<Option<Rotated>, StoreError> {
        let Rotation { id, old, new, sealed, now, expires_at, grace_since, with_token_version } = rotation;
        let params = [
            Param::text(id),
            Param::text(old),
            Param::text(new),
            Param::text(sealed),
            Param::Integer(*now),
            Param::Integer(*expires_at),
            Param::Integer(*grace_since),
        ];
        let row = self.first(self.statements.rotate.version(*with_token_version), &params).await?;
        row.map(|row| Ok(Rotated::from_columns(columns(&row)?)?)).transpose()
    }

    async fn end_session(&self, end: &SessionEnd) -> Result<Ended, StoreError> {
        let SessionEnd { id, old, now, grace_since, is_verified, raise_token_version } = end;
        let params = [
            Param::text(id),
            Param::text(old),
            Param::Integer(*grace_since),
            Param::Integer(*now),
            Param::Boolean(*is_verified),
        ];
        let statements = if *raise_token_version { &self.statements.end_and_raise } else { &self.statements.end };
        let statements: Vec<_> =
            statements.iter().map(|(sql, count)| (sql, params.get(..*count).unwrap_or(&params))).collect();
        let rows = self.pool.transaction(&statements).await?;
        Ok(match rows.first().map(String::as_str) {
            None => Ended::Unknown,
            // PostgreSQL and SQLite.
            Some("true" | "1") => Ended::Expired,
            Some(_) => Ended::Reused,
        })
    }

    async fn delete_session(
        &self,
        id: &str,
        user_id: Option<&UserId>,
        known_as: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (sql, mut params) =
            (&self.statements.delete_session, vec![Param::Text(id.into()), Param::OptionalText(known_as)]);
        let Some(user_id) = user_id else { return Ok(self.first(sql.version(false), &params).await?.is_some()) };
        let Some(user_id) = self.dialect.id(user_id) else { return Ok(false) };
        params.push(user_id);
        Ok(self.first(sql.version(true), &params).await?.is_some())
    }

    async fn sessions(&self, user_id: &UserId, now: i64) -> Result<Vec<Session>, StoreError> {
        let Some(user_id) = self.dialect.id(user_id) else { return Ok(Vec::new()) };
        let rows = self.pool.rows(&self.statements.sessions, &[user_id, Param::Integer(now)]).await?;
        rows.iter().map(|row| Ok(Session::from_columns(columns(row)?)?)).collect()
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(error)
    }
}

impl<P> fmt::Debug for SqlStore<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqlStore").finish_non_exhaustive()
    }
}

/// The columns of a row, which an engine returns as a JSON object.
fn columns(row: &str) -> Result<Map<String, Value>, InvalidRow> {
    serde_json::from_str(row).map_err(|_| InvalidRow { column: "row" })
}

/// The migrations, which are recorded in a table of their own: the app may have its own migrations.
fn migrator(migrations: [(i64, &'static str, &'static str); 7]) -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(migrations.map(migration).into());
    migrator.dangerous_set_table_name("_edgegate_migrations");
    migrator
}
