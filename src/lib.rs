//! Password login and bearer tokens at the edge, speaking the HTTP contract of a FastAPI login.
//!
//! The crate holds every rule and performs no I/O: [`gate::Gate`] takes the head of a request and the time, and answers
//! with a finished [`reply::Reply`] or with a [`ask::Question`] to whoever hosts it. The host is a loop of a few lines,
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
//! Without HTTP there are [`gate::Gate::login`] and [`gate::Gate::current_user`]; without a user store [`password`] and
//! [`token`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// A module uses only modules declared above it; `cargo xtask test` fails when one does not.
pub mod limits;
mod base_64;
pub mod json;
pub mod invalid;
pub mod email;
pub mod form;
pub mod new_user;
pub mod password;
pub mod token;
pub mod settings;
pub mod session;
pub mod refusal;
pub mod ask;
pub mod passwords;
pub mod tokens;
pub mod request;
pub mod reply;
mod access;
mod refresh;
pub mod login;
pub mod me;
mod logout;
pub mod users;
pub mod gate;
#[cfg(feature = "wasm")]
pub mod wasm;
