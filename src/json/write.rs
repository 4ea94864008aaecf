//! The text Starlette's `JSONResponse` sends: `json.dumps(.., ensure_ascii=False, separators=(",", ":"))`.

use super::Json;
use std::fmt::{Display, Formatter, Result, Write};

/// Writes compact JSON. `NaN` and the infinities, at which FastAPI fails with a 500, are written as `null`.
///
/// ```
/// use edgegate::json::Json;
///
/// assert_eq!(Json::from([("detail", "é\n".into()), ("loc", 1.into())]).to_string(), r#"{"detail":"é\n","loc":1}"#);
/// ```
impl Display for Json {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Json::Null => out.write_str("null"),
            Json::Bool(true) => out.write_str("true"),
            Json::Bool(false) => out.write_str("false"),
            Json::Float(text) if !text.ends_with(|char: char| char.is_ascii_digit()) => out.write_str("null"),
            Json::Integer(text) | Json::Float(text) => out.write_str(text),
            Json::String(text) => string(text, out),
            Json::Array(items) => {
                out.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { "," })?;
                    item.fmt(out)?;
                }
                out.write_char(']')
            }
            Json::Object(members) => {
                out.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { "," })?;
                    string(name, out)?;
                    out.write_char(':')?;
                    value.fmt(out)?;
                }
                out.write_char('}')
            }
        }
    }
}

fn string(text: &str, out: &mut Formatter<'_>) -> Result {
    out.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\x08' => out.write_str("\\b")?,
            '\x0C' => out.write_str("\\f")?,
            '\0'..='\x1F' => write!(out, "\\u{:04x}", u32::from(char))?,
            _ => out.write_char(char)?,
        }
    }
    out.write_char('"')
}
