//! The classes of a difference: where it is, what both answered, and what differs. Values of the request are no part of them, so that
//! each difference is shown once. An answer with several errors has a class for each.

use std::collections::{BTreeMap, BTreeSet};

use edgegate::Request as Head;
use serde_json::{Map, Value};
use testkit::{fixture::Answer, http::Request};

use super::{edge::BASE, pair::Answers};

/// The paths that have a route.
const ROUTES: [&str; 3] = ["/login", "/me", "/users"];

/// The name of what is wrong with the body as a whole.
const BODY: &str = "body";

/// What edgegate writes for a value that may be a password.
const MASK: &str = "**********";

/// The classes of the differences between the answers, none if they are equal.
#[must_use]
pub(super) fn classes(request: &Request, answers: &Answers) -> BTreeSet<String> {
    let Answers { fastapi, edge, reason } = answers;
    if fastapi == edge {
        return BTreeSet::new();
    }
    let parts = match (errors(fastapi), errors(edge)) {
        (Some(first), Some(second)) if fastapi.status == edge.status => of_errors(&first, &second),
        _ if fastapi.status == edge.status => of_bodies(fastapi, edge),
        _ => of_statuses(fastapi, edge, reason.as_deref()),
    };
    let parts = parts.into_iter().chain(of_headers(fastapi, edge));
    let route = route(request);
    let mut classes: BTreeSet<String> = parts.map(|part| format!("{route}: {part}")).collect();
    if classes.is_empty() {
        let kinds = errors(fastapi).unwrap_or_default();
        let kinds: Vec<_> = kinds.iter().map(|(field, error)| format!("{field} {}", kind(error))).collect();
        classes.insert(format!("{route}: {} spelling of {}", fastapi.status, kinds.join(", ")));
    }
    classes
}

fn route(request: &Request) -> String {
    let path = Head::new(&request.method, &format!("{BASE}{}", request.path)).path().unwrap_or_default();
    let route = ROUTES.into_iter().find(|route| *route == path).unwrap_or("another path");
    format!("{} {route}", request.method)
}

/// The errors of a 422 by the name of their field.
fn errors(answer: &Answer) -> Option<BTreeMap<String, Value>> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    let errors = body.get("detail")?.as_array()?;
    Some(errors.iter().map(|error| (field(error), error.clone())).collect())
}

fn field(error: &Value) -> String {
    let mut names = error.get("loc").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    names.next_back().unwrap_or_default().to_owned()
}

fn kind(error: &Value) -> &str {
    error.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The type, and the message if the type has several.
fn shown(error: &Value) -> String {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str).map(without_values).unwrap_or_default();
    match kind(error) {
        "value_error" => format!("value_error `{}`", text("/msg")),
        "json_invalid" => format!("json_invalid `{}`", text("/ctx/error")),
        other => other.to_owned(),
    }
}

fn of_errors(first: &BTreeMap<String, Value>, second: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let fields: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let of_field = |field: &String| match (first.get(field), second.get(field)) {
        (Some(first), Some(second)) if kind(first) == kind(second) => {
            let mut parts = BTreeSet::new();
            compare(first, second, "", &mut parts);
            // The reason is a part of the message.
            let is_in_message = parts.iter().any(|part| part.starts_with(".msg"));
            parts.retain(|part| !(is_in_message && part.starts_with(".ctx.reason")));
            parts.into_iter().map(|part| format!("422 {field} {}: {part}", kind(first))).collect()
        }
        (first, second) => {
            let [first, second] = [first, second].map(|error| error.map_or_else(|| "no error".to_owned(), shown));
            BTreeSet::from([format!("422 {field}: {first} -> {second}")])
        }
    };
    if first.contains_key(BODY) == second.contains_key(BODY) {
        return fields.into_iter().flat_map(of_field).collect();
    }
    // One of them did not come to the fields.
    let [first, second] =
        [first, second].map(|errors| errors.get(BODY).map_or_else(|| "errors of fields".to_owned(), shown));
    BTreeSet::from([format!("422 {first} -> {second}")])
}

fn of_bodies(fastapi: &Answer, edge: &Answer) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    if fastapi.user_id != edge.user_id {
        parts.insert("user_id".to_owned());
    }
    match (serde_json::from_str(&fastapi.body), serde_json::from_str(&edge.body)) {
        (Ok(first), Ok(second)) => compare(&first, &second, "", &mut parts),
        _ if fastapi.body != edge.body => {
            parts.insert(format!("`{}` -> `{}`", without_values(&fastapi.body), without_values(&edge.body)));
        }
        _ => {}
    }
    parts.into_iter().map(|part| format!("{} {part}", fastapi.status)).collect()
}

/// Each pair of an error of FastAPI and one of edgegate.
fn of_statuses(fastapi: &Answer, edge: &Answer, reason: Option<&str>) -> BTreeSet<String> {
    let [first, second] = [fastapi, edge].map(|answer| match errors(answer) {
        Some(errors) => {
            errors.iter().map(|(field, error)| format!("{} {field} {}", answer.status, shown(error))).collect()
        }
        None => BTreeSet::from([answer.status.to_string()]),
    });
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    first
        .iter()
        .flat_map(|first| second.iter().map(|second| format!("{first} -> {second}{reason}")).collect::<Vec<_>>())
        .collect()
}

/// Headers that differ though the statuses do not.
fn of_headers(fastapi: &Answer, edge: &Answer) -> Vec<String> {
    let names: BTreeSet<_> = fastapi.headers.keys().chain(edge.headers.keys()).collect();
    let differing = names.into_iter().filter(|name| fastapi.headers.get(*name) != edge.headers.get(*name));
    match fastapi.status == edge.status {
        true => differing.map(|name| format!("{} header {name}", fastapi.status)).collect(),
        false => Vec::new(),
    }
}

