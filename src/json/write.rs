//! The text Starlette's `JSONResponse` sends: `json.dumps(.., ensure_ascii=False, separators=(",", ":"))`.

use super::Json;
use std::fmt::{Display, Formatter, Result};

/// Writes compact JSON. `NaN` and the infinities, at which FastAPI fails with a 500, are written as `null`.
///
/// ```
/// use edgegate::json::Json;
///
/// assert_eq!(Json::from([("detail", "é\n".into()), ("loc", 1.into())]).to_string(), r#"{"detail":"é\n","loc":1}"#);
/// ```
impl Display for Json {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        // A formatter is called through a table, which would cost more for each character than the whole copy.
        let mut text = String::new();
        value(self, &mut text);
        out.write_str(&text)
    }
}

impl serde::Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serde_json::from_str::<serde_json::Value>(&self.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

fn value(json: &Json, out: &mut String) {
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Float(text) if !text.ends_with(|char: char| char.is_ascii_digit()) => out.push_str("null"),
        Json::Integer(text) | Json::Float(text) => out.push_str(text),
        Json::String(text) => string(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                value(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                string(name, out);
                out.push(':');
                value(member, out);
            }
            out.push('}');
        }
    }
}

/// Writes a string, quotes included.
pub(crate) fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' | b'\\' => char::from(byte),
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            b'\x08' => 'b',
            b'\x0C' => 'f',
            ..=0x1F => 'u',
            _ => continue,
        };
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at.saturating_add(1);
        out.push('\\');
        out.push(escape);
        if escape == 'u' {
            out.push_str(if byte < 0x10 { "000" } else { "001" });
            out.push(char::from_digit(u32::from(byte & 0xF), 16).unwrap_or_default());
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}
