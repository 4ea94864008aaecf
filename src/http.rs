//! HTTP as plain data: the head of a request, the reply, and the reason for a refusal.

pub(crate) mod cookie;
mod refusal;
mod reply;
mod request;

pub use self::{
    refusal::{RefreshRefusal, Refusal},
    reply::{Event, Level, Reply},
    request::Request,
};
pub use crate::fastapi::{BodyError, Invalid, Loc, Shown};
