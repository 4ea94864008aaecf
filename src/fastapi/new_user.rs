//! The body of `POST /users`: FastAPI's `UserCreate(BaseModel)` with `email: EmailStr` and `password: str`.

#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::result_large_err, reason = "an error is rare, and moved into a list at once")
)]

use std::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    BodyError, Email, HIDDEN, Invalid, Shown,
    input::{Input, Object},
    is_space,
};
use crate::{limits::PASSWORD_MAX_BYTES, unicode::Unicode};

/// The user to create.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NewUser {
    /// The e-mail address.
    pub(crate) email: Email,
    /// The password: at most [`PASSWORD_MAX_BYTES`] bytes without a NUL, so that bcrypt reads all of it.
    pub(crate) password: Zeroizing<String>,
}

impl NewUser {
    /// Reads the body as FastAPI 0.165 does. `content_type` is the header's value.
    ///
    /// # Errors
    /// FastAPI's response, with every value hidden that may be a password. Three errors are added, for a password that
    /// has fewer than `password_min_length` characters, is longer than bcrypt reads, or contains a NUL.
    pub(crate) fn parse(
        content_type: Option<&str>,
        body: &[u8],
        password_min_length: u32,
        unicode: &Unicode,
    ) -> Result<Self, BodyError> {
        if body.is_empty() {
            return Err(Invalid::body("missing", "Field required", Value::Null).into());
        }
        if !content_type.is_some_and(is_json) {
            return Err(not_an_object(HIDDEN).into());
        }
        let Object { email, password, shown } = match Input::parse(body)? {
            Input::Object(object) => object,
            other => return Err(not_an_object(other.shown()).into()),
        };
        let password = self::password(password.as_deref(), &shown, password_min_length);
        match (self::email(email.as_deref(), &shown, unicode), password) {
            (Ok(email), Ok(password)) => Ok(Self { email, password }),
            (email, password) => Err(BodyError::Unprocessable(email.err().into_iter().chain(password.err()).collect())),
        }
    }
}

/// `Debug` shows neither the address nor the password.
impl fmt::Debug for NewUser {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NewUser").finish_non_exhaustive()
    }
}

/// Whether the type is `application/json` or `application/*+json`, parsed as Python's `email.message.Message` does.
fn is_json(content_type: &str) -> bool {
    let (media_type, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    let media_type = media_type.trim_matches(is_space).to_ascii_lowercase();
    let subtype = media_type.strip_prefix("application/").filter(|subtype| !subtype.contains('/'));
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

fn not_an_object(input: impl Into<Shown>) -> Invalid {
    let msg = "Input should be a valid dictionary or object to extract fields from";
    Invalid::body("model_attributes_type", msg, input)
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

fn password(input: Option<&Input>, body: &[(String, Shown)], min_length: u32) -> Result<Zeroizing<String>, Invalid> {
    match input {
        None => Err(Invalid::missing("password", Shown::Object(body.to_vec()))),
        Some(Input::Null) => Err(Invalid::not_a_string("password", Value::Null)),
        Some(Input::Text(text)) => check_password(text, min_length).map(|()| text.clone()),
        Some(_) => Err(Invalid::not_a_string("password", HIDDEN)),
    }
}

fn check_password(password: &str, min_length: u32) -> Result<(), Invalid> {
    if (0..min_length).zip(password.chars()).count() < min_length as usize {
        let plural = if min_length == 1 { "" } else { "s" };
        let msg = format!("String should have at least {min_length} character{plural}");
        let input = if password.is_empty() { "" } else { HIDDEN };
        let error = Invalid::field("string_too_short", "password", msg, input);
        return Err(error.with_ctx(json!({ "min_length": min_length })));
    }
    if password.len() > PASSWORD_MAX_BYTES {
        let msg = format!("String should have at most {PASSWORD_MAX_BYTES} bytes");
        let error = Invalid::field("string_too_long", "password", msg, HIDDEN);
        return Err(error.with_ctx(json!({ "max_length": PASSWORD_MAX_BYTES })));
    }
    // Many bcrypt implementations stop at a NUL.
    if password.contains('\0') {
        let msg = "Value error, a password cannot hold a NUL character";
        let error = Invalid::field("value_error", "password", msg, HIDDEN);
        return Err(error.with_ctx(json!({ "error": {} })));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content_type: Option<&str>, body: &str) -> String {
        match NewUser::parse(content_type, body.as_bytes(), 1, &Unicode::default()) {
            Err(BodyError::Unprocessable(list)) => serde_json::to_string(&list).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_type_must_be_json() {
        let body = r#"{"email":"a@b.co","password":"p"}"#;
        for json in ["application/json", " Application/JSON ; charset=x", "application/vnd.api+json"] {
            assert!(NewUser::parse(Some(json), body.as_bytes(), 1, &Unicode::default()).is_ok(), "{json}");
        }
        for other in [None, Some(""), Some("text/json"), Some("application/json/x"), Some("application/jsonp")] {
            assert!(refused(other, body).contains(r#""type":"model_attributes_type","loc":["body"]"#), "{other:?}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let body = br#"{"email":"a@b.co","password":"secret"}"#;
        let user = NewUser::parse(Some("application/json"), body, 1, &Unicode::default()).unwrap();
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
