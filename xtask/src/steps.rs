//! The steps that lead from a fresh clone to a built package, each doing nothing when nothing changed.

pub mod npm;
pub mod package;
pub mod tools;
pub mod wasm;
