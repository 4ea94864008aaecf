#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod store;
mod mail;
mod memory;
mod hasher;
mod keys;
mod limiter;
mod pwned_passwords;
mod response;
mod router;
#[cfg(feature = "schemes")]
mod schemes;
mod auth;
mod extract;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "store_test")]
pub mod store_test;

/// The core: settings, credentials, refusals, passwords and tokens.
pub use edgegate;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlStore;
#[cfg(feature = "sqlite")]
pub use self::sql::SqliteStore;
#[cfg(feature = "postgres")]
pub use self::sql::{IdType, PgStore};
pub use self::{
    auth::{Auth, AuthBuilder, settings_from_env},
    extract::CurrentUser,
    hasher::Hasher,
    keys::{FetchError, FetchKeys},
    limiter::{LimitError, Limiter},
    mail::{MailError, SendMail},
    memory::MemoryStore,
    pwned_passwords::{FetchPwnedPasswords, PwnedPasswordsError},
    response::{GateRefusal, GateReply},
    store::{Store, StoreError},
};
#[cfg(feature = "reqwest")]
pub use self::{keys::with_reqwest::ReqwestKeys, pwned_passwords::with_reqwest::ReqwestPwnedPasswords};
