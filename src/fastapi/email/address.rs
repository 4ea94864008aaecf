//! The checks of email-validator's `syntax.py`, in the same order and with the same messages.

use std::borrow::Cow;

use super::{
    EmailError,
    characters::{is_atext, named, refused, unsafe_in},
    is_space,
};
use crate::{
    limits::{EMAIL_DOMAIN_MAX_CHARS, EMAIL_LABEL_MAX_CHARS, EMAIL_MAX_BYTES},
    unicode::Unicode,
};

type Check = Result<(), EmailError>;

/// Checks an address and returns it in the form in which it is stored.
pub(super) fn normal(text: &str, unicode: &Unicode) -> Result<String, EmailError> {
    let (left, right) = split(text, &['@', '<'])?;
    let bracketed = right.starts_with('<');
    let (local, domain) = if bracketed { split(display_name(left, right, unicode)?, &['@'])? } else { (left, right) };
    let domain = domain.strip_prefix('@').unwrap_or(domain);
    let (unquoted, quoted) = unquote(local, unicode)?;
    check_local(&unquoted, quoted, unicode)?;
    let normal_local = nfc(&unquoted, unicode);
    if normal_local != unquoted {
        let after = |error: EmailError| EmailError::from(["After Unicode normalization: ", error.reason()].concat());
        check_local(&normal_local, quoted, unicode).map_err(after)?;
    }
    if quoted {
        return Err("Quoting the part before the @-sign is not allowed here.".into());
    }
    if domain.is_empty() {
        return Err("There must be something after the @-sign.".into());
    }
    if domain.starts_with('[') && domain.ends_with(']') {
        return Err("A bracketed IP address after the @-sign is not allowed here.".into());
    }
    let ascii_domain = check_domain(domain, unicode)?;
    check_length(&[local, "@", domain].concat())?;
    let stored = [&normal_local, "@", &ascii_domain].concat();
    let excess = stored.len().saturating_sub(EMAIL_MAX_BYTES);
    if excess > 0 {
        let msg = "The email address is too long when the part after the @-sign is converted to IDNA ASCII ";
        return Err(listing(msg, &bytes_too_many(excess, "")));
    }
    if bracketed {
        return Err("A display name and angle brackets around the email address are not permitted here.".into());
    }
    Ok(stored)
}

/// The text in normalization form C.
pub(super) fn nfc<'t>(text: &'t str, unicode: &Unicode) -> Cow<'t, str> {
    if text.is_ascii() { text.into() } else { (unicode.nfc)(text).into() }
}

/// The ASCII form of a domain outside ASCII.
///
/// Other ASCII characters must not reach the platform's parser of URLs: for it, the host ends at some of them.
pub(super) fn to_ascii(domain: &str, unicode: &Unicode) -> Option<String> {
    let may_be_converted = domain.chars().all(|char| is_hostname(char) || !char.is_ascii());
    let converted = if may_be_converted { (unicode.domain_to_ascii)(domain) } else { None };
    converted.filter(|ascii| !ascii.is_empty() && ascii.chars().all(is_hostname))
}

fn is_hostname(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '.')
}

/// Splits before the first of `specials` outside quotes.
fn split<'a>(text: &'a str, specials: &[char]) -> Result<(&'a str, &'a str), EmailError> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        let tail = text.get(at..).unwrap_or_default();
        // `<` with the combining solidus U+0338 is one character, U+226E.
        if specials.contains(&char) && !quoted && !tail.starts_with("<\u{338}") {
            return Ok((text.get(..at).unwrap_or_default(), tail));
        }
        quoted ^= char == '"' && !escaped;
        escaped = quoted && char == '\\' && !escaped;
    }
    let has = |sign| text.chars().any(|char| char == sign);
    Err(if has('\u{FF20}') {
        "The email address has the \"full-width\" at-sign (@) character instead of a regular at-sign."
    } else if has('\u{FE6B}') {
        "The email address has the \"small commercial at\" character instead of a regular at-sign."
    } else {
        "An email address must have an @-sign."
    }
    .into())
}

