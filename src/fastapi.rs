//! How FastAPI reads a body and words what is wrong with it.

mod email;
mod form;
mod invalid;
mod new_user;

pub use self::invalid::{BodyError, Invalid, Loc};
pub(crate) use self::{
    email::{Email, is_space},
    form::{LoginForm, TokenForm},
    invalid::{HIDDEN, echo},
    new_user::NewUser,
};
