//! What the tests, the benchmark and the commands share: the fixtures of the contract, an HTTP client that sends exact bytes, and
//! a Worker on workerd that ends with the program that started it.

pub mod fixture;
pub mod http;
pub mod paths;
pub mod process;
pub mod progress;
pub mod sh;
pub mod stamp;
pub mod worker;
pub mod wrangler;