/// The address in the brackets after a display name.
fn display_name<'a>(name: &str, brackets: &'a str, unicode: &Unicode) -> Result<&'a str, EmailError> {
    let (name, quoted) = unquote(name.trim_end_matches(is_space), unicode)?;
    if let Some(bad) = refused(&name, unicode, &|char| quoted || is_atext(char) || char == ' ') {
        return Err(listing("The display name contains invalid characters when not quoted: ", &bad));
    }
    refuse_unsafe(&name, true, unicode)?;
    if !brackets.as_bytes().contains(&b'>') {
        return Err("An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.".into());
    }
    let inner = brackets.trim_end_matches(' ').strip_suffix('>').and_then(|inner| inner.strip_prefix('<'));
    inner.ok_or_else(|| "There can't be anything after the email address.".into())
}

/// The text without quotes and escapes, and whether there were quotes.
fn unquote(text: &str, unicode: &Unicode) -> Result<(String, bool), EmailError> {
    let Some(inner) = text.strip_prefix('"') else { return Ok((text.to_owned(), false)) };
    let (mut out, mut chars) = (String::new(), inner.chars());
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            '"' if chars.as_str().is_empty() => break,
            '"' => {
                let extra = named(chars.as_str(), unicode);
                return Err(["Extra character(s) found after close quote: ", &extra].concat().into());
            }
            _ => out.push(char),
        }
    }
    Ok((out, true))
}

fn check_local(local: &str, quoted: bool, unicode: &Unicode) -> Check {
    if local.is_empty() {
        return Err("There must be something before the @-sign.".into());
    }
    let is_good = |char: char| is_atext(char) || char == '.' || !char.is_ascii();
    if !quoted && let Some(bad) = refused(local, unicode, &is_good) {
        return Err(listing("The email address contains invalid characters before the @-sign: ", &bad));
    }
    if quoted && let Some(bad) = refused(local, unicode, &|char: char| !char.is_ascii_control()) {
        return Err(listing("The email address contains invalid characters in quotes before the @-sign: ", &bad));
    }
    if !quoted {
        let before = "An email address cannot have a period immediately before the @-sign.";
        check_periods(local, "An email address cannot start with a period.", before)?;
    }
    refuse_unsafe(local, quoted, unicode)
}

/// Checks a domain and returns it in lower case and in its ASCII form.
fn check_domain(domain: &str, unicode: &Unicode) -> Result<String, EmailError> {
    let excess = domain.chars().count().saturating_sub(EMAIL_DOMAIN_MAX_CHARS);
    if excess > 0 {
        return Err(listing("The email address is too long after the @-sign ", &too_many(excess)));
    }
    let is_good = |char: char| is_hostname(char) || !char.is_ascii();
    if let Some(bad) = refused(domain, unicode, &is_good) {
        return Err(listing("The part after the @-sign contains invalid characters: ", &bad));
    }
    refuse_unsafe(domain, false, unicode)?;
    let (given, was_ascii) = (domain, domain.is_ascii());
    let domain = match was_ascii {
        true => given.to_ascii_lowercase(),
        false => to_ascii(given, unicode).ok_or("The part after the @-sign is invalid.")?,
    };
    let after = "An email address cannot have a period immediately after the @-sign.";
    check_periods(&domain, after, "An email address cannot end with a period.")?;
    check_hyphens(&domain)?;
    if !was_ascii {
        check_labels(&nfc(given, unicode))?;
    }
    let excess = domain.len().saturating_sub(EMAIL_DOMAIN_MAX_CHARS);
    if excess > 0 {
        let reason = bytes_too_many(excess, " after IDNA encoding");
        return Err(listing("The email address is too long after the @-sign ", &reason));
    }
    for label in domain.split('.') {
        let excess = label.len().saturating_sub(EMAIL_LABEL_MAX_CHARS);
        if excess > 0 {
            let msg = "After the @-sign, periods cannot be separated by so many characters ";
            return Err(listing(msg, &too_many(excess)));
        }
    }
    if !domain.as_bytes().contains(&b'.') {
        return Err("The part after the @-sign is not valid. It should have a period.".into());
    }
    let top = domain.rsplit('.').next().unwrap_or_default();
    if !top.ends_with(|char: char| char.is_ascii_alphabetic()) {
        return Err("The part after the @-sign is not valid. It is not within a valid top-level domain.".into());
    }
    // Of https://www.iana.org/assignments/special-use-domain-names, those in email-validator.
    let special = ["arpa", "invalid", "local", "localhost", "onion", "test"];
    if special.contains(&top) {
        return Err(
            "The part after the @-sign is a special-use or reserved name that cannot be used with email.".into()
        );
    }
    // Punycode that was given, and not made here, may be invalid.
    let has_punycode = || domain.split('.').any(|label| label.starts_with("xn--"));
    if was_ascii && has_punycode() && to_ascii(&domain, unicode).is_none_or(|ascii| ascii != domain) {
        return Err("The part after the @-sign is not valid IDNA.".into());
    }
    Ok(domain)
}

