//! The crate against what other libraries have made, and against texts that nobody has made.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may fail"
)]

mod bounds;
mod text;
mod vectors;
