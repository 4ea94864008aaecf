//! The classes of deliberate differences: those of the recorded cases, and those of [`FILE`].

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use serde::Deserialize;
use testkit::{fixture::Case, http::Request, paths};

use super::pair::Pair;

/// The list, from the root of the repository.
pub(super) const FILE: &str = "tests/contract/fuzz.toml";

/// Deliberate classes, with the reasons.
#[derive(Debug)]
pub(super) struct Known {
    recorded: BTreeMap<String, String>,
    listed: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    difference: Vec<Listed>,
}

/// A class of [`FILE`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Listed {
    /// The class; `*` stands for any text.
    class: String,
    /// The least size of the body.
    #[serde(default)]
    body_from: usize,
    /// Whether the body is not UTF-8.
    #[serde(default)]
    body_not_utf8: bool,
    /// What the body must have.
    #[serde(default)]
    body_contains: String,
    /// Whether the content type names a `charset` other than UTF-8, Latin-1 and ASCII.
    #[serde(default)]
    other_charset: bool,
    /// Why it is deliberate.
    why: String,
}

impl Known {
    /// Reads the list, and asks for the classes of the recorded differences.
    ///
    /// # Errors
    /// When the list is not as expected, or FastAPI does not answer.
    pub(super) fn read<'a>(seeds: &[(bool, Vec<Case>)], pair: impl Fn(bool) -> &'a Pair) -> Result<Self> {
        let mut recorded = BTreeMap::new();
        for (is_cors, cases) in seeds {
            for case in cases {
                let Some(better) = &case.better else { continue };
                let classes = pair(*is_cors).differences(&case.request.to_http()?)?;
                recorded.extend(classes.into_iter().map(|class| (class, better.why.clone())));
            }
        }
        let text = fs::read_to_string(paths::root().join(FILE)).context(FILE)?;
        let File { difference } = toml::from_str(&text).context(FILE)?;
        Ok(Self { recorded, listed: difference })
    }

    /// Why this class is deliberate, if it is.
    #[must_use]
    pub(super) fn why(&self, class: &str, request: &Request) -> Option<&str> {
        let listed = self.listed.iter().find(|listed| listed.is_for(request) && is_like(&listed.class, class));
        self.recorded.get(class).or(listed.map(|listed| &listed.why)).map(String::as_str)
    }
}

impl Listed {
    fn is_for(&self, request: &Request) -> bool {
        let body = request.body.as_deref().unwrap_or_default();
        (!self.other_charset || has_other_charset(request))
            && body.len() >= self.body_from
            && (!self.body_not_utf8 || str::from_utf8(body).is_err())
            && String::from_utf8_lossy(body).contains(&self.body_contains)
    }
}

fn has_other_charset(request: &Request) -> bool {
    let is_content_type = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
    request.headers.iter().filter(is_content_type).any(|(_, value)| {
        let value = value.to_ascii_lowercase();
        let charset = value.split_once("charset=").map(|(_, after)| after.split(';').next().unwrap_or_default());
        let name: String = charset.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        let is_equal = |known| name == known || name.is_empty();
        !["utf8", "u8", "utf", "cp65001", "iso88591", "latin1", "ascii"].into_iter().any(is_equal)
    })
}

/// Whether `text` is `pattern`, in which `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| rest.get(at..).is_some_and(|rest| is_like(after, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [("a", "a"), ("a*", "a"), ("a*c", "abc"), ("*", ""), ("*b*", "é b"), ("a*c*e", "abcde")]
        {
            assert!(is_like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*c", "abcd"), ("b*", "ab")] {
            assert!(!is_like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_charset_has_several_spellings() {
        let has = |value: &str| {
            let headers = vec![("Content-Type".to_owned(), value.to_owned())];
            has_other_charset(&Request { headers, ..Request::default() })
        };
        for value in ["multipart/form-data; charset=UTF-16; boundary=x", "a/b; charset=\"cp1252\""] {
            assert!(has(value), "{value}");
        }
        for value in ["multipart/form-data; boundary=x", "a/b; charset=\"utf-8\"", "a/b;charset=iso-8859-1;x=y"] {
            assert!(!has(value), "{value}");
        }
        assert!(!has_other_charset(&Request::default()));
    }

    #[test]
    fn each_listed_class_has_a_reason() {
        let text = fs::read_to_string(paths::root().join(FILE)).unwrap();
        let file: File = toml::from_str(&text).unwrap();
        assert!(file.difference.iter().all(|listed| !listed.why.trim().is_empty()));
    }
}
