//! The tests of the crate, over HTTP where a client would notice.

#![expect(clippy::indexing_slicing, reason = "a panic fails the test")]

mod accounts;
mod contract;
mod events;
mod extractor;
mod failures;
mod keys;
mod limits;
mod routes;
mod schemes;
mod stores;
mod support;
