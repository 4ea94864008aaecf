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
    new_password::{
        NewPassword, PasswordRules, current_password, mail_token, new_password, pwned, reset_password, unlike_address,
    },
    new_user::{NewUser, new_address},
};
