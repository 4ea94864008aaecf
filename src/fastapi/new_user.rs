//! The body of `POST /users`: FastAPI's `UserCreate(BaseModel)` with `email: EmailStr` and `password: str`.

#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::result_large_err, reason = "an error is rare, and moved into a list at once")
)]

use std::fmt;

use zeroize::Zeroizing;

use super::{
    BodyError, Email, Invalid, Shown,
    input::{Input, Object},
    new_password::{PasswordRules, storable, text},
};
use crate::unicode::Unicode;

/// The user to create.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NewUser {
    /// The e-mail address.
    pub(crate) email: Email,
    /// The password: at most 72 bytes without a NUL, so that bcrypt reads all of it.
    pub(crate) password: Zeroizing<String>,
    /// The invitation; empty if there is none.
    pub(crate) invitation: Zeroizing<String>,
}

impl NewUser {
    /// Reads the body as FastAPI 0.165 does. `content_type` is the header's value.
    ///
    /// # Errors
    /// FastAPI's response, with every value hidden that may be a password. Errors are added, for a password that has too few characters, is
    /// longer than bcrypt reads, contains a NUL, or is too common.
    pub(crate) fn parse(
        content_type: Option<&str>,
        body: &[u8],
        rules: &PasswordRules,
        unicode: &Unicode,
    ) -> Result<Self, BodyError> {
        let Object { email, password, invitation, shown, .. } = Object::read(content_type, body)?;
        let password =
            text("password", password.as_deref(), &shown).and_then(|password| storable("password", password, rules));
        match (self::email(email.as_deref(), &shown, unicode), password) {
            (Ok(email), Ok(password)) => {
                let invitation = match invitation.map(|input| *input) {
                    Some(Input::Text(invitation)) => invitation,
                    _ => Zeroizing::default(),
                };
                Ok(Self { email, password, invitation })
            }
            (email, password) => Err(BodyError::Unprocessable(email.err().into_iter().chain(password.err()).collect())),
        }
    }
}

/// Reads an address as that of a new user.
///
/// # Errors
/// That of the body of `POST /users`.
pub(crate) fn new_address(text: &str, unicode: &Unicode) -> Result<Email, BodyError> {
    Email::parse(text, unicode).map_err(|error| error.to_invalid("email", text.into()).into())
}

/// `Debug` shows neither the address nor the password.
impl fmt::Debug for NewUser {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NewUser").finish_non_exhaustive()
    }
}

fn email(input: Option<&Input>, body: &[(String, Shown)], unicode: &Unicode) -> Result<Email, Invalid> {
    match input {
        None => Err(Invalid::missing("email", Shown::Object(body.to_vec()))),
        Some(Input::Text(text)) => {
            Email::parse(text, unicode).map_err(|error| error.to_invalid("email", text.as_str().into()))
        }
        Some(other) => Err(Invalid::not_a_string("email", other.shown_as_email())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PasswordRules = PasswordRules { min_length: 1, refuses_common: false };

    fn refused(content_type: Option<&str>, body: &str) -> String {
        match NewUser::parse(content_type, body.as_bytes(), &RULES, &Unicode::default()) {
            Err(BodyError::Unprocessable(list)) => serde_json::to_string(&list).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_type_must_be_json() {
        let body = r#"{"email":"a@b.co","password":"p"}"#;
        for json in ["application/json", " Application/JSON ; charset=x", "application/vnd.api+json"] {
            assert!(NewUser::parse(Some(json), body.as_bytes(), &RULES, &Unicode::default()).is_ok(), "{json}");
        }
        for other in [None, Some(""), Some("text/json"), Some("application/json/x"), Some("application/jsonp")] {
            assert!(refused(other, body).contains(r#""type":"model_attributes_type","loc":["body"]"#), "{other:?}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let body = br#"{"email":"a@b.co","password":"secret"}"#;
        let user = NewUser::parse(Some("application/json"), body, &RULES, &Unicode::default()).unwrap();
        assert_eq!(format!("{user:?}"), "NewUser { .. }");
    }

    #[test]
    fn no_password_is_echoed() {
        for body in [
            r#""secret""#,
            r#"["secret"]"#,
            r#"{"password":"secret"}"#,
            r#"{"email":{"password":"secret"},"password":["secret"]}"#,
            r#"{"email":"a@b.co","password":"secret\u0000"}"#,
            &r#"{"email":"a@b.co","password":"secret*"}"#.replace('*', &"x".repeat(67)),
        ] {
            let answer = refused(Some("application/json"), body);
            assert!(answer.contains("\"loc\":[\"body\"") && !answer.contains("secret"), "{answer}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        assert_eq!(
            refused(Some("application/json"), r#"{"email":1.0,"password":""}"#),
            r#"[{"type":"string_type","loc":["body","email"],"msg":"Input should be a valid string","input":1.0},{"type":"string_too_short","loc":["body","password"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}]"#,
        );
        assert_eq!(
            refused(Some("application/json"), "[1,"),
            r#"[{"type":"json_invalid","loc":["body",3],"msg":"JSON decode error","input":{},"ctx":{"error":"EOF while parsing a value"}}]"#,
        );
    }
}
