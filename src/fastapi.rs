//! Request bodies and validation errors, as FastAPI reads and writes them.

mod email;
mod form;
mod input;
mod invalid;
mod new_password;
mod new_user;

pub use self::invalid::{BodyError, Invalid, Loc, Shown};
pub(crate) use self::{
    email::{Email, is_space, looked_up},
    form::{LoginForm, RevocationForm, TokenForm},
    invalid::HIDDEN,
    new_password::{NewPassword, current_password, mail_token, new_password, reset_password},
    new_user::{NewUser, new_address},
};
