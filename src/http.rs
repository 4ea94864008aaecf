//! HTTP without a socket: the head of a request, the reply, and the one mapping from an inner reason to an outer answer.

mod refusal;
mod reply;
mod request;

pub use self::{
    refusal::Refusal,
    reply::{Event, Level, Reply},
    request::Request,
};
pub use crate::fastapi::{BodyError, Invalid, Loc};
