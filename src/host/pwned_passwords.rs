//! Passwords of data breaches, by the range search of Have I Been Pwned: only five hexadecimal digits of a hash leave the host.

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

/// The upper case hexadecimal digits of the SHA-1 hash: those that are asked for, and the others.
pub(super) fn digits(password: &str) -> (String, Zeroizing<String>) {
    let hash = Zeroizing::new(<[u8; 20]>::from(Sha1::digest(password.as_bytes())));
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits =
        nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).map(|digit| digit.to_ascii_uppercase());
    let mut others = Zeroizing::new(String::with_capacity(40));
    others.extend(digits.clone().skip(PREFIX));
    (digits.take(PREFIX).collect(), others)
}

/// How many digits a range has in common.
const PREFIX: usize = 5;

/// Whether a range, with a line `DIGITS:COUNT` for each hash, has these digits. Lines with the count 0 are padding.
pub(super) fn contains(range: &[u8], digits: &str) -> bool {
    let lines = range.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let mut entries = lines.filter_map(|line| line.trim().split_once(':'));
    entries
        .any(|(others, count)| others.eq_ignore_ascii_case(digits) && count.parse().is_ok_and(|count: u64| count > 0))
}

#[cfg(test)]
mod tests {
    use super::{contains, digits};

    #[test]
    fn the_hash_is_that_of_the_documentation() {
        let (prefix, others) = digits("password");
        assert_eq!((prefix.as_str(), others.as_str()), ("5BAA6", "1E4C9B93F3F0682250B6CF8331B7EE68FD8"));
    }

    #[test]
    fn a_range_is_searched() {
        let range =
            b"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\nfff:7\r\n\xff:1\r\n:1";
        for (digits, is_there) in [
            ("0018A45C4D1DEF81644B54AB7F969B88D65", true),
            ("0018a45c4d1def81644b54ab7f969b88d65", true),
            ("1E4C9B93F3F0682250B6CF8331B7EE68FD8", false),
            ("FFF", true),
            ("0018A45C4D1DEF81644B54AB7F969B88D6", false),
        ] {
            assert_eq!(contains(range, digits), is_there, "{digits}");
        }
        for range in
            [&b""[..], b"1E4C9B93F3F0682250B6CF8331B7EE68FD8", b"1E4C9B93F3F0682250B6CF8331B7EE68FD8:x", b"<html>"]
        {
            assert!(!contains(range, "1E4C9B93F3F0682250B6CF8331B7EE68FD8"));
        }
    }
}