fn compare(first: &Value, second: &Value, at: &str, parts: &mut BTreeSet<String>) {
    match (first, second) {
        (Value::Object(first), Value::Object(second)) if !at.ends_with(".input") => {
            for name in first.keys().chain(second.keys()).collect::<BTreeSet<_>>() {
                let of = |object: &Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                compare(&of(first), &of(second), &format!("{at}.{name}"), parts);
            }
        }
        (Value::String(first), Value::String(second)) if first != second && !at.ends_with(".input") => {
            parts.insert(format!("{at} `{}` -> `{}`", without_values(first), without_values(second)));
        }
        _ if first != second && at.ends_with(".input") && is_masked(first, second) => {
            parts.insert(format!("{at} masked"));
        }
        _ if first != second => drop(parts.insert(at.to_owned())),
        _ => {}
    }
}

/// Whether `second` is `first` with some values masked.
fn is_masked(first: &Value, second: &Value) -> bool {
    match (first, second) {
        (_, Value::String(second)) if second == MASK => true,
        // `-0` is echoed as `0` by one and as `-0.0` by the other.
        (Value::Number(first), Value::Number(second)) => first.as_f64() == second.as_f64(),
        (Value::Object(first), Value::Object(second)) => {
            first.keys().eq(second.keys())
                && first.values().zip(second.values()).all(|(first, second)| is_masked(first, second))
        }
        (Value::Array(first), Value::Array(second)) => {
            first.len() == second.len() && first.iter().zip(second).all(|(first, second)| is_masked(first, second))
        }
        _ => first == second,
    }
}

/// Without numbers and quoted texts, which come from the request.
fn without_values(message: &str) -> String {
    let outside = message.split(['\'', '"', '`']).step_by(2).collect::<Vec<_>>().join("_");
    let mut text = String::new();
    for one in outside.chars() {
        // A code point is written `U+00AD`.
        let is_code_point = text.ends_with("U+") || text.ends_with("U+0");
        let is_of_number = one.is_ascii_digit() || (is_code_point && one.is_ascii_hexdigit());
        match is_of_number {
            true if text.ends_with('0') => {}
            true => text.push('0'),
            false => text.push(one),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: Default::default(), body: body.into(), user_id: None }
    }

    fn classes_of(fastapi: Answer, edge: Answer) -> Vec<String> {
        let request = Request { method: "POST".into(), path: "/%75sers?a=b".into(), ..Request::default() };
        classes(&request, &Answers { fastapi, edge, reason: None }).into_iter().collect()
    }

    fn error(kind: &str, field: &str, message: &str) -> String {
        format!(r#"{{"type":"{kind}","loc":["body","{field}",7],"msg":"{message}"}}"#)
    }

    fn refused(errors: &[String]) -> Answer {
        answer(422, &format!(r#"{{"detail":[{}]}}"#, errors.join(",")))
    }

    #[test]
    fn equal_answers_have_no_class() {
        assert!(classes_of(answer(200, "{}"), answer(200, "{}")).is_empty());
    }

    #[test]
    fn another_status_is_a_class_for_each_error() {
        let fastapi = refused(&[error("missing", "email", ""), error("missing", "password", "")]);
        assert_eq!(
            classes_of(fastapi, answer(400, r#"{"detail":"x"}"#)),
            ["POST /users: 422 email missing -> 400", "POST /users: 422 password missing -> 400"]
        );
    }

    #[test]
    fn each_error_is_compared_with_that_of_the_same_field() {
        let fastapi = refused(&[error("missing", "email", ""), error("a", "password", "")]);
        let edge = refused(&[error("b", "password", ""), error("c", "grant_type", "")]);
        assert_eq!(
            classes_of(fastapi, edge),
            [
                "POST /users: 422 email: missing -> no error",
                "POST /users: 422 grant_type: no error -> c",
                "POST /users: 422 password: a -> b"
            ]
        );
    }

    #[test]
    fn errors_of_the_body_are_not_compared_with_those_of_fields() {
        let fastapi = refused(&[error("missing", "email", ""), error("missing", "password", "")]);
        assert_eq!(
            classes_of(fastapi, refused(&[error("json_invalid", "body", "")])),
            ["POST /users: 422 errors of fields -> json_invalid ``"]
        );
    }

    #[test]
    fn a_masked_value_is_not_just_another_one() {
        let masked = |first: &str, second: &str| {
            let [first, second] = [first, second].map(|text| serde_json::from_str(text).unwrap());
            is_masked(&first, &second)
        };
        assert!(masked(r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":"**********"}]}"#));
        assert!(masked("[1]", r#""**********""#) && masked("[1]", r#"["**********"]"#));
        assert!(masked("-0", "-0.0") && !masked("0", "1"));
        assert!(!masked(r#"{"a":1}"#, r#"{"b":"**********"}"#) && !masked("[1]", "[2]"));
    }

    #[test]
    fn values_are_no_part_of_the_class() {
        let of = |first: &str, second: &str| {
            classes_of(refused(&[error("t", "f", first)]), refused(&[error("t", "f", second)]))
        };
        assert_eq!(of("bad `x` at 7", "bad"), of("bad `yz` at 9", "bad"));
        assert_ne!(of("bad", "good"), of("bad", "best"));
        assert_eq!(of("bad 1", "bad"), ["POST /users: 422 f t: .msg `bad 0` -> `bad`"]);
    }
}