/// A `dot-atom` (RFC 5322 3.2.3).
fn check_periods(text: &str, at_start: &'static str, at_end: &'static str) -> Check {
    if text.ends_with('.') {
        return Err(at_end.into());
    }
    if text.starts_with('.') {
        return Err(at_start.into());
    }
    if has_pair(text, *b"..") {
        return Err("An email address cannot have two periods in a row.".into());
    }
    Ok(())
}

fn has_pair(text: &str, pair: [u8; 2]) -> bool {
    text.as_bytes().windows(2).any(|two| two == pair)
}

/// Host names (RFC 952), and [`check_labels`].
fn check_hyphens(domain: &str) -> Check {
    if domain.ends_with('-') {
        return Err("An email address cannot end with a hyphen.".into());
    }
    if domain.starts_with('-') {
        return Err("An email address cannot have a hyphen immediately after the @-sign.".into());
    }
    if has_pair(domain, *b".-") || has_pair(domain, *b"-.") {
        return Err("An email address cannot have a period and a hyphen next to each other.".into());
    }
    check_labels(domain)
}

/// Labels that look like Punycode but are not (RFC 5890 2.3.1).
fn check_labels(domain: &str) -> Check {
    let is_punycode = |label: &str| label.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("xn"));
    let reserved = |label: &str| label.chars().skip(2).take(2).eq(['-', '-']) && !is_punycode(label);
    if domain.split('.').any(reserved) {
        return Err("An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode.".into());
    }
    Ok(())
}

fn check_length(address: &str) -> Check {
    let excess = address.len().saturating_sub(EMAIL_MAX_BYTES);
    if excess == 0 {
        return Ok(());
    }
    let widest = address.chars().map(char::len_utf8).max().unwrap_or(1);
    let least = excess.checked_div(widest).unwrap_or(excess).max(1);
    let reason = if least == excess { too_many(excess) } else { format!("({least}-{excess} characters too many)") };
    Err(listing("The email address is too long ", &reason))
}

fn refuse_unsafe(text: &str, allow_space: bool, unicode: &Unicode) -> Check {
    let bad = unsafe_in(text, allow_space, unicode);
    bad.map_or(Ok(()), |bad| Err(listing("The email address contains unsafe characters: ", &bad)))
}

fn listing(message: &str, what: &str) -> EmailError {
    [message, what, "."].concat().into()
}

fn bytes_too_many(excess: usize, after: &str) -> String {
    format!("({excess} byte{} too many{after})", if excess == 1 { "" } else { "s" })
}

fn too_many(excess: usize) -> String {
    format!("({excess} character{} too many)", if excess == 1 { "" } else { "s" })
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn a_converted_domain_is_a_host_name() {
        let ascii = |domain| to_ascii(domain, &Unicode::default());
        assert_eq!(ascii("bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        // The parser of URLs accepts a low line, which no host name has.
        let low_line = (Unicode::default().domain_to_ascii)("b\u{ff3f}c.example");
        assert_eq!((low_line.as_deref(), ascii("b\u{ff3f}c.example")), (Some("b_c.example"), None));
        let nothing = Unicode { domain_to_ascii: |_| Some(String::new()), ..Unicode::default() };
        assert_eq!(to_ascii("ü", &nothing), None);
    }
}
