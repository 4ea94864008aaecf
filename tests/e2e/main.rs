//! End-to-end tests: HTTP requests to the built Worker on workerd with a local D1.
//!
//! The tests of a run share their Workers, so they need libtest: cargo-nextest runs each test in its own process.

mod broken;
mod client;
mod concurrent_logins;
mod contract;
mod flow;
mod keys;
mod killed;
mod limits;
mod mails;
mod rotation;
mod sessions;
mod workers;
mod workers_rs;
