//! Tokens with other claims and a right signature: a change of bytes alone only breaks the signature.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fastrand::Rng;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::change;

/// The claims that PyJWT checks, without `exp`, which each token has.
const CHECKED: [&str; 6] = ["aud", "iat", "iss", "jti", "nbf", "sub"];

/// Changes the claims or the header of the token in this `Authorization`, and signs it again. `None` if there is no token.
#[must_use]
pub(super) fn change(random: &mut Rng, authorization: &str, secret: &str) -> Option<String> {
    let (scheme, mut header, mut claims) = parts(authorization)?;
    let part = if random.u8(..4) == 0 { &mut header } else { &mut claims };
    match serde_json::from_slice::<Value>(part) {
        Ok(mut value) if random.u8(..6) > 0 => {
            claim(random, &mut value);
            *part = value.to_string().into_bytes();
        }
        _ => change::bytes(random, part),
    }
    sign(scheme, &header, &claims, secret)
}

/// The same tokens without one of their claims, signed again.
#[must_use]
pub(super) fn without_a_claim(authorization: &str, secret: &str) -> Vec<String> {
    let Some((scheme, header, claims)) = parts(authorization) else { return Vec::new() };
    let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(&claims) else { return Vec::new() };
    let without = |name: &String| {
        let fewer: Map<String, Value> = claims
            .iter()
            .filter(|(other, _)| *other != name)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        sign(scheme, &header, Value::Object(fewer).to_string().as_bytes(), secret)
    };
    claims.keys().filter_map(without).collect()
}

/// The scheme, the header and the claims.
fn parts(authorization: &str) -> Option<(&str, Vec<u8>, Vec<u8>)> {
    let (scheme, token) = authorization.split_once(' ')?;
    let mut segments = token.split('.').map(|segment| URL_SAFE_NO_PAD.decode(segment).ok());
    Some((scheme, segments.next()??, segments.next()??))
}

fn sign(scheme: &str, header: &[u8], claims: &[u8], secret: &str) -> Option<String> {
    let signed = [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)].join(".");
    let signature = mac(secret, &signed)?.finalize().into_bytes();
    Some(format!("{scheme} {signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Whether the token in this `Authorization` is signed with the secret, and which claims of [`CHECKED`] it has.
#[must_use]
pub(super) fn describe(authorization: &str, secret: &str) -> String {
    let token = authorization.rsplit(' ').next().unwrap_or_default();
    let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
    let is_signed = mac(secret, signed).zip(URL_SAFE_NO_PAD.decode(signature).ok());
    let is_signed = is_signed.is_some_and(|(mac, signature)| mac.verify_slice(&signature).is_ok());
    let claims = signed.split('.').nth(1).and_then(|segment| URL_SAFE_NO_PAD.decode(segment).ok());
    let claims = claims.and_then(|claims| serde_json::from_slice::<BTreeMap<String, Value>>(&claims).ok());
    let names = claims.unwrap_or_default().into_keys().filter(|name| CHECKED.contains(&name.as_str()));
    let names: Vec<_> = names.collect();
    format!("{} signed, with {}", if is_signed { "well" } else { "badly" }, names.join(" "))
}

fn mac(secret: &str, signed: &str) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    Some(mac.chain_update(signed))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_token_is_well_signed() {
        let token =
            |claims: &str| format!("Bearer {}.{}.x", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims));
        let token = token(r#"{"user_id":1,"exp":2,"sub":"a"}"#);
        assert_eq!(describe(&token, "secret"), "badly signed, with sub");
        let changed = change(&mut Rng::with_seed(1), &token, "secret").unwrap();
        assert!(describe(&changed, "secret").starts_with("well signed") && changed != token, "{changed}");
        assert!(describe(&changed, "another").starts_with("badly signed"));
        assert_eq!(change(&mut Rng::with_seed(1), "Bearer", "secret"), None);
        let fewer: Vec<_> = without_a_claim(&token, "secret").iter().map(|token| describe(token, "secret")).collect();
        assert_eq!(fewer, ["well signed, with sub", "well signed, with sub", "well signed, with "]);
    }
}
