//! The steps that lead from a fresh clone to a built package, each doing nothing when nothing changed.

pub(crate) mod npm;
pub(crate) mod package;
pub(crate) mod tools;
pub(crate) mod wasm;
