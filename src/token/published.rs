//! Secrets that documentation publishes. They are long enough, and everyone knows them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The first 8 bytes of the SHA-256 of each, with the reason for its refusal. No search for leaked secrets reports hashes.
///
/// What is hexadecimal or base64url is decoded, trimmed and in lower case as in [`reason`], so that the text and the bytes are one secret.
const SECRETS: [(u64, &str); 11] = [
    (0x52c1_7b0e_167f_3c62, FASTAPI),     // 09d25e09...88e8d3e7
    (0x125e_c1ad_df77_1354, FASTAPI_JWT), // deff1952...323eca4f
    (0x9dd0_b8d2_0b25_289c, SPRING),      // 404E6352...566B5970
    (0xf173_3ce4_16e6_8168, JOSE),        // cc7e0d44...f2f596f2
    (0x465d_9ad5_d552_8ebe, JWT_IO),      // a-string...its-long
    (0x730d_21a8_0e61_a8de, JWT_IO),      // a-valid-...its-long
    (0xdb68_3359_3279_d737, JWT_IO),      // a-valid-...ery-long
    (0x07a7_0d5a_ee6e_d777, RFC_7515),    // AyM1SysP...r1Z9CAow
    (0xa628_1bb4_2370_41ce, EDGEGATE),    // at least...domness!
    (0x9c66_f8bf_953a_e664, EDGEGATE),    // 01234567...89abcdef
    (0x190b_9e22_4184_963d, EDGEGATE),    // 01234567...89abcdef, twice
];

macro_rules! published {
    ($place:literal) => {
        concat!("the secret is published ", $place, ": make one with `npx edgegate keygen`")
    };
}

const FASTAPI: &str = published!("in FastAPI's tutorial");
const FASTAPI_JWT: &str = published!("in tutorials about FastAPI and JWT");
const SPRING: &str = published!("in tutorials about Spring Boot");
const JOSE: &str = published!("in the documentation of jose");
const JWT_IO: &str = published!("on jwt.io");
const RFC_7515: &str = published!("in RFC 7515");
const EDGEGATE: &str = published!("in examples of edgegate");

/// How many encodings are removed: base64 of hexadecimal has two.
const ENCODINGS_MAX: u8 = 2;

/// The reason to refuse this secret, if it is published.
///
/// A copy may be in quotes, in another letter case, in hexadecimal or base64, and with a line break or a NUL at its end. None of
/// that makes it another secret.
pub(super) fn reason(secret: &[u8]) -> Option<&'static str> {
    without_encodings(secret, ENCODINGS_MAX)
}

fn without_encodings(secret: &[u8], left: u8) -> Option<&'static str> {
    let secret = bare(secret);
    let hash = Sha256::digest(Zeroizing::new(secret.to_ascii_lowercase()).as_slice());
    if let Some((_, reason)) = SECRETS.iter().find(|(published, _)| hash.starts_with(&published.to_be_bytes())) {
        return Some(reason);
    }
    let left = left.checked_sub(1)?;
    for decode in [from_hex, from_base64] {
        if let Some(decoded) = decode(secret)
            && let Some(reason) = without_encodings(&decoded, left)
        {
            return Some(reason);
        }
    }
    None
}

/// Without white space, quotes and NULs around it.
fn bare(mut secret: &[u8]) -> &[u8] {
    let is_around = |byte: u8| byte.is_ascii_whitespace() || b"\0\"'`".contains(&byte);
    while let [first, rest @ ..] = secret
        && is_around(*first)
    {
        secret = rest;
    }
    while let [rest @ .., last] = secret
        && is_around(*last)
    {
        secret = rest;
    }
    secret
}

fn from_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    for pair in pairs {
        bytes.push(u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?);
    }
    Some(bytes)
}

/// Either alphabet of RFC 4648, with or without padding, in any number of lines.
fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut url_safe = Zeroizing::new(Vec::with_capacity(text.len()));
    for byte in text {
        match byte {
            b'+' => url_safe.push(b'-'),
            b'/' => url_safe.push(b'_'),
            b'=' | b'\r' | b'\n' => {}
            byte => url_safe.push(*byte),
        }
    }
    URL_SAFE_NO_PAD.decode(url_safe.as_slice()).ok().map(Zeroizing::new)
}
