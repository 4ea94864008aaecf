//! End-to-end: the built Worker on real workerd with a real local D1, over HTTP.
//!
//! The tests of one run share their Workers, so nothing but libtest can run them: cargo-nextest gives each test a process.

mod broken;
mod client;
mod concurrent_logins;
mod contract;
mod flow;
mod keys;
mod limits;
mod sessions;
mod workers;
