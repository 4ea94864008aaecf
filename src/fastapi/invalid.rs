//! FastAPI's answer to a body that is not what was asked for, without the secrets it would echo.

use std::borrow::Cow;

use crate::json::Json;

/// Why a body was refused.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyError {
    /// 422: what is wrong with it, in FastAPI's order.
    Unprocessable(Vec<Invalid>),
    /// 400: it could not be read; the `detail` to answer.
    BadRequest(Cow<'static, str>),
}

/// One entry of FastAPI's 422 list. Its `input` never holds a password.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid {
    /// What kind of error, as pydantic names it: `missing`, `string_type`, ...
    pub kind: &'static str,
    /// Where, from the outside in.
    pub loc: Vec<Loc>,
    /// For people.
    pub msg: Cow<'static, str>,
    /// What was given.
    pub input: Json,
    /// The values in the message; without any, there is no `ctx`.
    pub ctx: Vec<(&'static str, Json)>,
}

/// One step on the way to the value that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loc {
    /// A member or a field.
    Name(&'static str),
    /// A position.
    Index(usize),
}

/// What stands in an `input` for a value that may be secret.
pub(crate) const HIDDEN: &str = "**********";

impl Invalid {
    /// An entry about a field of the body, without `ctx`.
    #[must_use]
    pub fn field(kind: &'static str, name: &'static str, msg: impl Into<Cow<'static, str>>, input: Json) -> Self {
        Self { kind, loc: vec![Loc::Name("body"), Loc::Name(name)], msg: msg.into(), input, ctx: Vec::new() }
    }

    /// A required field is not there.
    ///
    /// ```
    /// use edgegate::{http::Invalid, json::Json};
    ///
    /// assert_eq!(
    ///     Invalid::missing("username", Json::Null).to_json().to_string(),
    ///     r#"{"type":"missing","loc":["body","username"],"msg":"Field required","input":null}"#,
    /// );
    /// ```
    #[must_use]
    pub fn missing(name: &'static str, input: Json) -> Self {
        Self::field("missing", name, "Field required", input)
    }

    /// A field is no text.
    #[must_use]
    pub fn not_a_string(name: &'static str, input: Json) -> Self {
        Self::field("string_type", name, "Input should be a valid string", input)
    }

    /// An entry about the body as a whole.
    #[must_use]
    pub fn body(kind: &'static str, msg: &'static str, input: Json) -> Self {
        Self { kind, loc: vec![Loc::Name("body")], msg: msg.into(), input, ctx: Vec::new() }
    }

    /// The same entry with its `ctx`.
    #[must_use]
    pub fn with_ctx<const N: usize>(self, ctx: [(&'static str, Json); N]) -> Self {
        Self { ctx: ctx.into(), ..self }
    }

    /// The entry with its members in FastAPI's order.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let loc = self.loc.iter().map(|step| match *step {
            Loc::Name(name) => name.into(),
            Loc::Index(index) => index.into(),
        });
        let members = [
            ("type", self.kind.into()),
            ("loc", Json::Array(loc.collect())),
            ("msg", self.msg.as_ref().into()),
            ("input", self.input.clone()),
        ];
        let ctx = (!self.ctx.is_empty()).then(|| ("ctx", self.ctx.iter().cloned().collect()));
        members.into_iter().chain(ctx).collect()
    }
}

/// What may be shown of a body, or of an e-mail address that is no text: of an object the names, and the value of `email`.
#[must_use]
pub(crate) fn echo(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let shown = members.iter().map(|(name, value)| match value {
                Json::Array(_) | Json::Object(_) => (name.clone(), HIDDEN.into()),
                scalar if name == "email" => (name.clone(), scalar.clone()),
                _ => (name.clone(), HIDDEN.into()),
            });
            Json::Object(shown.collect())
        }
        Json::Array(items) if items.is_empty() => value.clone(),
        Json::String(text) if text.is_empty() => value.clone(),
        Json::Null => Json::Null,
        _ => HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_fastapi_s_order() {
        let entry = Invalid::field("string_too_long", "password", "Too long", HIDDEN.into());
        assert_eq!(
            entry.with_ctx([("max_length", 72.into())]).to_json().to_string(),
            r#"{"type":"string_too_long","loc":["body","password"],"msg":"Too long","input":"**********","ctx":{"max_length":72}}"#,
        );
    }

    #[test]
    fn only_what_cannot_be_secret_is_echoed() {
        for (value, shown) in [
            (Json::from([("email", Json::Null), ("p", Json::Null)]), r#"{"email":null,"p":"**********"}"#),
            (Json::from([("email", Json::Array(vec!["secret".into()]))]), r#"{"email":"**********"}"#),
            (Json::Array(vec!["secret".into()]), r#""**********""#),
            (Json::Array(vec![]), "[]"),
            ("".into(), r#""""#),
            ("secret".into(), r#""**********""#),
            (5.into(), r#""**********""#),
            (Json::Null, "null"),
        ] {
            assert_eq!(echo(&value).to_string(), shown);
        }
    }
}
