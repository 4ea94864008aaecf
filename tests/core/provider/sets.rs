//! JWK sets in the form of real identity providers, with keys for other uses than verifying tokens.

use super::{Idp, set, token};
use crate::{
    support::NOW,
    token::{
        make::{RSA_N, base64url, json, key},
        recorded::public_jwk,
    },
};
use edgegate::{
    host::{Answer, Question, Step},
    token::{Algorithm, JwkSet, KeyRing},
};
use wasm_bindgen_test::wasm_bindgen_test;

/// Microsoft Entra ID: RSA keys without `alg`, with proprietary members.
fn entra() -> String {
    let key = |kid: &str| {
        format!(
            r#"{{"kty":"RSA","use":"sig","kid":"{kid}","x5t":"{kid}","n":"{RSA_N}","e":"AQAB","x5c":["MIIC/TCCAeWgAwIBAgIIUd7j/OIahkYwDQYJKoZIhvcNAQEL"],"cloud_instance_name":"microsoftonline.com","issuer":"https://login.microsoftonline.com/{{tenantid}}/v2.0"}}"#
        )
    };
    format!(r#"{{"keys":[{},{}]}}"#, key("e-1"), key("e-2"))
}

/// Keycloak: one key for signatures, one for encryption.
fn keycloak() -> String {
    format!(
        r#"{{"keys":[{{"kid":"k-enc","kty":"RSA","alg":"RSA-OAEP","use":"enc","x5c":["MIICmzCCAYMCBgGK"],"x5t":"a","x5t#S256":"b","n":"{RSA_N}","e":"AQAB"}},{{"kid":"k-sig","kty":"RSA","alg":"RS256","use":"sig","x5c":["MIICmzCCAYMCBgGK"],"x5t":"c","x5t#S256":"d","n":"{RSA_N}","e":"AQAB"}}]}}"#
    )
}

/// Keys that the set may contain besides the usable ones.
fn odd() -> [String; 9] {
    [
        r#"{"kty":"AKP","alg":"ML-DSA-44","kid":"o-0","pub":"AA"}"#.to_owned(),
        r#"{"kty":"EC","crv":"secp256k1","kid":"o-1","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"EC","crv":"P-521","alg":"ES512","kid":"o-2","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"OKP","crv":"X25519","kid":"o-3","x":"AA"}"#.to_owned(),
        format!(r#"{{"kty":"RSA","kid":"o-4","n":"{}","e":"AQAB"}}"#, base64url([0xff; 128])),
        format!(r#"{{"kty":"oct","kid":"o-5","alg":"HS256","k":"{}"}}"#, base64url([1; 32])),
        r#"{"kty":"RSA","kid":6}"#.to_owned(),
        "null".to_owned(),
        r#""RSA""#.to_owned(),
    ]
}

fn kids(ring: &KeyRing) -> Vec<(String, Algorithm)> {
    let keys = ring.public_jwk_set().keys.into_iter();
    keys.map(|key| {
        let algorithm = key.common.key_algorithm.expect("every key has one here");
        (key.common.key_id.expect("every key has one here"), algorithm.try_into().expect("it is supported"))
    })
    .collect()
}

/// OpenID Connect Core 15.1 makes RS256 mandatory; the curves have one algorithm each.
#[wasm_bindgen_test(unsupported = test)]
fn a_key_without_alg_gets_the_one_of_its_kind() {
    for name in ["RS256", "ES256", "ES384", "EdDSA"] {
        let jwk = public_jwk(name).replacen('{', r#"{"kid":"a","#, 1);
        let without_alg = jwk.replace(&format!(r#""alg":"{name}","#), "");
        assert!(jwk.contains("\"alg\"") && !without_alg.contains("\"alg\""), "{without_alg}");
        let ring = KeyRing::from_provider(&format!(r#"{{"keys":[{without_alg}]}}"#)).expect("it loads");
        assert_eq!(kids(&ring), [("a".to_owned(), name.parse().expect("it is supported"))]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_that_may_not_verify_is_skipped() {
    for (operations, is_usable) in [(r#"["verify"]"#, true), (r#"["sign"]"#, false), ("[]", false)] {
        let jwk = public_jwk("ES256").replacen('{', &format!(r#"{{"key_ops":{operations},"#), 1);
        assert_eq!(KeyRing::from_provider(&format!(r#"{{"keys":[{jwk}]}}"#)).is_ok(), is_usable, "{operations}");
        assert!(key(&jwk).is_ok(), "only a provider's set is for verifying");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn sets_of_providers_load() {
    let rs256 = |kid: &str| (kid.to_owned(), Algorithm::RS256);
    let ring = KeyRing::from_provider(&entra()).expect("it loads");
    assert_eq!(kids(&ring), [rs256("e-1"), rs256("e-2")]);
    let ring = KeyRing::from_provider(&keycloak()).expect("it loads");
    assert_eq!(kids(&ring), [rs256("k-sig")], "and not the key for encryption");
    let mixed = keycloak().replacen('[', &format!("[{},", odd().join(",")), 1);
    assert_eq!(kids(&KeyRing::from_provider(&mixed).expect("it loads")), [rs256("k-sig")]);
    assert!(ring.signing().is_none(), "a provider's key signs nothing");
}

/// The operator's own set is read strictly, both from text and as jsonwebtoken's type.
#[wasm_bindgen_test(unsupported = test)]
fn the_settings_refuse_such_a_set() {
    for (text, reason) in [(entra(), "key 1: has no `alg`"), (keycloak(), "key 1: its `use` is not `sig`")] {
        let parsed: JwkSet = serde_json::from_value(json(&text)).expect("jsonwebtoken reads it");
        for error in [KeyRing::from_jwk_set(&parsed), text.parse()].map(|ring| ring.expect_err("strict").to_string()) {
            assert!(error.starts_with(reason), "{error}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_set_without_a_usable_key_is_refused() {
    let set = format!(r#"{{"keys":[{}]}}"#, odd().join(","));
    assert_eq!(KeyRing::from_provider(&set).expect_err("none").to_string(), "there is no key");
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(KeyRing::from_provider(text).is_err(), "{text}");
    }
    for jwk in odd() {
        let is_secret = jwk.contains("oct");
        assert_eq!(key(&jwk).is_ok(), is_secret, "{jwk}: only the operator's own secret is of use");
    }
}

/// A token without a `kid` may be signed by any key of the provider: the host is asked about each in turn.
#[wasm_bindgen_test(unsupported = test)]
fn a_token_without_kid_is_tried_by_each_key() {
    let idp = Idp::new(&entra());
    let claims = format!(r#"{{"iss":"{}","aud":"{}","exp":{}}}"#, super::ISSUER, super::AUDIENCE, super::EXP);
    let token = format!("{}.{}.AAAA", base64url(r#"{"alg":"RS256"}"#), base64url(claims));
    for good in [1, 2, 3] {
        let (mut asked, mut step) = (0, idp.gate.verify(token.clone(), NOW));
        let verdict = loop {
            step = match step {
                Step::Done(verdict) => break verdict,
                Step::Ask(Question::CheckSignature(check), pending) => {
                    assert_eq!(check.algorithm, Algorithm::RS256);
                    asked += 1;
                    pending.answer(Answer::Holds(asked == good), 0)
                }
                Step::Ask(_, pending) => pending.answer(Answer::JwkSet(set(&entra())), 0),
            }
        };
        assert_eq!((verdict.is_ok(), asked), (good < 3, good.min(2)));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn other_keys_of_a_provider_are_ignored() {
    let published = super::published(&["a"]).replacen('[', &format!("[{},", odd().join(",")), 1);
    assert!(Idp::new(&published).verify(&token("a"), NOW).is_ok());
}
