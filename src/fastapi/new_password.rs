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
    looked_up,
};
use crate::{limits::PASSWORD_MAX_BYTES, password::is_common, unicode::Unicode};

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
    pub(crate) fn parse(content_type: Option<&str>, body: &[u8], rules: &PasswordRules) -> Result<Self, BodyError> {
        let Object { current_password, new_password, shown, .. } = Object::read(content_type, body)?;
        let current = text("current_password", current_password.as_deref(), &shown);
        let new = text("new_password", new_password.as_deref(), &shown);
        Self::checked(current, new, rules)
    }

    /// The same rules without a body.
    pub(crate) fn new(current: &str, new: &str, rules: &PasswordRules) -> Result<Self, BodyError> {
        let [current, new] = [current, new].map(|text| Ok(Zeroizing::new(text.to_owned())));
        Self::checked(current, new, rules)
    }

    fn checked(current: Text, new: Text, rules: &PasswordRules) -> Result<Self, BodyError> {
        // It may be older than the rules for new ones.
        let current = current.and_then(|current| at_least("current_password", current, 1));
        match (current, new.and_then(|new| storable("new_password", new, rules))) {
            (Ok(current), Ok(new)) => Ok(Self { current, new }),
            (current, new) => Err(BodyError::Unprocessable(current.err().into_iter().chain(new.err()).collect())),
        }
    }
}

/// A new password without a body.
pub(crate) fn new_password(new: &str, rules: &PasswordRules) -> Result<Zeroizing<String>, BodyError> {
    Ok(storable("new_password", Zeroizing::new(new.to_owned()), rules)?)
}

/// The body of `POST /reset-password`: the token of a mail, and the new password.
///
/// # Errors
/// FastAPI's response, in which every value is hidden.
pub(crate) fn reset_password(
    content_type: Option<&str>,
    body: &[u8],
    rules: &PasswordRules,
) -> Result<[Zeroizing<String>; 2], BodyError> {
    let Object { token, new_password, shown, .. } = Object::read(content_type, body)?;
    let token = text("token", token.as_deref(), &shown);
    let new = text("new_password", new_password.as_deref(), &shown);
    match (token, new.and_then(|new| storable("new_password", new, rules))) {
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

/// What a new password must be.
pub(crate) struct PasswordRules {
    /// How many characters it must have.
    pub(crate) min_length: u32,
    /// Whether one that many people have is refused, and one that is the address of the user.
    pub(crate) refuses_common: bool,
}

/// A password to store: it has enough characters, bcrypt reads all of it, it has no NUL, and not many people have it.
pub(super) fn storable(name: &'static str, password: Zeroizing<String>, rules: &PasswordRules) -> Text {
    let password = at_least(name, password, rules.min_length)?;
    if password.len() > PASSWORD_MAX_BYTES {
        let msg = format!("String should have at most {PASSWORD_MAX_BYTES} bytes");
        let error = Invalid::field("string_too_long", name, msg, HIDDEN);
        return Err(error.with_ctx(json!({ "max_length": PASSWORD_MAX_BYTES })));
    }
    // Many bcrypt implementations stop at a NUL.
    if password.contains('\0') {
        return Err(value_error(name, "Value error, a password cannot hold a NUL character"));
    }
    if rules.refuses_common && is_common(&password) {
        return Err(value_error(name, "Value error, this password is too common"));
    }
    Ok(password)
}

/// Refuses a password that is the address of the user, or what stands before its `@`, ignoring the case of A to Z.
pub(crate) fn unlike_address(
    name: &'static str,
    password: &str,
    email: &str,
    rules: &PasswordRules,
    unicode: &Unicode,
) -> Result<(), BodyError> {
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
    // As an address is looked up: its domain may be stored in another form than it was typed.
    let address = Zeroizing::new(looked_up(password, unicode));
    let is_like = |text: &str| text.eq_ignore_ascii_case(password) || text.eq_ignore_ascii_case(&address);
    if rules.refuses_common && [email, local].into_iter().any(is_like) {
        return Err(value_error(name, "Value error, the password cannot be the email address").into());
    }
    Ok(())
}

/// The error for a password of a data breach.
pub(crate) fn pwned(name: &'static str) -> BodyError {
    value_error(name, "Value error, this password has appeared in a data breach").into()
}

fn value_error(name: &'static str, msg: &'static str) -> Invalid {
    Invalid::field("value_error", name, msg, HIDDEN).with_ctx(json!({ "error": {} }))
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

    const RULES: PasswordRules = PasswordRules { min_length: 8, refuses_common: true };

    #[test]
    fn common_passwords_and_addresses_are_refused() {
        let new = |new, refuses_common| new_password(new, &PasswordRules { min_length: 1, refuses_common });
        for common in ["password1", "PASSWORD1", "baseball", "123456"] {
            let error = new(common, true).unwrap_err().to_string();
            assert!(error.contains("this password is too common") && !error.contains(common), "{error}");
            assert!(new(common, false).is_ok());
        }
        assert!(new("correct horse", true).is_ok());
        for (password, is_like) in
            [("ada@example.com", true), ("ADA", true), ("example.com", false), ("ada@example", false), ("", false)]
        {
            let refused = unlike_address("password", password, "Ada@example.com", &RULES, &Unicode::default());
            assert_eq!(refused.is_err(), is_like, "{password}");
        }
    }

    #[test]
    fn no_password_is_echoed() {
        for body in [
            r#"["secret"]"#,
            r#"{"current_password":"secret"}"#,
            r#"{"new_password":["secret"],"current_password":{"secret":1}}"#,
            r#"{"current_password":"a","new_password":"secret\u0000xx"}"#,
            r#"{"current_password":"","new_password":"secret"}"#,
        ] {
            let error = NewPassword::parse(Some("application/json"), body.as_bytes(), &RULES).unwrap_err();
            let BodyError::Unprocessable(list) = &error else { panic!("{error}") };
            let answer = serde_json::to_string(list).unwrap();
            let names_a_password = ["current_password", "new_password"].iter().any(|name| answer.contains(name));
            assert!(names_a_password || answer.contains("model_attributes_type"), "{answer}");
            assert!(!answer.replace("secret\"", "").contains("secret"), "{answer}");
        }
        let body = br#"{"current_password":"a","new_password":"a new secret"}"#;
        let parsed = NewPassword::parse(Some("application/json"), body, &RULES).unwrap();
        assert_eq!((parsed.current.as_str(), parsed.new.as_str()), ("a", "a new secret"));
        assert_eq!(format!("{parsed:?}"), "NewPassword { .. }");
    }
}
