//! The tests of the crate, over HTTP where a client would notice.

mod contract;
mod extractor;
mod failures;
mod keys;
mod limits;
mod routes;
mod stores;
mod support;
