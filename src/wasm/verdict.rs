//! Verdicts and failures in the shapes that JavaScript gets, told apart by `outcome`.

#[cfg(feature = "wasm-password")]
mod password;
#[cfg(feature = "wasm-token")]
mod token;
#[cfg(feature = "wasm")]
mod gate;

use std::borrow::Cow;

use serde::Serialize;

#[cfg(feature = "wasm")]
pub(super) use self::gate::{DoneVerdict, LoginVerdict, RequiredUser, SessionsVerdict, UserVerdict};
#[cfg(feature = "wasm-password")]
pub(super) use self::password::{HashVerdict, PasswordVerdict};

#[cfg(feature = "wasm")]
#[wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
const CODES: &str = include_str!("codes.d.ts");

/// The outcome of a turn.
#[derive(Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(untagged)]
pub(super) enum Outcome {
    /// Of `Gate.handle`.
    #[cfg(feature = "wasm")]
    Reply(crate::http::Reply),
    /// Of `Gate.compare`.
    #[cfg(feature = "wasm")]
    Comparison(crate::Comparison),
    /// Of `Gate.login`.
    #[cfg(feature = "wasm")]
    Login(LoginVerdict),
    /// Of `Gate.currentUser`.
    #[cfg(feature = "wasm")]
    User(UserVerdict),
    /// Of `Gate.requireUser`.
    #[cfg(feature = "wasm")]
    Required(RequiredUser),
    /// Of `Gate.logOut`, `Gate.revoke` and `Gate.endSession`.
    #[cfg(feature = "wasm")]
    Done(DoneVerdict),
    /// Of `Gate.sessions`.
    #[cfg(feature = "wasm")]
    Sessions(SessionsVerdict),
    /// Of `Gate.verifyTokenInTurn`: the text that `Gate.verifyToken` returns when nothing has to be asked.
    #[cfg(feature = "wasm-token")]
    Token(String),
    /// Of `hashPassword`.
    #[cfg(feature = "wasm-password")]
    Hash(HashVerdict),
    /// Of `verifyPassword`.
    #[cfg(feature = "wasm-password")]
    Password(PasswordVerdict),
}

/// The error for a wrong call.
#[derive(Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub(super) struct Failure {
    /// A stable code to match on.
    #[cfg_attr(feature = "wasm", tsify(type = "ErrorCode"))]
    pub code: Cow<'static, str>,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl Failure {
    /// A text is no e-mail address.
    #[cfg(feature = "wasm")]
    pub(super) fn email() -> Self {
        Self { code: "email".into(), message: "the text is not an e-mail address".to_owned() }
    }

    /// A value of the core cannot be represented in JavaScript.
    pub(super) fn internal() -> Self {
        Self { code: "internal".into(), message: "a value cannot be given to JavaScript".to_owned() }
    }
}
