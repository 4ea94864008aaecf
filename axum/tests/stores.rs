//! The stores, on the conformance suite and on real engines.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use edgegate_axum::{
    IdType, MemoryStore, PgStore, SqliteStore, Store, StoreError,
    edgegate::{
        InvalidRow, UserId,
        host::{NewSession, Rotation},
    },
    store_test,
};
use sqlx::{
    AssertSqlSafe, Executor, PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use testkit::postgres::Postgres;

#[tokio::test]
async fn memory_conforms() -> Result<()> {
    let store = MemoryStore::default();
    Ok(store_test::run(&store, async |id| {
        store.remove_user(id);
        Ok(())
    })
    .await?)
}

#[tokio::test]
async fn sqlite_conforms() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    SqliteStore::migrations().run(&pool).await?;
    conforms(&SqliteStore::new(pool.clone()), async |id| delete(&pool, id).await).await
}

/// Ids that are texts, and a table with more columns.
#[tokio::test]
async fn sqlite_conforms_with_text_ids() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    pool.execute(
        "CREATE TABLE users (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))), email TEXT NOT NULL,
         password TEXT, created_at TEXT NOT NULL DEFAULT '2026-11-24', \"odd \"\"name\" TEXT DEFAULT 'a', role TEXT);
         CREATE UNIQUE INDEX users_email ON users (email COLLATE NOCASE)",
    )
    .await?;
    for migration in SqliteStore::migrations().iter().skip(1) {
        pool.execute(migration.sql.clone()).await?;
    }
    let store = SqliteStore::new(pool.clone()).with_columns(&["odd \"name", "role", "email"]);
    conforms(&store, async |id| delete(&pool, id).await).await?;
    let user = store.insert_user("further@example.com", "hash", false).await?.context("not inserted")?;
    ensure!(matches!(user.id, UserId::Text(_)), "{:?}", user.id);
    ensure!(user.columns["odd \"name"] == "a" && user.columns["role"].is_null() && user.columns.len() == 2);
    pool.execute("ALTER TABLE users DROP COLUMN is_active; ALTER TABLE users ADD COLUMN is_active BOOLEAN").await?;
    is_active_is_read(&store, &user.id, async |sql| Ok(pool.execute(AssertSqlSafe(sql)).await.map(drop)?)).await
}

#[tokio::test]
async fn postgres_conforms() -> Result<()> {
    let (_server, pool) = postgres("conforms").await?;
    PgStore::migrations().run(&pool).await?;
    conforms(&PgStore::new(pool.clone()), async |id| delete_pg(&pool, id).await).await
}

/// The migrations keep a table that another backend has made, with ids of its own.
#[tokio::test]
async fn postgres_conforms_with_the_table_of_another_backend() -> Result<()> {
    let types = [
        ("uuid", "UUID PRIMARY KEY DEFAULT gen_random_uuid()", IdType::Uuid),
        ("text", "TEXT PRIMARY KEY DEFAULT md5(random()::text)", IdType::Text),
        ("varchar", "VARCHAR(36) PRIMARY KEY DEFAULT gen_random_uuid()::text", IdType::Text),
        ("serial", "SERIAL PRIMARY KEY", IdType::Integer),
    ];
    for (name, definition, ids) in types {
        let (_server, pool) = postgres(&format!("backend_{name}")).await?;
        let table = format!(
            "CREATE TABLE users (id {definition}, email VARCHAR NOT NULL, password VARCHAR NOT NULL,
             created_at TIMESTAMPTZ NOT NULL DEFAULT now(), is_active BOOLEAN DEFAULT true,
             role VARCHAR DEFAULT 'user')"
        );
        pool.execute(AssertSqlSafe(table)).await?;
        PgStore::migrations().run(&pool).await?;
        let store = PgStore::new(pool.clone()).with_ids(ids).with_columns(&["role"]);
        conforms(&store, async |id| delete_pg(&pool, id).await).await.context(name)?;
        let user = store.insert_user("further@example.com", "hash", false).await?.context("not inserted")?;
        ensure!(matches!(user.id, UserId::Integer(_)) == (ids == IdType::Integer), "{name}: {:?}", user.id);
        ensure!(user.columns["role"] == "user" && user.columns.len() == 1);
        is_active_is_read(&store, &user.id, async |sql| Ok(pool.execute(AssertSqlSafe(sql)).await.map(drop)?)).await?;
    }
    Ok(())
}

/// Rows that are inserted while their user is revoked: the transaction is open while the login stores its session.
#[tokio::test]
async fn a_login_waits_for_a_revocation_in_postgres() -> Result<()> {
    let (_server, pool) = postgres("revocation").await?;
    PgStore::migrations().run(&pool).await?;
    let store = PgStore::new(pool.clone());
    let user = store.insert_user("a@example.com", "hash", false).await?.context("not inserted")?;
    let mut revocation = pool.begin().await?;
    revocation.execute("UPDATE users SET token_version = token_version + 1").await?;
    revocation.execute("DELETE FROM sessions").await?;
    let login = tokio::spawn({
        let store = store.clone();
        async move { store.insert_session(&session(user.id)).await }
    });
    // Until the login waits for the lock.
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await? == 0 {
        ensure!(!login.is_finished(), "the login did not wait");
    }
    revocation.commit().await?;
    ensure!(!login.await??, "the session was stored");
    Ok(())
}

