//! HTTP as plain data: the head of a request, the reply, and the reason for a refusal.

mod client;
pub(crate) mod cookie;
pub(crate) mod cors;
mod refusal;
mod reply;
mod request;

pub(crate) use self::client::Client;
pub use self::{
    refusal::{RefreshRefusal, Refusal, UpstreamFailure},
    reply::{Event, Level, Reply, Summary},
    request::Request,
};
pub use crate::fastapi::{BodyError, Invalid, Loc, Shown};
