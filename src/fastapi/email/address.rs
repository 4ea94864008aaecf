//! The checks of email-validator's `syntax.py`, in the same order and with the same messages.

use super::{
    EmailError,
    characters::{is_atext, named, refused, unsafe_in},
    is_space,
};
use crate::limits::{EMAIL_DOMAIN_MAX_CHARS, EMAIL_LABEL_MAX_CHARS, EMAIL_MAX_BYTES};

type Check = Result<(), EmailError>;

pub(super) fn check(text: &str) -> Check {
    let (left, right) = split(text, &['@', '<'])?;
    let bracketed = right.starts_with('<');
    let (local, domain) = if bracketed { split(display_name(left, right)?, &['@'])? } else { (left, right) };
    let domain = domain.strip_prefix('@').unwrap_or(domain);
    let (unquoted, quoted) = unquote(local)?;
    check_local(&unquoted, quoted)?;
    if quoted {
        return Err("Quoting the part before the @-sign is not allowed here.".into());
    }
    if domain.is_empty() {
        return Err("There must be something after the @-sign.".into());
    }
    if domain.starts_with('[') && domain.ends_with(']') {
        return Err("A bracketed IP address after the @-sign is not allowed here.".into());
    }
    check_domain(domain)?;
    check_length(&[local, "@", domain].concat())?;
    if bracketed {
        return Err("A display name and angle brackets around the email address are not permitted here.".into());
    }
    Ok(())
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
fn display_name<'a>(name: &str, brackets: &'a str) -> Result<&'a str, EmailError> {
    let (name, quoted) = unquote(name.trim_end_matches(is_space))?;
    if let Some(bad) = refused(&name, |char| quoted || is_atext(char) || char == ' ') {
        return Err(listing("The display name contains invalid characters when not quoted: ", &bad));
    }
    refuse_unsafe(&name, true)?;
    if !brackets.as_bytes().contains(&b'>') {
        return Err("An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.".into());
    }
    let inner = brackets.trim_end_matches(' ').strip_suffix('>').and_then(|inner| inner.strip_prefix('<'));
    inner.ok_or_else(|| "There can't be anything after the email address.".into())
}

/// The text without quotes and escapes, and whether there were quotes.
fn unquote(text: &str) -> Result<(String, bool), EmailError> {
    let Some(inner) = text.strip_prefix('"') else { return Ok((text.to_owned(), false)) };
    let (mut out, mut chars) = (String::new(), inner.chars());
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            '"' if chars.as_str().is_empty() => break,
            '"' => {
                let extra = named(chars.as_str());
                return Err(["Extra character(s) found after close quote: ", &extra].concat().into());
            }
            _ => out.push(char),
        }
    }
    Ok((out, true))
}

fn check_local(local: &str, quoted: bool) -> Check {
    if local.is_empty() {
        return Err("There must be something before the @-sign.".into());
    }
    let is_good = |char: char| is_atext(char) || char == '.' || !char.is_ascii();
    if !quoted && let Some(bad) = refused(local, is_good) {
        return Err(listing("The email address contains invalid characters before the @-sign: ", &bad));
    }
    if quoted && let Some(bad) = refused(local, |char| !char.is_ascii_control()) {
        return Err(listing("The email address contains invalid characters in quotes before the @-sign: ", &bad));
    }
    if !quoted {
        let before = "An email address cannot have a period immediately before the @-sign.";
        check_periods(local, "An email address cannot start with a period.", before)?;
    }
    refuse_unsafe(local, quoted)
}

fn check_domain(domain: &str) -> Check {
    let excess = domain.chars().count().saturating_sub(EMAIL_DOMAIN_MAX_CHARS);
    if excess > 0 {
        return Err(listing("The email address is too long after the @-sign ", &too_many(excess)));
    }
    let is_good = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.') || !char.is_ascii();
    if let Some(bad) = refused(domain, is_good) {
        return Err(listing("The part after the @-sign contains invalid characters: ", &bad));
    }
    refuse_unsafe(domain, false)?;
    let domain: String = domain.to_ascii_lowercase().chars().map(narrow).collect();
    if let Some(bad) = refused(&domain, is_good) {
        let msg = "The part after the @-sign contains invalid characters after Unicode normalization: ";
        return Err(listing(msg, &bad));
    }
    let after = "An email address cannot have a period immediately after the @-sign.";
    check_periods(&domain, after, "An email address cannot end with a period.")?;
    check_hyphens(&domain)?;
    for label in domain.split('.') {
        let excess = label.chars().count().saturating_sub(EMAIL_LABEL_MAX_CHARS);
        if excess > 0 {
            let msg = "After the @-sign, periods cannot be separated by so many characters ";
            return Err(listing(msg, &too_many(excess)));
        }
    }
    if !domain.as_bytes().contains(&b'.') {
        return Err("The part after the @-sign is not valid. It should have a period.".into());
    }
    let top = domain.rsplit('.').next().unwrap_or_default();
    if top.is_ascii() && !top.ends_with(|char: char| char.is_ascii_alphabetic()) {
        return Err("The part after the @-sign is not valid. It is not within a valid top-level domain.".into());
    }
    // Of https://www.iana.org/assignments/special-use-domain-names, those in email-validator.
    let special = ["arpa", "invalid", "local", "localhost", "onion", "test"];
    if special.contains(&top) {
        return Err(
            "The part after the @-sign is a special-use or reserved name that cannot be used with email.".into()
        );
    }
    Ok(())
}

/// The ASCII character that IDNA maps an ideographic full stop or a full-width form to (UTS #46).
fn narrow(char: char) -> char {
    match char {
        '\u{3002}' | '\u{FF61}' => '.',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(char).saturating_sub(0xFEE0)).unwrap_or(char),
        _ => char,
    }
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

/// Host names (RFC 952), and labels that look like Punycode but are not (RFC 5890 2.3.1).
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
    let reserved = |label: &str| label.chars().skip(2).take(2).eq(['-', '-']) && !label.starts_with("xn");
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

fn refuse_unsafe(text: &str, allow_space: bool) -> Check {
    let bad = unsafe_in(text, allow_space);
    bad.map_or(Ok(()), |bad| Err(listing("The email address contains unsafe characters: ", &bad)))
}

fn listing(message: &str, what: &str) -> EmailError {
    [message, what, "."].concat().into()
}

fn too_many(excess: usize) -> String {
    format!("({excess} character{} too many)", if excess == 1 { "" } else { "s" })
}
