//! The scanner of CPython 3.11's `Modules/_json.c`, with its messages and positions.

use super::{Dialect, Json, JsonError};
use crate::limits::{JSON_INTEGER_MAX_DIGITS, JSON_MAX_DEPTH};

pub(super) fn document(text: &str, dialect: Dialect) -> Result<Json, JsonError> {
    let mut parser = Parser { text, rest: text, dialect };
    parser.skip_space();
    let value = parser.value(JSON_MAX_DEPTH)?;
    parser.skip_space();
    if parser.rest.is_empty() { Ok(value) } else { parser.error("Extra data", parser.rest) }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    dialect: Dialect,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        if self.take('"') {
            return self.string().map(Json::String);
        }
        if self.take('{') {
            return self.object(depth.checked_sub(1).ok_or(JsonError::TooDeep)?);
        }
        if self.take('[') {
            return self.array(depth.checked_sub(1).ok_or(JsonError::TooDeep)?);
        }
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.word(word) {
                return Ok(value);
            }
        }
        if self.dialect == Dialect::Python {
            for word in ["NaN", "Infinity", "-Infinity"] {
                if self.word(word) {
                    return Ok(Json::Float(word.to_owned()));
                }
            }
        }
        self.number()
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.skip_space();
        if self.take('}') {
            return Ok(Json::Object(members));
        }
        loop {
            let before = self.rest;
            if !self.take('"') {
                return self.error("Expecting property name enclosed in double quotes", before);
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(':') {
                return self.error("Expecting ':' delimiter", self.rest);
            }
            self.skip_space();
            let value = self.value(depth)?;
            match members.iter_mut().find(|(member, _)| *member == name) {
                None => members.push((name, value)),
                Some(_) if self.dialect == Dialect::Strict => return self.error("Duplicate member name", before),
                Some(member) => member.1 = value,
            }
            if self.ends('}')? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.ends(']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    /// Whether the array or object ends here; if not, a comma is behind us.
    fn ends(&mut self, bracket: char) -> Result<bool, JsonError> {
        self.skip_space();
        if self.take(bracket) {
            return Ok(true);
        }
        if !self.take(',') {
            return self.error("Expecting ',' delimiter", self.rest);
        }
        self.skip_space();
        Ok(false)
    }

    /// The string whose opening quote is behind us.
    fn string(&mut self) -> Result<String, JsonError> {
        let (start, mut out) = (self.rest, String::new());
        loop {
            let stop = self.rest.find(|char| matches!(char, '"' | '\\' | '\0'..='\x1F'));
            let Some((plain, tail)) = stop.and_then(|at| self.rest.split_at_checked(at)) else {
                return self.unterminated(start);
            };
            out.push_str(plain);
            self.rest = tail;
            if self.take('"') {
                return Ok(out);
            }
            if !self.take('\\') {
                return self.error("Invalid control character at", tail);
            }
            let escaped = match self.rest.chars().next() {
                Some('u') => {
                    out.push(self.unicode_escape()?);
                    continue;
                }
                Some('b') => '\x08',
                Some('f') => '\x0C',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(char @ ('"' | '\\' | '/')) => char,
                Some(_) => return self.error("Invalid \\escape", tail),
                None => return self.unterminated(start),
            };
            out.push(escaped);
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let start = self.rest;
        let first = self.unit()?;
        let after = self.rest;
        if (0xD800..0xDC00).contains(&first) && after.starts_with("\\u") {
            self.take('\\');
            let second = self.unit()?;
            if let Some(Ok(char)) = char::decode_utf16([first, second]).next() {
                return Ok(char);
            }
            self.rest = after;
        }
        match (char::from_u32(first.into()), self.dialect) {
            (Some(char), _) => Ok(char),
            (None, Dialect::Python) => Ok(char::REPLACEMENT_CHARACTER),
            (None, Dialect::Strict) => self.error("Lone surrogate", start),
        }
    }

    fn unit(&mut self) -> Result<u16, JsonError> {
        let hex = self.rest.get(1..5).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = hex.and_then(|hex| u16::from_str_radix(hex, 16).ok());
        // As `_json.c` has it, digits that end the text are no escape either.
        match (unit, self.rest.get(5..)) {
            (Some(unit), Some(rest)) if !rest.is_empty() => {
                self.rest = rest;
                Ok(unit)
            }
            _ => self.error("Invalid \\uXXXX escape", self.rest),
        }
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.rest;
        self.take('-');
        if !self.take('0') && !self.digits() {
            return self.error("Expecting value", start);
        }
        let whole = self.rest;
        if !(self.take('.') && self.digits()) {
            self.rest = whole;
        }
        let mantissa = self.rest;
        let exponent = (self.take('e') || self.take('E')) && {
            let _sign = self.take('+') || self.take('-');
            self.digits()
        };
        if !exponent {
            self.rest = mantissa;
        }
        let text = start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default();
        if self.rest.len() != whole.len() {
            return Ok(Json::Float(text.to_owned()));
        }
        if text.trim_start_matches('-').len() > JSON_INTEGER_MAX_DIGITS {
            return Err(JsonError::IntegerTooLong);
        }
        let zero = text == "-0" && self.dialect == Dialect::Python;
        Ok(Json::Integer(if zero { "0" } else { text }.to_owned()))
    }

    /// Whether at least one digit was there to skip.
    fn digits(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start_matches(|char: char| char.is_ascii_digit());
        self.rest.len() < before
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take(&mut self, char: char) -> bool {
        let rest = self.rest.strip_prefix(char);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn unterminated<T>(&self, after_quote: &str) -> Result<T, JsonError> {
        let at = self.position(after_quote).saturating_sub(1);
        Err(JsonError::Syntax { message: "Unterminated string starting at", at })
    }

    fn error<T>(&self, message: &'static str, here: &str) -> Result<T, JsonError> {
        Err(JsonError::Syntax { message, at: self.position(here) })
    }

    fn position(&self, rest: &str) -> usize {
        let before = self.text.strip_suffix(rest).unwrap_or(self.text);
        before.chars().count()
    }
}
