//! A JSON body that may contain a password.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{BodyError, HIDDEN, Invalid, Loc, Shown, is_space};

/// A JSON value. It keeps only the members that a route reads and what a 422 may show; other values are not copied.
///
/// It has no `Debug`, because a string may be a password.
pub(super) enum Input {
    Null,
    Bool(bool),
    Number(Value),
    Text(Zeroizing<String>),
    Array { is_empty: bool },
    Object(Object),
}

/// A JSON object. The last member of a name counts, at the position of the first, as in a Python `dict`.
#[derive(Default)]
pub(super) struct Object {
    pub(super) email: Option<Box<Input>>,
    pub(super) password: Option<Box<Input>>,
    pub(super) current_password: Option<Box<Input>>,
    pub(super) new_password: Option<Box<Input>>,
    pub(super) invitation: Option<Box<Input>>,
    pub(super) token: Option<Box<Input>>,
    /// The `input` of a 422: all names, but only the value of `email`.
    pub(super) shown: Vec<(String, Shown)>,
}

impl Object {
    /// Reads the body of a route that expects an object. `content_type` is the header's value.
    ///
    /// # Errors
    /// Those of [`Input::parse`], and FastAPI's 422 for a body that is missing, of another type, or no object.
    pub(super) fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, BodyError> {
        if body.is_empty() {
            return Err(Invalid::body("missing", "Field required", Value::Null).into());
        }
        if !content_type.is_some_and(is_json) {
            return Err(not_an_object(HIDDEN).into());
        }
        match Input::parse(body)? {
            Input::Object(object) => Ok(object),
            other => Err(not_an_object(other.shown()).into()),
        }
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

impl Input {
    /// Reads a body as JSON in UTF-8.
    ///
    /// # Errors
    /// FastAPI's 400 for a body that is not UTF-8, and its 422 for one that is not JSON, with serde_json's message.
    pub(super) fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let text = std::str::from_utf8(body);
        let text = text.map_err(|_| BodyError::bad_request("There was an error parsing the body"))?;
        // FastAPI ignores a byte order mark, which RFC 8259 8.1 allows.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        serde_json::from_str(text).map_err(|error| json_invalid(text, &error).into())
    }

    /// The part that a 422 may show, where an object or an e-mail address was expected.
    pub(super) fn shown(&self) -> Shown {
        match self {
            Self::Null => Value::Null.into(),
            Self::Text(text) if text.is_empty() => "".into(),
            Self::Array { is_empty: true } => json!([]).into(),
            Self::Object(object) => Shown::Object(object.shown.clone()),
            _ => HIDDEN.into(),
        }
    }

    /// The part that a 422 may show as the value of `email`.
    pub(super) fn shown_as_email(&self) -> Shown {
        match self {
            Self::Bool(value) => Value::from(*value).into(),
            Self::Number(value) => value.clone().into(),
            Self::Text(text) => text.as_str().into(),
            other => other.shown(),
        }
    }
}

fn json_invalid(text: &str, error: &serde_json::Error) -> Invalid {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = message.strip_suffix(&place).unwrap_or(&message);
    Invalid {
        loc: vec![Loc::Name("body"), Loc::Index(position(text, error))],
        ..Invalid::body("json_invalid", "JSON decode error", json!({})).with_ctx(json!({ "error": reason }))
    }
}

/// The position of the error, in characters from the start. serde_json reports line and column in bytes, both from 1.
fn position(text: &str, error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return text.chars().count();
    }
    let lines_before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line_start: usize = lines_before.map(str::len).sum();
    let stop = line_start.saturating_add(error.column().saturating_sub(1));
    text.char_indices().take_while(|(at, _)| *at < stop).count()
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Input, E> {
        Ok(Input::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Input, E> {
        Ok(Input::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Input, E> {
        Ok(Input::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Input, E> {
        Ok(Input::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Input, E> {
        Ok(Input::Number(value.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Input, A::Error> {
        let mut is_empty = true;
        while items.next_element::<IgnoredAny>()?.is_some() {
            is_empty = false;
        }
        Ok(Input::Array { is_empty })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Input, A::Error> {
        let mut object = Object::default();
        while let Some(name) = members.next_key::<String>()? {
            let shown = match name.as_str() {
                "email" => {
                    let email: &Input = object.email.insert(members.next_value()?);
                    email.shown_as_email()
                }
                name => {
                    match name {
                        "password" => object.password = Some(members.next_value()?),
                        "current_password" => object.current_password = Some(members.next_value()?),
                        "new_password" => object.new_password = Some(members.next_value()?),
                        "token" => object.token = Some(members.next_value()?),
                        "invitation" => object.invitation = Some(members.next_value()?),
                        _ => drop(members.next_value::<IgnoredAny>()?),
                    }
                    HIDDEN.into()
                }
            };
            // Linear: a body of 16 KiB has so few members that this takes less time than a tenth of a hash.
            match object.shown.iter_mut().find(|(known, _)| *known == name) {
                Some((_, before)) => *before = shown,
                None => object.shown.push((name, shown)),
            }
        }
        Ok(Input::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_secret_is_shown() {
        for (body, shown) in [
            (r#"{"email":null,"p":null}"#, r#"{"email":null,"p":"**********"}"#),
            (r#"{"email":["secret"]}"#, r#"{"email":"**********"}"#),
            (r#"{"email":{"a":"secret"}}"#, r#"{"email":{"a":"**********"}}"#),
            (r#"["secret"]"#, r#""**********""#),
            ("[]", "[]"),
            (r#""""#, r#""""#),
            (r#""secret""#, r#""**********""#),
            ("5", r#""**********""#),
            ("null", "null"),
        ] {
            let input = Input::parse(body.as_bytes()).ok().unwrap();
            assert_eq!(serde_json::to_string(&input.shown()).unwrap(), shown);
        }
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        let body = r#"{"email":"a","password":"p","x":"y","email":"b","password":"q"}"#;
        let Ok(Input::Object(object)) = Input::parse(body.as_bytes()) else { unreachable!() };
        let Some(Input::Text(password)) = object.password.as_deref() else { unreachable!() };
        assert_eq!(password.as_str(), "q");
        assert_eq!(
            serde_json::to_string(&Shown::Object(object.shown)).unwrap(),
            r#"{"email":"b","password":"**********","x":"**********"}"#
        );
    }

    #[test]
    fn invalid_json_is_refused_with_its_position() {
        for (body, position, reason) in [
            ("", 0, "EOF while parsing a value"),
            ("{", 1, "EOF while parsing an object"),
            ("[1,", 3, "EOF while parsing a value"),
            ("[1,\n", 4, "EOF while parsing a value"),
            (r#"{"ü😀é":x}"#, 7, "expected value"),
            ("{\n  \"é\": 1,\n  \"b\": é}", 19, "expected value"),
            ("\u{FEFF}{'a'}", 1, "key must be a string"),
            ("[1] 2", 4, "trailing characters"),
            ("NaN", 0, "expected value"),
            (r#""\ud800""#, 7, "unexpected end of hex escape"),
        ] {
            let error = Input::parse(body.as_bytes()).err().unwrap();
            let BodyError::Unprocessable(list) = error else { unreachable!() };
            assert_eq!(list[0].loc, [Loc::Name("body"), Loc::Index(position)], "{body}");
            assert_eq!(list[0].ctx, Some(json!({ "error": reason })), "{body}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |count| "[".repeat(count) + &"]".repeat(count);
        assert!(Input::parse(deep(100_000).as_bytes()).is_ok());
        let nested = r#"{"email":"#.repeat(100_000);
        let error = Input::parse(nested.as_bytes()).err().unwrap();
        assert!(error.to_string().ends_with("JSON decode error"), "{error}");
    }
}
