//! JSON values, read as FastAPI reads a body or as RFC 8259 wants a token, and written as FastAPI writes a reply.

mod decode;
mod parse;
mod write;

#[cfg(feature = "wasm")]
pub(crate) use self::write::string;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of any length, as its decimal digits.
    Integer(String),
    /// A number with a fraction or an exponent, as it was written: to compute with it would take tables of 20 KB.
    Float(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; its names are unique.
    Object(Vec<(String, Json)>),
}

/// Whose rules a text is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Python 3.11's `json.loads(bytes)`: UTF-8, -16 or -32, `NaN` and `Infinity`, the last of equal names wins.
    ///
    /// A surrogate without its partner, which a Rust string cannot hold, becomes U+FFFD.
    Python,
    /// RFC 8259 without its liberties: UTF-8 without a byte order mark, no equal names (RFC 7493 2.3), no surrogate
    /// without its partner.
    Strict,
}

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// It is not JSON: Python's `JSONDecodeError`.
    Syntax {
        /// Python's message.
        message: &'static str,
        /// Where, in characters from the beginning.
        at: usize,
    },
    /// The bytes are no text: Python's `UnicodeDecodeError`.
    Encoding,
    /// It is nested more than [`JSON_MAX_DEPTH`](crate::limits::JSON_MAX_DEPTH) deep: Python's `RecursionError`, later.
    TooDeep,
    /// An integer has more than [`JSON_INTEGER_MAX_DIGITS`](crate::limits::JSON_INTEGER_MAX_DIGITS): Python's `ValueError`.
    IntegerTooLong,
}

/// Reads a whole text.
///
/// # Errors
/// As [`JsonError`] lists them; the first one in the text.
///
/// ```
/// use edgegate::json::{Dialect, Json, JsonError, parse};
///
/// assert_eq!(parse(br#"{"a": 1, "a": 2}"#, Dialect::Python).unwrap().to_string(), r#"{"a":2}"#);
/// assert!(parse(br#"{"a": 1, "a": 2}"#, Dialect::Strict).is_err());
/// assert_eq!(parse(b"[1, ]", Dialect::Python), Err(JsonError::Syntax { message: "Expecting value", at: 4 }));
/// ```
pub fn parse(bytes: &[u8], dialect: Dialect) -> Result<Json, JsonError> {
    let text = match dialect {
        Dialect::Python => decode::detect_and_decode(bytes),
        Dialect::Strict => std::str::from_utf8(bytes).ok().map(Into::into),
    };
    parse::document(&text.ok_or(JsonError::Encoding)?, dialect)
}

impl Json {
    /// The value of an object's member; `None` without it, and for what is no object.
    ///
    /// ```
    /// use edgegate::json::{Dialect, parse};
    ///
    /// let claims = parse(br#"{"user_id": 7}"#, Dialect::Strict).unwrap();
    /// assert_eq!(claims.get("user_id").and_then(|id| id.as_i64()), Some(7));
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(member, _)| member == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Json::Integer(digits) => digits.parse().ok(),
            _ => None,
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::String(text.to_owned())
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Json::Integer((number as u64).to_string())
    }
}

impl<const N: usize> From<[(&str, Json); N]> for Json {
    fn from(members: [(&str, Json); N]) -> Self {
        members.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, Json)> for Json {
    fn from_iter<T: IntoIterator<Item = (&'a str, Json)>>(members: T) -> Self {
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_as_python_writes_it() {
        for (text, written) in [
            (
                r#" {"b": [1, -0, 1.0, 1E16, 1e-05], "a": NaN, "c": -Infinity} "#,
                r#"{"b":[1,0,1.0,1E16,1e-05],"a":null,"c":null}"#,
            ),
            (
                r#""\u0000\u001F\/\"\\\b\f\n\r\t\u00e9\ud83d\ude00\ud800""#,
                "\"\\u0000\\u001f/\\\"\\\\\\b\\f\\n\\r\\té😀\u{fffd}\"",
            ),
            (r#"{"x": 1, "y": 2, "x": 3}"#, r#"{"x":3,"y":2}"#),
        ] {
            assert_eq!(parse(text.as_bytes(), Dialect::Python).unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn errors_are_python_s() {
        for (text, message, at) in [
            ("", "Expecting value", 0),
            ("[\"é\" 1]", "Expecting ',' delimiter", 5),
            ("{'a': 1}", "Expecting property name enclosed in double quotes", 1),
            ("{\"a\" 1}", "Expecting ':' delimiter", 5),
            (" \"abc", "Unterminated string starting at", 1),
            ("\"a\tb\"", "Invalid control character at", 2),
            (r#""\x""#, "Invalid \\escape", 1),
            (r#""\u12g4""#, "Invalid \\uXXXX escape", 2),
            ("1 2", "Extra data", 2),
        ] {
            assert_eq!(parse(text.as_bytes(), Dialect::Python), Err(JsonError::Syntax { message, at }), "{text}");
        }
    }

    #[test]
    fn encodings_are_detected_and_depth_is_bounded() {
        for bytes in [b"\xEF\xBB\xBF1".as_slice(), b"1\0", b"\0\0\0\x31", b"\xFF\xFE1\0", b"\xFF\xFE\0\0\x31\0\0\0"] {
            assert_eq!(parse(bytes, Dialect::Python), Ok(Json::Integer("1".into())), "{bytes:?}");
            assert!(parse(bytes, Dialect::Strict).is_err(), "{bytes:?}");
        }
        assert_eq!(parse(b"\"\xFF\"", Dialect::Python), Err(JsonError::Encoding));
        assert_eq!(parse("[".repeat(100_000).as_bytes(), Dialect::Strict), Err(JsonError::TooDeep));
        assert_eq!(parse("1".repeat(4301).as_bytes(), Dialect::Python), Err(JsonError::IntegerTooLong));
    }

    #[test]
    fn a_token_part_is_read_strictly() {
        for text in ["NaN", "-Infinity", r#""\ud800""#, r#"{"a":1,"a":1}"#, "\u{feff}1", "01", "1."] {
            assert!(parse(text.as_bytes(), Dialect::Strict).is_err(), "{text}");
        }
    }
}
