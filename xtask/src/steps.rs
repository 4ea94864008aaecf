//! The steps from a fresh clone to a built package. Each is skipped while its inputs are unchanged.

pub(crate) mod init;
pub(crate) mod npm;
pub(crate) mod package;
pub(crate) mod page;
pub(crate) mod tools;
pub(crate) mod wasm;
