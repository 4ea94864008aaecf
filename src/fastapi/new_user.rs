//! The body of `POST /users`: FastAPI's `UserCreate(BaseModel)` with `email: EmailStr` and `password: str`.

use std::fmt;

use zeroize::Zeroizing;

use super::{BodyError, Email, HIDDEN, Invalid, Loc, echo, is_space};
use crate::{
    json::{self, Dialect, Json, JsonError},
    limits::PASSWORD_MAX_BYTES,
};

/// A user to be made.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NewUser {
    /// The address.
    pub(crate) email: Email,
    /// The password: 1 to [`PASSWORD_MAX_BYTES`] bytes, no NUL, so that bcrypt reads all of it.
    pub(crate) password: Zeroizing<String>,
}

impl NewUser {
    /// Reads the body as FastAPI 0.165 does. `content_type` is the header's value.
    ///
    /// # Errors
    /// The answer FastAPI gives, with every value hidden that may be a password; and three entries of our own, for a
    /// password that is empty, longer than bcrypt reads, or holds a NUL.
    pub(crate) fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, BodyError> {
        if body.is_empty() {
            return Err(unprocessable(Invalid::body("missing", "Field required", Json::Null)));
        }
        if !content_type.is_some_and(is_json) {
            return Err(not_an_object(HIDDEN.into()));
        }
        let user = json::parse(body, Dialect::Python).map_err(unreadable)?;
        if !matches!(user, Json::Object(_)) {
            return Err(not_an_object(echo(&user)));
        }
        match (email(&user), password(&user)) {
            (Ok(email), Ok(password)) => Ok(Self { email, password }),
            (email, password) => Err(BodyError::Unprocessable(email.err().into_iter().chain(password.err()).collect())),
        }
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NewUser").finish_non_exhaustive()
    }
}

/// `application/json` or `application/*+json`, as Python's `email.message.Message` reads the type.
fn is_json(content_type: &str) -> bool {
    let (media_type, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    let media_type = media_type.trim_matches(is_space).to_ascii_lowercase();
    let subtype = media_type.strip_prefix("application/");
    subtype
        .is_some_and(|subtype| !subtype.as_bytes().contains(&b'/') && (subtype == "json" || subtype.ends_with("+json")))
}

fn unreadable(error: JsonError) -> BodyError {
    match error {
        JsonError::Syntax { message, at } => {
            let entry = Invalid::body("json_invalid", "JSON decode error", Json::Object(Vec::new()));
            let loc = vec![Loc::Name("body"), Loc::Index(at)];
            unprocessable(Invalid { loc, ..entry.with_ctx([("error", message.into())]) })
        }
        JsonError::Encoding | JsonError::TooDeep | JsonError::IntegerTooLong => {
            BodyError::BadRequest("There was an error parsing the body".into())
        }
    }
}

fn not_an_object(input: Json) -> BodyError {
    let msg = "Input should be a valid dictionary or object to extract fields from";
    unprocessable(Invalid::body("model_attributes_type", msg, input))
}

fn unprocessable(entry: Invalid) -> BodyError {
    BodyError::Unprocessable(vec![entry])
}

fn email(user: &Json) -> Result<Email, Invalid> {
    match user.get("email") {
        None => Err(Invalid::missing("email", echo(user))),
        Some(Json::String(text)) => Email::parse(text).map_err(|error| error.to_invalid("email", text.as_str().into())),
        Some(other @ (Json::Array(_) | Json::Object(_))) => Err(Invalid::not_a_string("email", echo(other))),
        Some(scalar) => Err(Invalid::not_a_string("email", scalar.clone())),
    }
}

fn password(user: &Json) -> Result<Zeroizing<String>, Invalid> {
    let entry = |kind, msg: &str, input: &str| Invalid::field(kind, "password", msg.to_owned(), input.into());
    match user.get("password") {
        None => Err(Invalid::missing("password", echo(user))),
        Some(Json::Null) => Err(Invalid::not_a_string("password", Json::Null)),
        Some(Json::String(text)) if text.is_empty() => {
            let entry = entry("string_too_short", "String should have at least 1 character", "");
            Err(entry.with_ctx([("min_length", 1.into())]))
        }
        Some(Json::String(text)) if text.len() > PASSWORD_MAX_BYTES => {
            let msg = format!("String should have at most {PASSWORD_MAX_BYTES} bytes");
            Err(entry("string_too_long", &msg, HIDDEN).with_ctx([("max_length", PASSWORD_MAX_BYTES.into())]))
        }
        // Many implementations of bcrypt stop at a NUL.
        Some(Json::String(text)) if text.as_bytes().contains(&0) => {
            let entry = entry("value_error", "Value error, a password cannot hold a NUL character", HIDDEN);
            Err(entry.with_ctx([("error", Json::Object(Vec::new()))]))
        }
        Some(Json::String(text)) => Ok(Zeroizing::new(text.clone())),
        Some(_) => Err(Invalid::not_a_string("password", HIDDEN.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content_type: Option<&str>, body: &str) -> String {
        match NewUser::parse(content_type, body.as_bytes()) {
            Err(BodyError::Unprocessable(list)) => Json::Array(list.iter().map(Invalid::to_json).collect()).to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_type_must_be_json() {
        let body = r#"{"email":"a@b.co","password":"p"}"#;
        for json in ["application/json", " Application/JSON ; charset=x", "application/vnd.api+json"] {
            assert!(NewUser::parse(Some(json), body.as_bytes()).is_ok(), "{json}");
        }
        for other in [None, Some(""), Some("text/json"), Some("application/json/x"), Some("application/jsonp")] {
            assert!(refused(other, body).contains(r#""type":"model_attributes_type","loc":["body"]"#), "{other:?}");
        }
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
            r#"[{"type":"json_invalid","loc":["body",3],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]"#,
        );
    }
}
