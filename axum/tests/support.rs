//! Shared by the tests.

/// A time shortly after 2023-11-14T22:13:20Z.
pub(crate) const NOW: u64 = 1_700_000_000;
