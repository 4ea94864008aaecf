//! The scanner of CPython 3.11's `Modules/_json.c`, with its messages and positions.

use super::{Dialect, Json, JsonError};
use crate::limits::{JSON_INTEGER_MAX_DIGITS, JSON_MAX_DEPTH};

pub(super) fn document(text: &str, dialect: Dialect) -> Result<Json, JsonError> {
    let mut parser = Parser { text, at: 0, dialect };
    parser.skip_space();
    let value = parser.value(JSON_MAX_DEPTH)?;
    parser.skip_space();
    if parser.at == text.len() { Ok(value) } else { parser.error("Extra data", parser.at) }
}

/// It goes byte by byte: what JSON is made of is ASCII, and the loops stay fast when built for size.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        if self.take(b'"') {
            return self.string().map(Json::String);
        }
        if self.take(b'{') {
            return self.object(depth.checked_sub(1).ok_or(JsonError::TooDeep)?);
        }
        if self.take(b'[') {
            return self.array(depth.checked_sub(1).ok_or(JsonError::TooDeep)?);
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.number();
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
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            let before = self.at;
            if !self.take(b'"') {
                return self.error("Expecting property name enclosed in double quotes", before);
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return self.error("Expecting ':' delimiter", self.at);
            }
            self.skip_space();
            let value = self.value(depth)?;
            match members.iter_mut().find(|(member, _)| *member == name) {
                None => members.push((name, value)),
                Some(_) if self.dialect == Dialect::Strict => return self.error("Duplicate member name", before),
                Some(member) => member.1 = value,
            }
            if self.ends(b'}')? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.ends(b']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    /// Whether the array or object ends here; if not, a comma is behind us.
    fn ends(&mut self, bracket: u8) -> Result<bool, JsonError> {
        self.skip_space();
        if self.take(bracket) {
            return Ok(true);
        }
        if !self.take(b',') {
            return self.error("Expecting ',' delimiter", self.at);
        }
        self.skip_space();
        Ok(false)
    }

    /// The string whose opening quote is behind us.
    fn string(&mut self) -> Result<String, JsonError> {
        let (start, mut out) = (self.at, String::new());
        loop {
            let plain = self.at;
            while matches!(self.peek(), Some(b' ' | b'!' | b'#'..=b'[' | b']'..)) {
                self.skip();
            }
            out.push_str(self.text.get(plain..self.at).unwrap_or_default());
            let special = self.at;
            if self.take(b'"') {
                return Ok(out);
            }
            if !self.take(b'\\') {
                return match self.peek() {
                    Some(_) => self.error("Invalid control character at", special),
                    None => self.unterminated(start),
                };
            }
            let escaped = match self.peek() {
                Some(b'u') => {
                    out.push(self.unicode_escape()?);
                    continue;
                }
                Some(b'b') => '\x08',
                Some(b'f') => '\x0C',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
                Some(_) => return self.error("Invalid \\escape", special),
                None => return self.unterminated(start),
            };
            out.push(escaped);
            self.skip();
        }
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        let first = self.unit()?;
        let after = self.at;
        if (0xD800..0xDC00).contains(&first) && self.word("\\u") {
            self.at = after.saturating_add(1);
            let second = self.unit()?;
            if let Some(Ok(char)) = char::decode_utf16([first, second]).next() {
                return Ok(char);
            }
            self.at = after;
        }
        match (char::from_u32(first.into()), self.dialect) {
            (Some(char), _) => Ok(char),
            (None, Dialect::Python) => Ok(char::REPLACEMENT_CHARACTER),
            (None, Dialect::Strict) => self.error("Lone surrogate", start),
        }
    }

    /// The four digits after the `u` that we stand at.
    fn unit(&mut self) -> Result<u16, JsonError> {
        let (from, to) = (self.at.saturating_add(1), self.at.saturating_add(5));
        let hex = self.text.get(from..to).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hex.and_then(|hex| u16::from_str_radix(hex, 16).ok()) {
            // As `_json.c` has it, digits that end the text are no escape either.
            Some(unit) if to < self.text.len() => {
                self.at = to;
                Ok(unit)
            }
            _ => self.error("Invalid \\uXXXX escape", self.at),
        }
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        let negative = self.take(b'-');
        if !self.take(b'0') && !self.digits() {
            return self.error("Expecting value", start);
        }
        let whole = self.at;
        if !(self.take(b'.') && self.digits()) {
            self.at = whole;
        }
        let mantissa = self.at;
        let exponent = (self.take(b'e') || self.take(b'E')) && {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()
        };
        if !exponent {
            self.at = mantissa;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if self.at != whole {
            return Ok(Json::Float(text.to_owned()));
        }
        if text.len().saturating_sub(usize::from(negative)) > JSON_INTEGER_MAX_DIGITS {
            return Err(JsonError::IntegerTooLong);
        }
        let zero = text == "-0" && self.dialect == Dialect::Python;
        Ok(Json::Integer(if zero { "0" } else { text }.to_owned()))
    }

    /// Whether at least one digit was there to skip.
    fn digits(&mut self) -> bool {
        let before = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.skip();
        }
        self.at > before
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if found {
            self.at = self.at.saturating_add(word.len());
        }
        found
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.skip();
        }
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.skip();
        }
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn unterminated<T>(&self, after_quote: usize) -> Result<T, JsonError> {
        self.error("Unterminated string starting at", after_quote.saturating_sub(1))
    }

    fn error<T>(&self, message: &'static str, at: usize) -> Result<T, JsonError> {
        let before = self.text.get(..at).unwrap_or_default();
        Err(JsonError::Syntax { message, at: before.chars().count() })
    }
}
