//! Tokens with other claims and a right signature: a change of bytes alone only breaks the signature.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fastrand::Rng;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::change;

/// Changes the claims or the header of the token in this `Authorization`, and signs it again. `None` if there is no token.
#[must_use]
pub(super) fn change(random: &mut Rng, authorization: &str, secret: &str) -> Option<String> {
    let (scheme, token) = authorization.split_once(' ')?;
    let mut segments = token.split('.').map(|segment| URL_SAFE_NO_PAD.decode(segment).ok());
    let (mut header, mut claims) = (segments.next()??, segments.next()??);
    let part = if random.u8(..4) == 0 { &mut header } else { &mut claims };
    match serde_json::from_slice::<Value>(part) {
        Ok(mut value) if random.u8(..6) > 0 => {
            claim(random, &mut value);
            *part = value.to_string().into_bytes();
        }
        _ => change::bytes(random, part),
    }
    let signed = [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)].join(".");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(signed.as_bytes());
    Some(format!("{scheme} {signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
}

/// Changes any member, or sets a claim that is checked.
fn claim(random: &mut Rng, value: &mut Value) {
    const NAMES: [&str; 10] = ["exp", "nbf", "iat", "aud", "iss", "sub", "jti", "user_id", "alg", "crit"];
    let Value::Object(members) = value else { return change::json(random, value) };
    if random.bool() {
        return change::json(random, value);
    }
    let name = random.choice(NAMES).unwrap_or_default().to_owned();
    let times = [
        0.into(),
        1.into(),
        4_102_444_800_u64.into(),
        4_102_444_800.5.into(),
        Value::Null,
        "1".into(),
        (-1).into(),
        1e300.into(),
    ];
    members.insert(name, random.choice(times).unwrap_or_default());
}