#[tokio::test]
async fn migrations_run_once_and_beside_those_of_the_app() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    SqliteStore::migrations().run(&pool).await?;
    SqliteStore::migrations().run(&pool).await?;
    sqlx::migrate::Migrator::with_migrations(Vec::new()).run(&pool).await?;
    let (_server, pool) = postgres("migrations").await?;
    PgStore::migrations().run(&pool).await?;
    PgStore::migrations().run(&pool).await?;
    Ok(sqlx::migrate::Migrator::with_migrations(Vec::new()).run(&pool).await?)
}

#[tokio::test]
async fn a_lost_connection_is_an_error_and_no_more() -> Result<()> {
    let (_server, pool) = postgres("lost").await?;
    PgStore::migrations().run(&pool).await?;
    let store = PgStore::new(pool.clone());
    store.insert_user("a@example.com", "hash", false).await?;
    let others =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost' AND pid <> pg_backend_pid()";
    let mut killer = pool.acquire().await?;
    (&mut *killer).execute(others).await?;
    drop(killer);
    // The pool tests a connection before it lends it.
    ensure!(store.user_by_email("a@example.com", true).await?.is_some());
    pool.close().await;
    ensure!(matches!(store.user_by_email("a@example.com", true).await, Err(StoreError::Unavailable(_))));
    ensure!(matches!(store.revoke_tokens(&1.into(), true).await, Err(StoreError::Unavailable(_))));
    Ok(())
}

#[tokio::test]
async fn an_invalid_row_names_its_column() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pool = sqlite(folder.path()).await?;
    SqliteStore::migrations().run(&pool).await?;
    let store = SqliteStore::new(pool.clone());
    store.insert_user("a@example.com", "hash", false).await?;
    pool.execute("ALTER TABLE users DROP COLUMN created_at; ALTER TABLE users ADD COLUMN created_at INTEGER DEFAULT 5")
        .await?;
    match store.user_by_email("a@example.com", false).await {
        Err(StoreError::InvalidRow(InvalidRow { column: "created_at" })) => Ok(()),
        other => anyhow::bail!("{other:?}"),
    }
}

/// The column may be there or not.
async fn is_active_is_read(store: &impl Store, id: &UserId, execute: impl AsyncFn(String) -> Result<()>) -> Result<()> {
    ensure!(store.insert_session(&session(id.clone())).await?, "no session");
    let rotation = Rotation {
        id: "session".into(),
        old: "token".into(),
        new: "token".into(),
        sealed: String::new(),
        now: 1,
        expires_at: 100,
        grace_since: 0,
        with_token_version: false,
    };
    for (change, is_active) in [
        ("UPDATE users SET is_active = true", true),
        ("UPDATE users SET is_active = false", false),
        ("UPDATE users SET is_active = NULL", false),
        ("ALTER TABLE users DROP COLUMN is_active", true),
    ] {
        execute(change.to_owned()).await?;
        for with_version in [false, true] {
            let user = store.user_by_id(id, with_version).await?.context("no user")?;
            ensure!(user.is_active == is_active, "{change}: {}", user.is_active);
        }
        let at_login = store.user_at_login("further@example.com", false, "a", "", 0).await?;
        ensure!(at_login.user.is_some_and(|user| user.is_active == is_active), "{change}");
        let rotated = store.rotate_session(&rotation).await?.context("not rotated")?;
        ensure!(rotated.is_active == is_active, "{change}");
    }
    Ok(())
}

async fn conforms(store: &impl Store, delete: impl AsyncFn(&UserId) -> Result<(), StoreError>) -> Result<()> {
    Ok(store_test::run(store, delete).await?)
}

pub(crate) async fn sqlite(folder: &Path) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new().filename(folder.join("users.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal);
    Ok(SqlitePoolOptions::new().max_connections(4).connect_with(options).await?)
}

async fn delete(pool: &SqlitePool, id: &UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM users WHERE id = $1").bind(id.to_string()).execute(pool).await?;
    Ok(())
}

/// A new database of this name.
async fn postgres(name: &str) -> Result<(Arc<Postgres>, PgPool)> {
    let server = tokio::task::spawn_blocking(Postgres::shared).await??;
    let admin = PgPool::connect(&server.url("postgres")).await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    admin.close().await;
    let pool = PgPoolOptions::new().max_connections(4).connect(&server.url(name)).await?;
    Ok((server, pool))
}

async fn delete_pg(pool: &PgPool, id: &UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM users WHERE id::text = $1").bind(id.to_string()).execute(pool).await?;
    Ok(())
}

fn session(user_id: UserId) -> NewSession {
    NewSession {
        id: "session".into(),
        user_id,
        password: "hash".into(),
        token_version: Some(0),
        current: "token".into(),
        now: 0,
        expires_at: 10,
        ends_at: 10,
        user_agent: None,
        address: None,
    }
}
