//! Password login and bearer tokens with the HTTP contract of a FastAPI login.
//!
//! The crate contains all rules and performs no I/O. [`Gate`] takes the head of a request and the time. It returns a finished
//! [`Reply`] or a [`Question`]. The host answers the question and gets the next step. A host is a short loop around a user
//! store: D1 in a Worker, PostgreSQL in a server, a `Vec` in a test.
//!
//! ```text
//!   host                              core
//!    | -- Request, now ---------------> |  routes: which one
//!    | <- Ask(Body) ------------------- |
//!    | -- bytes ----------------------> |  fastapi: the login form
//!    | <- Ask(UserByEmail) ------------ |
//!    | -- row, or none ---------------> |
//!    | <- Ask(Work) ------------------- |  password: bcrypt, the same rounds for every refusal
//!    | -- hashes ---------------------> |
//!    | <- Done(Reply) ----------------- |  token: a JWT, or the one refusal
//! ```
//!
//! ```
//! use edgegate::{Answer, Gate, Question, Request, Settings, Step, UserRow, Vars, password};
//!
//! /// Answers from a list of users. A server asks its database instead.
//! fn answer(users: &[UserRow], body: &[u8], question: &Question) -> Answer {
//!     match question {
//!         Question::Body { .. } => Answer::Body(body.to_vec()),
//!         Question::UserByEmail { email, .. } => {
//!             Answer::User(users.iter().find(|user| user.email.eq_ignore_ascii_case(email)).cloned())
//!         }
//!         Question::UserById { id, .. } => Answer::User(users.iter().find(|user| user.id == *id).cloned()),
//!         // CPU time: on a thread for blocking work, or together with the jobs of other requests.
//!         Question::Work { job } => job.work_out(&|| false).map_or(Answer::Busy, Answer::Worked),
//!         _ => Answer::Unavailable,
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vars = Vars { secret_key: Some("secret".repeat(8).into()), ..Vars::default() };
//! let gate = Gate::new(Settings::try_from(vars)?); // or Vars::read(|name| std::env::var(name).ok())
//! let hash = password::hash("correct horse", password::Cost::new(10)?)?;
//! let users = [UserRow::new(1, "ada@example.com", hash, "2026-11-24T12:00:00Z")];
//!
//! let mut request = Request::new("POST", "https://example.com/login");
//! request.content_type = Some("application/x-www-form-urlencoded".into());
//! let body = b"username=ada%40example.com&password=correct+horse";
//! let now = std::time::UNIX_EPOCH.elapsed()?.as_secs();
//! let mut step = gate.handle(request, now);
//! let reply = loop {
//!     step = match step {
//!         Step::Done(reply) => break reply,
//!         Step::Ask(question, pending) => pending.answer(answer(&users, body, &question), now),
//!     };
//! };
//! assert_eq!(reply.status, 200);
//! assert!(reply.body.starts_with(r#"{"access_token":"ey"#));
//! # Ok(())
//! # }
//! ```
//!
//! | for | there is |
//! |---|---|
//! | the routes over HTTP | [`Gate::handle`] |
//! | a login and the user of a token, without HTTP | [`Gate::login`], [`Gate::current_user`] |
//! | hashes and tokens, without a user store | [`password`], [`token`] |
//! | settings by their names (`SECRET_KEY`, `BCRYPT_COST`, ...) | [`Vars`], which documents each, and [`Settings`] |
//! | a ready host for axum, with stores for SQLite and PostgreSQL | the crate `edgegate-axum` |
//! | a ready host for JavaScript | the npm package `edgegate` |
//!
//! # Features
//!
//! - `lanes` (default): bcrypt for one to four passwords together, with `unsafe` code. Without it the `bcrypt` crate computes one
//!   password after the other, and `unsafe` code is forbidden.
//! - `rust_crypto`: signatures of key pairs by jsonwebtoken's RustCrypto provider, for Rust hosts.
//! - `wasm`: the JavaScript API of the npm package. `wasm-password` and `wasm-token` are its parts.

#![cfg_attr(not(feature = "lanes"), forbid(unsafe_code))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// A module uses only modules declared above it. `cargo xtask test --only modules` checks it.
mod limits;
mod row;
mod user;
mod session;
mod unicode;
pub mod password;
pub mod token;
mod fastapi;
mod settings;
pub mod http;
pub mod host;
mod routes;
mod gate;
#[cfg(feature = "wasm-base")]
pub mod wasm;

pub use self::{
    gate::{Gate, Issuer, Verified},
    host::{Answer, Pending, Question, Step},
    http::{Refusal, Reply, Request},
    routes::{
        login::Credentials,
        shadow::{Agreement, Comparison, Difference, HandOn},
    },
    row::InvalidRow,
    settings::{
        EmailVerification, MailSettings, Registration, Settings, SettingsError, UpstreamSettings, Variable, Vars,
    },
    token::Claims,
    unicode::Unicode,
    user::{User, UserId, UserRow},
};
