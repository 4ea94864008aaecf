//! Password login and bearer tokens at the edge, speaking the HTTP contract of a FastAPI login.
//!
//! The crate holds every rule and performs no I/O: [`Gate`] takes the head of a request and the time, and answers
//! with a finished [`http::Reply`] or with a [`host::Question`] to whoever hosts it. The host is a loop of a few lines,
//! around a Worker's D1, a server's PostgreSQL or a test's `Vec`.
//!
//! ```text
//!             request -> form -> login -> password, token -> reply -> response
//!
//!   host                              core
//!    | -- Request, now ---------------> |  Gate::handle
//!    | <- Ask(Body) ------------------- |
//!    | -- the bytes ------------------> |  form: LoginForm
//!    | <- Ask(UserByEmail) ------------ |
//!    | -- the row, or none -----------> |
//!    | <- Ask(Work) ------------------- |  password: bcrypt, the same rounds whatever the outcome
//!    | -- the hashes -----------------> |
//!    | <- Done(Reply) ----------------- |  token: HS256, or the one refusal
//! ```
//!
//! Without HTTP there are [`Gate::login`] and [`Gate::current_user`]; without a user store [`password`] and
//! [`token`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// From the bottom up: what stands above is used by what stands below it, and never the other way round.
pub mod json;
mod limits;
mod user;
pub mod password;
pub mod token;
mod fastapi;
mod settings;
pub mod http;
pub mod host;
mod routes;
mod gate;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use self::{
    gate::{Gate, Verified},
    host::{Answer, Pending, Question, Step},
    http::{Refusal, Reply, Request},
    routes::login::Credentials,
    settings::{Settings, SettingsError, Vars},
    token::Claims,
    user::{User, UserId, UserRow},
};
