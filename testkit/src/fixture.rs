//! The fixtures of `tests/contract`: requests, FastAPI's responses, and edgegate's deliberate differences.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{http, paths};

mod normal;

/// The fixture files, in order.
pub const FILES: [&str; 7] = ["login_form", "login_multipart", "login_credentials", "me", "users", "routing", CORS];

/// The file whose cases are of an app with [`CORS_ORIGINS`].
pub const CORS: &str = "cors";

/// The response headers of the contract.
pub const HEADERS: [&str; 11] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-max-age",
    "allow",
    "content-type",
    "location",
    "retry-after",
    "vary",
    "www-authenticate",
];

/// The origins that the app of [`CORS`] allows.
pub const CORS_ORIGINS: &str = "https://app.example.com, http://localhost:5173";

/// One request and its expected responses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows; unique among all files.
    pub name: String,
    /// The request.
    pub request: Request,
    /// FastAPI's response; `None` until it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// edgegate's response, where it deliberately differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub better: Option<Better>,
}

/// A request as stored in the fixture files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target, with its query.
    pub path: String,
    /// The header lines, in order; names may repeat.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in hex, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_hex: Option<String>,
}

/// A response with placeholders for its changing parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers of [`HEADERS`] that are present.
    pub headers: BTreeMap<String, String>,
    /// The exact body.
    pub body: String,
    /// The `user_id` inside the token that `<token>` stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
}

/// A deliberate difference.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Better {
    /// edgegate's response.
    pub answer: Answer,
    /// The reason, in one sentence.
    pub why: String,
}

/// The initial data of FastAPI and edgegate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The HS256 secret.
    pub secret_key: String,
    /// The rows of the table `users`.
    pub users: Vec<User>,
}

/// A row of the table `users`, with two members for readers of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The primary key.
    pub id: i64,
    /// The e-mail address.
    pub email: String,
    /// The stored hash.
    pub password: String,
    /// When the user was created.
    pub created_at: String,
    /// The password.
    pub plain: String,
    /// What is special about this user.
    pub note: String,
}

impl Case {
    /// The response that edgegate must give.
    pub fn expected(&self) -> Result<&Answer> {
        let better = self.better.as_ref().map(|better| &better.answer);
        better.or(self.answer.as_ref()).with_context(|| format!("`{}` is not recorded", self.name))
    }
}

impl Seed {
    /// The statement that inserts the users. Texts are in hex: an address may contain any character.
    #[must_use]
    pub fn sql(&self) -> String {
        let text = |value: &str| format!("CAST(x'{}' AS TEXT)", hex::encode(value));
        let row = |user: &User| {
            format!("({}, {}, {}, {})", user.id, text(&user.email), text(&user.password), text(&user.created_at))
        };
        let rows: Vec<_> = self.users.iter().map(row).collect();
        format!("INSERT INTO users (id, email, password, created_at) VALUES {};", rows.join(", "))
    }
}

impl Request {
    /// The request to send.
    pub fn to_http(&self) -> Result<http::Request> {
        let body = match (&self.body, &self.body_hex) {
            (Some(_), Some(_)) => bail!("a request has either `body` or `body_hex`"),
            (Some(text), None) => Some(text.clone().into_bytes()),
            (None, Some(hex)) => Some(hex::decode(hex).with_context(|| format!("not hex: {hex:?}"))?),
            (None, None) => None,
        };
        Ok(http::Request { method: self.method.clone(), path: self.path.clone(), headers: self.headers.clone(), body })
    }
}

impl Answer {
    /// The contract's part of a response. `base` is the URL of the server, such as `http://127.0.0.1:8787`.
    pub fn from_http(response: &http::Response, base: &str) -> Result<Self> {
        let mut headers = BTreeMap::new();
        for name in HEADERS {
            if let Some(value) = response.header(name) {
                headers.insert(name.to_owned(), value);
            }
        }
        let body = String::from_utf8(response.body.clone()).context("the answer is not UTF-8")?;
        let mut answer = Self { status: response.status, headers, body, user_id: None };
        normal::replace_changing_parts(&mut answer, base);
        Ok(answer)
    }
}

/// The folder of the fixtures.
pub fn dir() -> PathBuf {
    paths::root().join("tests/contract")
}

/// The cases of one of [`FILES`].
pub fn load(file: &str) -> Result<Vec<Case>> {
    read(&format!("{file}.json"))
}

/// The cases of all [`FILES`] but [`CORS`].
///
/// # Errors
/// As [`load`].
pub fn without_cors() -> Result<Vec<Case>> {
    let files = FILES.iter().filter(|file| **file != CORS);
    Ok(files.map(|file| load(file)).collect::<Result<Vec<_>>>()?.concat())
}

/// The secret and the users.
pub fn seed() -> Result<Seed> {
    read("seed.json")
}

/// Writes the cases of `file` with one member a line.
pub fn save(file: &str, cases: &[Case]) -> Result<()> {
    let path = dir().join(format!("{file}.json"));
    fs::write(&path, text(cases)?).with_context(|| format!("cannot write {}", path.display()))
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> Result<T> {
    let path = dir().join(name);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not as expected", path.display()))
}

fn text(cases: &[Case]) -> Result<String> {
    let cases = cases.iter().map(case_text).collect::<Result<Vec<_>>>()?;
    Ok(format!("[\n{}\n]\n", cases.join(",\n")))
}

fn case_text(case: &Case) -> Result<String> {
    let mut members = vec![member("name", &case.name)?, object("request", &case.request, 4)?];
    if let Some(answer) = &case.answer {
        members.push(object("answer", answer, 4)?);
    }
    if let Some(Better { answer, why }) = &case.better {
        members.push(format!(
            "\"better\": {{\n      {},\n      {}\n    }}",
            object("answer", answer, 6)?,
            member("why", why)?
        ));
    }
    Ok(format!("  {{\n    {}\n  }}", members.join(",\n    ")))
}

fn object(name: &str, value: &impl Serialize, indent: usize) -> Result<String> {
    let serde_json::Value::Object(map) = serde_json::to_value(value)? else {
        bail!("`{name}` is not an object");
    };
    let indent = " ".repeat(indent);
    let members = map.iter().map(|(key, value)| member(key, value)).collect::<Result<Vec<_>>>()?;
    Ok(format!("\"{name}\": {{\n{indent}  {}\n{indent}}}", members.join(&format!(",\n{indent}  "))))
}

fn member(name: &str, value: &impl Serialize) -> Result<String> {
    Ok(format!("\"{name}\": {}", serde_json::to_string(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_keeps_every_file_as_it_is() {
        for file in FILES {
            let written = fs::read_to_string(dir().join(format!("{file}.json"))).unwrap();
            assert!(text(&load(file).unwrap()).unwrap() == written, "{file}.json is not in the recorder's own format");
        }
    }

    #[test]
    fn every_case_is_recorded() {
        let cases = [without_cors().unwrap(), load(CORS).unwrap()].concat();
        assert!(cases.len() > 100, "only {} cases", cases.len());
        for case in cases {
            case.expected().unwrap();
            case.request.to_http().unwrap();
        }
    }
}
