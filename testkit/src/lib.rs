//! Shared by the tests, the benchmark and the commands: the contract fixtures, an HTTP client that sends exact bytes,
//! Workers on workerd, PostgreSQL, and child processes that end with the program.

pub mod fixture;
pub mod http;
pub mod paths;
pub mod postgres;
pub mod process;
pub mod progress;
pub mod server;
pub mod sh;
pub mod stamp;
pub mod usage;
pub mod worker;
pub mod wrangler;
