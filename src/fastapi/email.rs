//! E-mail addresses, as pydantic's `EmailStr` and email-validator 2.4 accept and refuse them.

mod address;
mod characters;

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};

use super::Invalid;
use crate::{limits::EMAIL_TEXT_MAX_CHARS, unicode::Unicode};

/// A valid e-mail address (RFC 5321 and 5322).
///
/// White space around it and a display name before it (`A <a@b.c>`) are removed. The local part is in normalization form C. The
/// domain is in lower case and in its ASCII form; email-validator returns it in its Unicode form. So each spelling of an
/// address is the same text.
///
/// Domains are converted as in URLs (UTS #46), which accept more symbols than email-validator's IDNA 2008.
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
    pub(crate) fn parse(text: &str, unicode: &Unicode) -> Result<Self, EmailError> {
        if text.chars().nth(EMAIL_TEXT_MAX_CHARS).is_some() {
            return Err(format!("Length must not exceed {EMAIL_TEXT_MAX_CHARS} characters").into());
        }
        if text.contains(['\r', '\n']) {
            return Err("Carriage return and line feed characters are not allowed".into());
        }
        let address = inside_brackets(text).unwrap_or(text).trim_matches(is_space);
        address::normal(address, unicode).map(Self)
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

/// The text to look up for a name that was typed at login: for an e-mail address, the one that [`Email::parse`] makes of it.
/// Other names are unchanged, and so is a domain that has no ASCII form.
pub(crate) fn looked_up(name: &str, unicode: &Unicode) -> String {
    let Some((local, domain)) = name.rsplit_once('@') else { return name.to_owned() };
    let domain = match domain.is_ascii() {
        true => domain.to_ascii_lowercase(),
        false => address::to_ascii(domain, unicode).unwrap_or_else(|| domain.to_owned()),
    };
    [&address::nfc(local, unicode), "@", &domain].concat()
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
    fn addresses_are_normalized() {
        for (text, address) in [
            ("a@b.co", "a@b.co"),
            ("\u{a0}Info@B.Co\t", "Info@b.co"),
            ("A. B <a@b.co> ", "a@b.co"),
            ("\"<A@x>\" < a@b.co >", "a@b.co"),
            ("<a@b.co>", "a@b.co"),
            ("é <a@b.co>", "a@b.co"),
            ("\"é\"<a@b.co>", "a@b.co"),
            ("\"A\" \"B\" <a@b.co>", "a@b.co"),
            ("jürgen@MÜLLER.example", "jürgen@xn--mller-kva.example"),
            ("u\u{308}@u\u{308}.example", "ü@xn--tda.example"),
            ("\u{212A}@b\u{3002}co", "K@b.co"),
            ("a@XN--bcher-kva.example", "a@xn--bcher-kva.example"),
        ] {
            let unicode = &Unicode::default();
            assert_eq!(Email::parse(text, unicode).map(|email| email.0), Ok(address.to_owned()), "{text}");
            if !text.contains('<') {
                assert_eq!(looked_up(text.trim_matches(is_space), unicode), address, "the same at login");
            }
        }
        assert_eq!(format!("{:?}", Email::parse("a@b.co", &Unicode::default()).unwrap()), "Email { .. }");
    }

    #[test]
    fn a_login_name_need_not_be_an_address() {
        for name in [
            "",
            "admin",
            "u\u{308}",
            "a@\u{e9}/x",
            "a@\u{e9}:80",
            "a@\u{e9}?",
            "a@\u{e9}_",
            "a@\u{e9}%61",
            "a@\u{ff0f}",
        ] {
            assert_eq!(looked_up(name, &Unicode::default()), name);
        }
        assert_eq!(looked_up("a@b@C_D", &Unicode::default()), "a@b@c_d");
    }

    /// Functions that must not be called.
    #[test]
    fn ascii_addresses_need_no_unicode() {
        let never = &Unicode {
            nfc: |_| unreachable!(),
            domain_to_ascii: |_| unreachable!(),
            unsafe_characters: |_| unreachable!(),
            unquotable_characters: |_| unreachable!(),
        };
        assert_eq!(Email::parse("A.b+c@Example.COM", never).map(|email| email.0), Ok("A.b+c@example.com".to_owned()));
        assert_eq!(looked_up("A.b+c@Example.COM", never), "A.b+c@example.com");
        assert!(Email::parse("a b@example.com", never).is_err());
    }

    #[test]
    fn the_length_is_that_of_the_ascii_form_too() {
        let parse = |domain: String| Email::parse(&["a@", &domain].concat(), &Unicode::default());
        let reason = |domain| parse(domain).err().map(|error| error.reason().to_owned());
        let ascii = |count| [vec!["d".repeat(63); 3].join("."), "e".repeat(count)].join(".");
        assert!(parse(ascii(60)).is_ok());
        assert_eq!(reason(ascii(61)).as_deref(), Some("The email address is too long (1 character too many)."));
        let long = "The email address is too long after the @-sign (1 character too many).";
        assert_eq!(reason(ascii(62)).as_deref(), Some(long));

        let converted = |count| [vec![["ü", &"d".repeat(50)].concat(); 4].join("."), "e".repeat(count)].join(".");
        assert!(parse(converted(16)).is_ok());
        let long = "The email address is too long when the part after the @-sign is converted to IDNA ASCII (1 byte too many).";
        assert_eq!(reason(converted(17)).as_deref(), Some(long));
        for (count, bytes) in [(18, "1 byte"), (19, "2 bytes")] {
            let long =
                format!("The email address is too long after the @-sign ({bytes} too many after IDNA encoding).");
            assert_eq!(reason(converted(count)), Some(long));
        }
    }

    const OPEN_BRACKET: &str = "An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.";
    const QUOTED: &str = "Quoting the part before the @-sign is not allowed here.";

    /// The messages are those of email-validator 2.4 behind pydantic's `EmailStr`.
    #[test]
    fn mistakes_are_named_as_email_validator_names_them() {
        for (text, reason) in [
            ("a@b.co\n", "Carriage return and line feed characters are not allowed"),
            ("@b.co", "There must be something before the @-sign."),
            ("A <>", "An email address must have an @-sign."),
            ("\"A\" <>", "An email address must have an @-sign."),
            ("\"A <a@b.co>", "An email address must have an @-sign."),
            ("\"\" <a@b.co>", "A display name and angle brackets around the email address are not permitted here."),
            ("A [x] <a@b.co>", "The display name contains invalid characters when not quoted: '[', ']'."),
            ("\"A\" <a@b.co>x", "There can't be anything after the email address."),
            ("A( <a@b.co", "The display name contains invalid characters when not quoted: '('."),
            ("\"A\" B <a@b.co", "Extra character(s) found after close quote: SPACE, 'B'"),
            ("a@[b", "The part after the @-sign contains invalid characters: '['."),
            ("a@b]", "The part after the @-sign contains invalid characters: ']'."),
            ("a@é[", "The part after the @-sign contains invalid characters: '['."),
            ("A <a@b.co", OPEN_BRACKET),
            ("A B <a@b.co", OPEN_BRACKET),
            ("\"A(\" <a@b.co", OPEN_BRACKET),
            ("\"A\\\"B\" <a@b.co", OPEN_BRACKET),
            ("a<b@c.co", OPEN_BRACKET),
            ("a<\u{338}b@c.co", "The email address contains invalid characters before the @-sign: '<'."),
            ("\"a<b\"@c.co", QUOTED),
            ("\"a@b\"@c.co", QUOTED),
            ("\"a\\\"@b\"@c.co", QUOTED),
            ("\"a\\\\\"@c.co", QUOTED),
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
                "a@aß--d.co",
                "An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode.",
            ),
            (
                "a@b.LOCAL",
                "The part after the @-sign is a special-use or reserved name that cannot be used with email.",
            ),
            ("\"a\"@b.co", "Quoting the part before the @-sign is not allowed here."),
            ("a@[127.0.0.1]", "A bracketed IP address after the @-sign is not allowed here."),
            ("a\u{202e}@b.co", "The email address contains unsafe characters: U+202E."),
            ("a\u{378}@b.co", "The email address contains unsafe characters: U+0378."),
            ("\u{e000}a\u{3000}@b.co", "The email address contains unsafe characters: U+3000, U+E000."),
            (
                "\u{10fffd}a\u{e000}\u{ffff}\u{e000}@b.co",
                "The email address contains unsafe characters: U+E000, U+0000FFFF, U+0010FFFD.",
            ),
            (
                "\"a\"\u{e000}\u{e000}\u{301}x\u{e9}@b.co",
                "Extra character(s) found after close quote: U+E000, U+E000, U+0301, 'x', '\u{e9}'",
            ),
            ("\u{5b0}a@b.co", "The email address contains unsafe characters: U+05B0."),
            ("a@\u{301}b.co", "The email address contains unsafe characters: U+0301."),
            (
                "a\u{37e}@b.co",
                "After Unicode normalization: The email address contains invalid characters before the @-sign: ';'.",
            ),
            ("a@b.\u{fe0f}.co", "An email address cannot have two periods in a row."),
            ("a@b\u{ff0f}c.co", "The part after the @-sign is invalid."),
            ("a@b\u{fffc}.co", "The part after the @-sign is invalid."),
            ("a@xn--a.co", "The part after the @-sign is not valid IDNA."),
            ("a@xn--\u{e9}.co", "The part after the @-sign is invalid."),
            ("<<a@b.co>>", "A display name and angle brackets around the email address are not permitted here."),
        ] {
            assert_eq!(Email::parse(text, &Unicode::default()).expect_err(text).reason(), reason, "{text}");
        }
        let long = |count| Email::parse(&format!("{}@b.co", "a".repeat(count)), &Unicode::default());
        assert!(long(249).is_ok());
        assert_eq!(long(250).unwrap_err().reason(), "The email address is too long (1 character too many).");
    }
}
