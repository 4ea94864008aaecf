//! Tokens: issuing them, and every reason for a refusal.

mod attacks;
mod bits;
mod claims;
mod header;
mod keys;
pub(crate) mod make;
pub(crate) mod recorded;
mod rfc;
mod ring;
mod typed;
mod wycheproof;
