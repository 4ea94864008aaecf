//! New passwords, and the body of `PATCH /me/password`: `UpdatePassword(BaseModel)` of FastAPI's template.

#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::result_large_err, reason = "an error is rare, and moved into a list at once")
)]

use std::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    BodyError, HIDDEN, Invalid, Shown,
    input::{Input, Object},
};
use crate::limits::PASSWORD_MAX_BYTES;

/// A password and the one that replaces it.
pub(crate) struct NewPassword {
    /// `current_password`; never empty.
    pub(crate) current: Zeroizing<String>,
    /// `new_password`, as in [`NewUser`](super::NewUser).
    pub(crate) new: Zeroizing<String>,
}

impl NewPassword {
    /// Reads the body as FastAPI does. `content_type` is the header's value.
    ///
    /// # Errors
    /// FastAPI's response, in which every value is hidden.
    pub(crate) fn parse(content_type: Option<&str>, body: &[u8], min_length: u32) -> Result<Self, BodyError> {
        let Object { current_password, new_password, shown, .. } = Object::read(content_type, body)?;
        let current = text("current_password", current_password.as_deref(), &shown);
        let new = text("new_password", new_password.as_deref(), &shown);
        Self::checked(current, new, min_length)
    }

    /// The same rules without a body.
    pub(crate) fn new(current: &str, new: &str, min_length: u32) -> Result<Self, BodyError> {
        let [current, new] = [current, new].map(|text| Ok(Zeroizing::new(text.to_owned())));
        Self::checked(current, new, min_length)
    }

    fn checked(current: Text, new: Text, min_length: u32) -> Result<Self, BodyError> {
        // It may be older than the rules for new ones.
        let current = current.and_then(|current| at_least("current_password", current, 1));
        match (current, new.and_then(|new| storable("new_password", new, min_length))) {
            (Ok(current), Ok(new)) => Ok(Self { current, new }),
            (current, new) => Err(BodyError::Unprocessable(current.err().into_iter().chain(new.err()).collect())),
        }
    }
}

/// A new password without a body.
pub(crate) fn new_password(new: &str, min_length: u32) -> Result<Zeroizing<String>, BodyError> {
    Ok(storable("new_password", Zeroizing::new(new.to_owned()), min_length)?)
}

/// The body of `POST /reset-password`: the token of a mail, and the new password.
///
/// # Errors
/// FastAPI's response, in which every value is hidden.
pub(crate) fn reset_password(
    content_type: Option<&str>,
    body: &[u8],
    min_length: u32,
) -> Result<[Zeroizing<String>; 2], BodyError> {
    let Object { token, new_password, shown, .. } = Object::read(content_type, body)?;
    let token = text("token", token.as_deref(), &shown);
    let new = text("new_password", new_password.as_deref(), &shown);
    match (token, new.and_then(|new| storable("new_password", new, min_length))) {
        (Ok(token), Ok(new)) => Ok([token, new]),
        (token, new) => Err(BodyError::Unprocessable(token.err().into_iter().chain(new.err()).collect())),
    }
}

/// The body of `POST /verify-email`: the token of a mail.
///
/// # Errors
/// FastAPI's response, in which every value is hidden.
pub(crate) fn mail_token(content_type: Option<&str>, body: &[u8]) -> Result<Zeroizing<String>, BodyError> {
    let Object { token, shown, .. } = Object::read(content_type, body)?;
    Ok(text("token", token.as_deref(), &shown)?)
}

/// The body of `DELETE /me`: the current password.
///
/// # Errors
/// FastAPI's response, in which every value is hidden.
pub(crate) fn current_password(content_type: Option<&str>, body: &[u8]) -> Result<Zeroizing<String>, BodyError> {
    let Object { current_password, shown, .. } = Object::read(content_type, body)?;
    let current = text("current_password", current_password.as_deref(), &shown);
    Ok(current.and_then(|current| at_least("current_password", current, 1))?)
}

type Text = Result<Zeroizing<String>, Invalid>;

/// `Debug` shows no password.
impl fmt::Debug for NewPassword {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NewPassword").finish_non_exhaustive()
    }
}

/// A password to store: it has this many characters, bcrypt reads all of it, and it has no NUL.
pub(super) fn storable(name: &'static str, password: Zeroizing<String>, min_length: u32) -> Text {
    let password = at_least(name, password, min_length)?;
    if password.len() > PASSWORD_MAX_BYTES {
        let msg = format!("String should have at most {PASSWORD_MAX_BYTES} bytes");
        let error = Invalid::field("string_too_long", name, msg, HIDDEN);
        return Err(error.with_ctx(json!({ "max_length": PASSWORD_MAX_BYTES })));
    }
    // Many bcrypt implementations stop at a NUL.
    if password.contains('\0') {
        let msg = "Value error, a password cannot hold a NUL character";
        let error = Invalid::field("value_error", name, msg, HIDDEN);
        return Err(error.with_ctx(json!({ "error": {} })));
    }
    Ok(password)
}

/// The password in a body.
pub(super) fn text(name: &'static str, input: Option<&Input>, body: &[(String, Shown)]) -> Text {
    match input {
        None => Err(Invalid::missing(name, Shown::Object(body.to_vec()))),
        Some(Input::Null) => Err(Invalid::not_a_string(name, Value::Null)),
        Some(Input::Text(text)) => Ok(text.clone()),
        Some(_) => Err(Invalid::not_a_string(name, HIDDEN)),
    }
}

fn at_least(name: &'static str, password: Zeroizing<String>, min_length: u32) -> Text {
    if (0..min_length).zip(password.chars()).count() == min_length as usize {
        return Ok(password);
    }
    let plural = if min_length == 1 { "" } else { "s" };
    let msg = format!("String should have at least {min_length} character{plural}");
    let input = if password.is_empty() { "" } else { HIDDEN };
    let error = Invalid::field("string_too_short", name, msg, input);
    Err(error.with_ctx(json!({ "min_length": min_length })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_echoed() {
        for body in [
            r#"["secret"]"#,
            r#"{"current_password":"secret"}"#,
            r#"{"new_password":["secret"],"current_password":{"secret":1}}"#,
            r#"{"current_password":"a","new_password":"secret\u0000xx"}"#,
            r#"{"current_password":"","new_password":"secret"}"#,
        ] {
            let error = NewPassword::parse(Some("application/json"), body.as_bytes(), 8).unwrap_err();
            let BodyError::Unprocessable(list) = &error else { panic!("{error}") };
            let answer = serde_json::to_string(list).unwrap();
            let names_a_password = ["current_password", "new_password"].iter().any(|name| answer.contains(name));
            assert!(names_a_password || answer.contains("model_attributes_type"), "{answer}");
            assert!(!answer.replace("secret\"", "").contains("secret"), "{answer}");
        }
        let body = br#"{"current_password":"a","new_password":"a new secret"}"#;
        let parsed = NewPassword::parse(Some("application/json"), body, 8).unwrap();
        assert_eq!((parsed.current.as_str(), parsed.new.as_str()), ("a", "a new secret"));
        assert_eq!(format!("{parsed:?}"), "NewPassword { .. }");
    }
}
