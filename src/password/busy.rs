//! The error for stopped work.

use std::fmt;

/// The work was stopped. In wasm also: another call is already computing, and the state is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the work was stopped")
    }
}

impl std::error::Error for Busy {}
