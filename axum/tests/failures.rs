//! Stores that fail, and the log.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use edgegate_axum::{
    MemoryStore, Store, StoreError,
    edgegate::{InvalidRow, UserId, UserRow, Vars},
};
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{FORM, PASSWORD, SECRET, gate, get, post, user, vars};

/// A store whose reads fail.
struct Failing(Failure);

type Failure = fn() -> StoreError;

impl Store for Failing {
    async fn user_by_email(&self, _: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
        Err((self.0)())
    }

    async fn user_by_id(&self, _: &UserId, _: bool) -> Result<Option<UserRow>, StoreError> {
        Err((self.0)())
    }

    async fn insert_user(&self, _: &str, _: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
        Err((self.0)())
    }
}

/// A store that does not answer while it hangs.
struct Hanging {
    users: MemoryStore,
    hangs: Arc<AtomicBool>,
}

impl Hanging {
    async fn answers(&self) {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }
}

impl Store for Hanging {
    async fn user_by_email(&self, email: &str, with_token_version: bool) -> Result<Option<UserRow>, StoreError> {
        self.answers().await;
        self.users.user_by_email(email, with_token_version).await
    }

    async fn user_by_id(&self, id: &UserId, with_token_version: bool) -> Result<Option<UserRow>, StoreError> {
        self.answers().await;
        self.users.user_by_id(id, with_token_version).await
    }

    async fn insert_user(
        &self,
        email: &str,
        password: &str,
        is_unverified: bool,
    ) -> Result<Option<UserRow>, StoreError> {
        self.answers().await;
        self.users.insert_user(email, password, is_unverified).await
    }
}

/// A store without the methods that some settings need.
struct Minimal(UserRow);

impl Store for Minimal {
    async fn user_by_email(&self, _: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
        Ok(Some(self.0.clone()))
    }

    async fn user_by_id(&self, _: &UserId, _: bool) -> Result<Option<UserRow>, StoreError> {
        Ok(Some(self.0.clone()))
    }

    async fn insert_user(&self, _: &str, _: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
        Ok(None)
    }
}

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What was logged since the last call.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The log of this thread, on which the test and its requests run.
pub(crate) fn log() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time();
    (log, tracing::subscriber::set_default(subscriber.with_max_level(tracing::Level::TRACE).finish()))
}

#[tokio::test]
async fn a_store_that_fails_is_answered_503_and_logged() -> Result<()> {
    let (log, _guard) = log();
    let failures: [(Failure, &str); 3] = [
        (|| StoreError::unavailable("no route to host"), "no route to host"),
        (|| InvalidRow { column: "email" }.into(), "invalid-row:email"),
        (|| StoreError::Unsupported("REHASH"), "does not support REHASH"),
    ];
    for (error, entry) in failures {
        let app = gate(Failing(error), vars())?.build().router();
        let got = post(&app, "/login?secret", FORM).await?;
        ensure!(got.status == 503 && got.text == r#"{"detail":"Service Unavailable"}"#, "{got:?}");
        let text = log.take();
        ensure!(text.contains("ERROR edgegate") && text.contains(entry) && text.contains("/login"), "{text}");
        ensure!(!text.contains("ada@example.com") && !text.contains("?secret"), "{text}");
    }
    Ok(())
}

/// The clock of tokio is paused, and advances when nothing else is to be done.
#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_waited_for_ten_seconds() -> Result<()> {
    let (log, _guard) = log();
    let hangs = Arc::new(AtomicBool::new(true));
    let store = Hanging { users: MemoryStore::new([user()?]), hangs: hangs.clone() };
    let app = gate(store, Vars { refresh_token_expire_minutes: None, ..vars() })?.build().router();
    let started = Instant::now();
    let got = post(&app, "/login", FORM).await?;
    ensure!(got.status == 503 && got.text == r#"{"detail":"Service Unavailable"}"#, "{got:?}");
    let took = started.elapsed();
    ensure!((Duration::from_secs(10)..Duration::from_secs(11)).contains(&took), "{took:?}");
    let text = log.take();
    ensure!(text.contains("the user store did not answer: deadline has elapsed"), "{text}");
    hangs.store(false, Ordering::Relaxed);
    ensure!(post(&app, "/login", FORM).await?.status == 200, "when it answers again");
    Ok(())
}

#[tokio::test]
async fn a_missing_method_of_a_store_is_named() -> Result<()> {
    let (log, _guard) = log();
    let app = gate(Minimal(user()?), vars())?.build().router();
    ensure!(post(&app, "/login", FORM).await?.status == 503);
    ensure!(log.take().contains("the user store does not support REFRESH_TOKEN_EXPIRE_MINUTES"));
    Ok(())
}

#[tokio::test]
async fn the_log_has_reasons_and_no_secret() -> Result<()> {
    let (log, _guard) = log();
    let row = user()?;
    let app = gate(MemoryStore::new([row.clone()]), vars())?.build().router();
    let tokens = post(&app, "/login", FORM).await?;
    let refresh = tokens.member("refresh_token")?;
    post(&app, "/login", "username=ada@example.com&password=battery+staple").await?;
    post(&app, "/login", &format!("grant_type=refresh_token&refresh_token={refresh}x")).await?;
    get(&app, "/me", &format!("{}x", tokens.member("access_token")?)).await?;
    let text = log.take();
    for reason in ["wrong-password", "refresh-token-malformed", "INFO", "status=403", "/me"] {
        ensure!(text.contains(reason), "no {reason}: {text}");
    }
    let token = tokens.member("access_token")?;
    let secrets =
        refresh.split('.').chain(token.split('.')).chain([PASSWORD, "battery", SECRET, &row.password, "ada@"]);
    for secret in secrets {
        ensure!(!text.contains(secret), "{secret}: {text}");
    }
    Ok(())
}
