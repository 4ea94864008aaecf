//! Password login and bearer tokens at the edge, speaking the HTTP contract of a FastAPI login.
#![doc = "\n\n```text\nrequest -> form -> login -> password, token -> reply -> response\n```"]

// A module uses only modules declared above it; `cargo xtask test` fails when one does not.
pub mod limits;
pub mod json;
pub mod invalid;
pub mod email;
pub mod form;
pub mod new_user;
pub mod password;
pub mod token;
pub mod settings;
pub mod refusal;
pub mod ask;
pub mod request;
pub mod reply;
pub mod login;
pub mod me;
pub mod users;
pub mod gate;
#[cfg(feature = "wasm")]
pub mod wasm;
