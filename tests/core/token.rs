//! Tokens: what is issued, and everything that is refused.

mod attacks;
mod bits;
mod claims;
mod header;
mod keys;
pub(crate) mod make;
mod recorded;
mod rfc;
mod ring;
mod typed;
mod wycheproof;
