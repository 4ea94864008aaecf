//! The JavaScript API. It converts values and makes no decisions.
//!
//! Objects cross the boundary by `serde-wasm-bindgen`; `tsify` declares their types from the same serde attributes.
//! Claims cross as JSON text: a verified token's payload is passed unchanged, and new claims are the result of
//! `JSON.stringify`.
//!
//! The features select what is exported. The linker drops the rest of the crate.

mod clock;
mod value;
mod verdict;
mod turn;
#[cfg(feature = "wasm-password")]
pub mod signal;
#[cfg(feature = "wasm-password")]
pub mod passwords;
#[cfg(feature = "wasm")]
pub mod unicode;
#[cfg(feature = "wasm-token")]
pub mod tokens;
#[cfg(feature = "wasm")]
pub mod stored;
#[cfg(feature = "wasm")]
mod gate;
