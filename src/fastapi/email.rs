//! E-mail addresses, as pydantic's `EmailStr` and email-validator 2.4 accept and refuse them.

mod address;
mod characters;

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};

use super::Invalid;
use crate::limits::EMAIL_TEXT_MAX_CHARS;

/// A valid e-mail address (RFC 5321 and 5322).
///
/// White space around it and a display name before it (`A <a@b.c>`) are removed; the rest is unchanged. Unlike
/// pydantic, it does not lower-case the domain, because `/login` compares the address as typed.
///
/// Characters outside ASCII are accepted without Unicode tables. These checks of email-validator are left out: assigned
/// code points, normalization (NFC), IDNA validity, decoding of `xn--` labels, length of encoded labels. Control,
/// formatting and private-use characters, spaces and a leading combining mark are refused.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Email(String);

/// Why a text is not an e-mail address, with email-validator's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmailError {
    reason: Cow<'static, str>,
}

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// The first error that email-validator reports.
    pub(crate) fn parse(text: &str) -> Result<Self, EmailError> {
        if text.chars().nth(EMAIL_TEXT_MAX_CHARS).is_some() {
            return Err(format!("Length must not exceed {EMAIL_TEXT_MAX_CHARS} characters").into());
        }
        if text.contains(['\r', '\n']) {
            return Err("Carriage return and line feed characters are not allowed".into());
        }
        let address = inside_brackets(text).unwrap_or(text).trim_matches(is_space);
        address::check(address)?;
        Ok(Self(address.to_owned()))
    }

    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `Debug` does not show the address.
impl fmt::Debug for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Email").finish_non_exhaustive()
    }
}

impl EmailError {
    /// The message, a sentence.
    #[must_use]
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// pydantic's error for the field `name` with the value `input`.
    #[must_use]
    pub(crate) fn to_invalid(&self, name: &'static str, input: Value) -> Invalid {
        Invalid::field("value_error", name, self.to_string(), input).with_ctx(json!({ "reason": self.reason() }))
    }
}

impl fmt::Display for EmailError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "value is not a valid email address: {}", self.reason)
    }
}

impl std::error::Error for EmailError {}

impl<T: Into<Cow<'static, str>>> From<T> for EmailError {
    fn from(reason: T) -> Self {
        Self { reason: reason.into() }
    }
}

/// Python's `str.isspace`.
pub(crate) fn is_space(char: char) -> bool {
    char.is_whitespace() || ('\x1C'..='\x1F').contains(&char)
}

/// The address of `A <a@b.c>`, `"A" <a@b.c>` or `<a@b.c>`: the match of pydantic's `pretty_email_regex`.
fn inside_brackets(text: &str) -> Option<&str> {
    let text = text.trim_matches(is_space).strip_suffix('>')?;
    let (_, address) = if let Some(quoted) = text.strip_prefix('"') {
        let is_name =
            |name: &str| name.trim_end_matches(is_space).strip_suffix('"').is_some_and(|name| !name.is_empty());
        let halves =
            quoted.rmatch_indices('<').filter_map(|(at, _)| Some((quoted.get(..at)?, quoted.get(at..)?.get(1..)?)));
        halves.into_iter().find(|(name, address)| is_name(name) && !address.is_empty())?
    } else {
        let is_name_char = |char| is_space(char) || char == '.' || characters::is_atext(char) || !char.is_ascii();
        text.split_once('<').filter(|(name, address)| name.chars().all(is_name_char) && !address.is_empty())?
    };
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_given() {
        for (text, address) in [
            ("a@b.co", "a@b.co"),
            ("\u{a0}Info@B.Co\t", "Info@B.Co"),
            ("A. B <a@b.co> ", "a@b.co"),
            ("\"<A@x>\" < a@b.co >", "a@b.co"),
            ("<a@b.co>", "a@b.co"),
            ("jürgen@müller.example", "jürgen@müller.example"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ] {
            assert_eq!(Email::parse(text).map(|email| email.0), Ok(address.to_owned()), "{text}");
        }
        assert_eq!(format!("{:?}", Email::parse("a@b.co").unwrap()), "Email { .. }");
    }

    #[test]
    fn mistakes_are_named_as_email_validator_names_them() {
        for (text, reason) in [
            ("a@b.co\n", "Carriage return and line feed characters are not allowed"),
            ("@b.co", "There must be something before the @-sign."),
            ("a@", "There must be something after the @-sign."),
            ("a b'@b.co", "The email address contains invalid characters before the @-sign: SPACE."),
            (".a@b.co", "An email address cannot start with a period."),
            ("a.@b.co", "An email address cannot have a period immediately before the @-sign."),
            ("a..b@b.co", "An email address cannot have two periods in a row."),
            ("a@b_c@d.co", "The part after the @-sign contains invalid characters: '@', '_'."),
            ("a@b", "The part after the @-sign is not valid. It should have a period."),
            ("a@b.c1", "The part after the @-sign is not valid. It is not within a valid top-level domain."),
            ("a@b-.co", "An email address cannot have a period and a hyphen next to each other."),
            (
                "a@ab--c.co",
                "An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode.",
            ),
            (
                "a@b.LOCAL",
                "The part after the @-sign is a special-use or reserved name that cannot be used with email.",
            ),
            ("\"a\"@b.co", "Quoting the part before the @-sign is not allowed here."),
            ("a@[127.0.0.1]", "A bracketed IP address after the @-sign is not allowed here."),
            ("a\u{202e}@b.co", "The email address contains unsafe characters: U+202E."),
            ("<<a@b.co>>", "A display name and angle brackets around the email address are not permitted here."),
        ] {
            assert_eq!(Email::parse(text).unwrap_err().reason(), reason, "{text}");
        }
        let long = |count| Email::parse(&format!("{}@b.co", "a".repeat(count)));
        assert!(long(249).is_ok());
        assert_eq!(long(250).unwrap_err().reason(), "The email address is too long (1 character too many).");
    }
}
