//! FastAPI's validation errors, without the secrets that FastAPI would echo.

use std::{borrow::Cow, error::Error, fmt};

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Why a body was refused. It serializes to the `detail` of FastAPI's response.
///
/// ```
/// use edgegate::http::{BodyError, Invalid};
/// use serde_json::{Value, json};
///
/// let error = BodyError::from(Invalid::missing("username", Value::Null));
/// assert_eq!(error.to_string(), "body.username: Field required");
/// assert_eq!(
///     serde_json::to_string(&json!({ "detail": error }))?,
///     r#"{"detail":[{"type":"missing","loc":["body","username"],"msg":"Field required","input":null}]}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum BodyError {
    /// 422: all errors in the body, in FastAPI's order.
    Unprocessable(Vec<Invalid>),
    /// 400: the body could not be read, for this reason.
    BadRequest(Cow<'static, str>),
}

/// One validation error: an entry of a 422's list. Its `input` never contains a password.
///
/// ```
/// use edgegate::http::{Invalid, Loc};
///
/// let error = Invalid::missing("email", serde_json::json!({}));
/// assert_eq!((error.kind, error.loc), ("missing", vec![Loc::Name("body"), Loc::Name("email")]));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Invalid {
    /// The kind of error, as pydantic names it: `missing`, `string_type`, ...
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The path to the wrong value, outermost first.
    pub loc: Vec<Loc>,
    /// The message for people.
    pub msg: Cow<'static, str>,
    /// The value that was sent, as far as it may be shown.
    pub input: Shown,
    /// The values that the message contains, as an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// A value that was sent, without what may be secret. The members of an object keep their order.
///
/// ```
/// use edgegate::http::Shown;
///
/// let object = Shown::Object(vec![("password".into(), "**********".into()), ("age".into(), "**********".into())]);
/// assert_eq!(serde_json::to_string(&object)?, r#"{"password":"**********","age":"**********"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// A body that is an object.
    Object(Vec<(String, Self)>),
    /// Any other value.
    Value(Value),
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl From<Value> for Shown {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

/// One step of the path to a wrong value.
///
/// ```
/// use edgegate::http::Loc;
///
/// assert_eq!(serde_json::to_string(&[Loc::Name("body"), Loc::Index(3)])?, r#"["body",3]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Loc {
    /// A member of an object, or a field of a form.
    Name(&'static str),
    /// A position, counted from zero.
    Index(usize),
}

/// The `input` instead of a value that may be secret.
pub(crate) const HIDDEN: &str = "**********";

impl Invalid {
    /// Creates an error for a field of the body, without `ctx`.
    ///
    /// ```
    /// use edgegate::http::Invalid;
    ///
    /// let error = Invalid::field("value_error", "email", "There must be something before the @-sign.", "@b.c");
    /// assert_eq!(error.to_string(), "body.email: There must be something before the @-sign.");
    /// ```
    #[must_use]
    pub fn field(
        kind: &'static str,
        name: &'static str,
        msg: impl Into<Cow<'static, str>>,
        input: impl Into<Shown>,
    ) -> Self {
        Self { kind, loc: vec![Loc::Name("body"), Loc::Name(name)], msg: msg.into(), input: input.into(), ctx: None }
    }

    /// Creates the error for a missing required field; `input` is what was sent instead.
    ///
    /// ```
    /// use edgegate::http::Invalid;
    ///
    /// let error = Invalid::missing("email", serde_json::json!({}));
    /// assert_eq!(
    ///     serde_json::to_string(&error)?,
    ///     r#"{"type":"missing","loc":["body","email"],"msg":"Field required","input":{}}"#,
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn missing(name: &'static str, input: impl Into<Shown>) -> Self {
        Self::field("missing", name, "Field required", input)
    }

    /// Creates the error for a field that is not a string.
    ///
    /// ```
    /// use edgegate::http::Invalid;
    /// use serde_json::Value;
    ///
    /// assert_eq!(Invalid::not_a_string("email", Value::from(7)).kind, "string_type");
    /// ```
    #[must_use]
    pub fn not_a_string(name: &'static str, input: impl Into<Shown>) -> Self {
        Self::field("string_type", name, "Input should be a valid string", input)
    }

    /// Creates an error for the whole body, without `ctx`.
    ///
    /// ```
    /// use edgegate::http::{Invalid, Loc};
    ///
    /// let error = Invalid::body("model_attributes_type", "Input should be a valid dictionary", "text");
    /// assert_eq!(error.loc, [Loc::Name("body")]);
    /// ```
    #[must_use]
    pub fn body(kind: &'static str, msg: &'static str, input: impl Into<Shown>) -> Self {
        Self { kind, loc: vec![Loc::Name("body")], msg: msg.into(), input: input.into(), ctx: None }
    }

    /// Returns the same error with this `ctx`.
    ///
    /// ```
    /// use edgegate::http::Invalid;
    /// use serde_json::Value;
    /// use serde_json::json;
    ///
    /// let error = Invalid::not_a_string("email", Value::from(7)).with_ctx(json!({ "reason": "a number" }));
    /// assert_eq!(error.ctx, Some(json!({ "reason": "a number" })));
    /// ```
    #[must_use]
    pub fn with_ctx(self, ctx: Value) -> Self {
        Self { ctx: Some(ctx), ..self }
    }
}

impl BodyError {
    pub(super) fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(detail.into())
    }
}

impl From<Invalid> for BodyError {
    fn from(invalid: Invalid) -> Self {
        Self::Unprocessable(vec![invalid])
    }
}

/// All errors with their paths, separated by semicolons.
impl fmt::Display for BodyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unprocessable(list) => joined(out, list, "; "),
            Self::BadRequest(detail) => out.write_str(detail),
        }
    }
}

/// Path and message, without `input`, which may be personal.
impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(out, &self.loc, ".")?;
        write!(out, ": {}", self.msg)
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::Index(index) => write!(out, "{index}"),
        }
    }
}

impl Error for BodyError {}

impl Error for Invalid {}

fn joined(out: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.write_str(separator)?;
        }
        write!(out, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_has_fastapi_s_order() {
        let entry = Invalid::field("string_too_long", "password", "Too long", HIDDEN);
        assert_eq!(
            serde_json::to_string(&entry.with_ctx(json!({ "max_length": 72 }))).unwrap(),
            r#"{"type":"string_too_long","loc":["body","password"],"msg":"Too long","input":"**********","ctx":{"max_length":72}}"#,
        );
    }

    #[test]
    fn an_error_reads_as_paths_and_messages() {
        let list = vec![Invalid::missing("username", Value::Null), Invalid::not_a_string("password", HIDDEN)];
        assert_eq!(
            BodyError::Unprocessable(list).to_string(),
            "body.username: Field required; body.password: Input should be a valid string"
        );
    }
}
