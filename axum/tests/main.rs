//! The tests of the crate, over HTTP where a client would notice.

mod stores;
mod support;
