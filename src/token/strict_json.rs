//! Strict JSON for tokens and keys: an object without duplicate members (RFC 7519 4, RFC 7515 4) and with bounded
//! nesting.
//!
//! serde_json already refuses invalid JSON (RFC 8259), a byte order mark, an unpaired surrogate, a number outside the
//! range of a double, and trailing data.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::limits::JSON_MAX_DEPTH;

/// Reads a text that is one JSON object.
///
/// An integer outside the 64-bit range becomes the nearest double.
///
/// # Errors
/// Those of serde_json, and an error for duplicate members at any depth and for nesting deeper than [`JSON_MAX_DEPTH`].
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: JSON_MAX_DEPTH }.deserialize(&mut reader)?;
    reader.end()?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Error::custom("not an object")),
    }
}

/// A value that may contain this many levels of arrays and objects.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inside<E: Error>(self) -> Result<Self, E> {
        self.depth.checked_sub(1).map(|depth| Self { depth }).ok_or_else(|| E::custom("nested too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("two members of one name"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn ambiguous_json_is_refused() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00\ud800"}"#,
            r#"{"a":NaN}"#,
            r#"{"a":-Infinity}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":+1}"#,
            r#"{"a":1e400}"#,
            r#"{"a":1,}"#,
            r#"{'a':1}"#,
            "{\"a\":\"\t\"}",
            "\u{feff}{}",
            "{}x",
            "{}{}",
            "{}\0",
            "",
            "[]",
            "1",
            "null",
            "{",
        ] {
            assert!(object(text).is_err(), "{text}");
        }
    }

    #[test]
    fn members_keep_their_order_and_numbers_their_value() {
        for text in [
            r#"{"b":[1,-2,2.5,null,true],"a":"é✓","c":{"a":{},"b":[]}}"#,
            r#"{"max":18446744073709551615,"min":-9223372036854775808}"#,
        ] {
            assert_eq!(serde_json::to_string(&object(text).unwrap()).unwrap(), text);
        }
        let spaced = object(" {\"a\" :\n[ ] , \"\\ud83d\\ude00\\u0000\": 1e2}\r\n").unwrap();
        assert_eq!(serde_json::to_string(&spaced).unwrap(), "{\"a\":[],\"😀\\u0000\":100.0}");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(&nested(63)).is_ok());
        assert!(object(&nested(64)).is_err());
        assert!(object(&format!("{{\"a\":{}", "[".repeat(1_000_000))).is_err());
    }
}
