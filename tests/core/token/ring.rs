//! Key rings: which key verifies a token, and which keys are refused.

use super::make::{ALGORITHMS, ED25519, P256, RSA_N, base64url, good, issue, key, ring, signed_by, verify_by};
use crate::support::NOW;
use edgegate::token::{Algorithm, Claims, Key, KeyRing, Rules, TokenRefusal};
use wasm_bindgen_test::wasm_bindgen_test;

/// A secret of 64 of these bytes.
fn secret(byte: u8, more: &str) -> String {
    format!(r#"{{"kty":"oct","k":"{}"{more}}}"#, base64url([byte; 64]))
}

fn hs256(byte: u8, kid: &str) -> String {
    secret(byte, &format!(r#","alg":"HS256","kid":"{kid}""#))
}

/// A token signed with that secret, with this header.
fn by(byte: u8, header: &str) -> String {
    signed_by(&[byte; 64], header, &good())
}

#[wasm_bindgen_test(unsupported = test)]
fn a_secret_is_rotated_without_losing_a_token() {
    let (old, new) = (hs256(1, "old"), hs256(2, "new"));
    let claims = || Claims::new(1, NOW + 1, &Rules::default());
    let before = ring([&old]);
    let by_old = issue(claims(), &before).expect("it signs");
    let during = ring([&new, &old]);
    let by_new = issue(claims(), &during).expect("it signs");
    assert!(verify_by(&by_old, &during, NOW).is_ok() && verify_by(&by_new, &during, NOW).is_ok());
    let after = ring([&new]);
    assert!(verify_by(&by_new, &after, NOW).is_ok());
    assert_eq!(verify_by(&by_old, &after, NOW), Err(TokenRefusal::UnknownKey));
    assert_eq!(verify_by(&by_new, &before, NOW), Err(TokenRefusal::UnknownKey));
    assert_eq!(during.signing().and_then(Key::kid), Some("new"), "the first that may sign, signs");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_kid_names_one_key_and_no_other_is_tried() {
    let ring = ring([&hs256(1, "a"), &hs256(2, "b"), &secret(3, r#","alg":"HS256""#), &secret(4, r#","alg":"HS256""#)]);
    let verify = |byte, header: &str| verify_by(&by(byte, header), &ring, NOW).map(|_| ());
    assert_eq!(verify(1, r#"{"alg":"HS256","kid":"a"}"#), Ok(()));
    assert_eq!(verify(2, r#"{"alg":"HS256","kid":"a"}"#), Err(TokenRefusal::Signature));
    assert_eq!(verify(3, r#"{"alg":"HS256","kid":"a"}"#), Err(TokenRefusal::Signature));
    // Without a `kid`, or with an unknown one, only the keys without a `kid` are tried, in order.
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","kid":"c"}"#, r#"{"alg":"HS256","kid":""}"#] {
        assert_eq!(verify(3, header), Ok(()), "{header}");
        assert_eq!(verify(4, header), Ok(()), "{header}");
        assert_eq!(verify(1, header), Err(TokenRefusal::Signature), "{header}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_verifies_only_its_algorithm() {
    let ring = ring([&secret(1, r#","alg":"HS384","kid":"a""#), ED25519]);
    let verify = |header: &str| verify_by(&by(1, header), &ring, NOW).map(|_| ());
    assert_eq!(verify(r#"{"alg":"HS256","kid":"a"}"#), Err(TokenRefusal::Algorithm));
    assert_eq!(verify(r#"{"alg":"HS256"}"#), Err(TokenRefusal::Algorithm), "Ed25519 has no HMAC");
    assert_eq!(verify(r#"{"alg":"HS384","kid":"a"}"#), Err(TokenRefusal::Signature), "it is an HS256");
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_that_must_not_sign_do_not_sign() {
    let verifier = secret(1, r#","alg":"HS256","key_ops":["verify"]"#);
    let claims = || Claims::new(1, NOW + 1, &Rules::default());
    let public = ED25519.replace(r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","#, "");
    for alone in [verifier.as_str(), &public, P256] {
        assert_eq!(issue(claims(), &ring([alone])), Err(TokenRefusal::Key), "{alone}");
    }
    assert!(verify_by(&by(1, r#"{"alg":"HS256"}"#), &ring([&verifier]), NOW).is_ok());
    assert_eq!(ring([&verifier, ED25519]).signing().map(Key::algorithm), Some(Algorithm::EdDSA));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_oversized_or_ambiguous_ring_is_refused() {
    let set = |keys: &[String]| {
        let set = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
        set.parse::<KeyRing>().map(|_| ()).map_err(|error| error.to_string())
    };
    let many = |count: u8| (0..count).map(|at| hs256(1, &at.to_string())).collect::<Vec<_>>();
    assert_eq!(set(&many(32)), Ok(()));
    assert_eq!(set(&many(33)), Err("there are too many keys: at most 32".into()));
    assert_eq!(set(&[]), Err("there is no key".into()));
    assert_eq!(set(&[hs256(1, "a"), hs256(2, "a")]), Err("two keys have the same `kid`".into()));
    let weak = r#"{"kty":"oct","alg":"HS256","k":"c2hvcnQ"}"#.to_owned();
    let second = set(&[hs256(1, "a"), weak]).expect_err("one is weak");
    assert!(second.starts_with("key 2: HS256 wants a secret of at least 32 bytes"), "{second}");
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#] {
        assert!(text.parse::<KeyRing>().is_err(), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_secret_has_at_least_the_length_of_the_hash() {
    for (algorithm, least) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
        assert!(Key::secret(algorithm, &vec![1; least]).is_ok());
        for length in [0, 1, least - 1] {
            let error = Key::secret(algorithm, &vec![1; length]).expect_err("it is too short").to_string();
            let reason = if length == 0 { "the secret is empty" } else { "wants a secret of at least" };
            assert!(error.contains(reason), "{algorithm:?} of {length} bytes: {error}");
            let jwk = format!(r#"{{"kty":"oct","alg":"{algorithm:?}","k":"{}"}}"#, base64url(vec![1; length]));
            assert!(key(&jwk).is_err(), "{jwk}");
        }
    }
    for algorithm in ALGORITHMS.into_iter().skip(3) {
        assert!(Key::secret(algorithm, &[1; 64]).is_err(), "{algorithm:?} has no secret");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_that_cannot_be_used_is_refused_with_its_reason() {
    let rsa = |n: &str, e: &str| format!(r#"{{"kty":"RSA","alg":"RS256","n":"{n}","e":"{e}"}}"#);
    let modulus = |first: u8, length: usize, last: u8| {
        let mut n = vec![0xff; length];
        (n[0], n[length - 1]) = (first, last);
        base64url(n)
    };
    let (bits, exponent) = ("modulus of 2048 to 8192 bits", "exponent is odd, at least 3");
    let private = "holds a private key, and only secrets and Ed25519 keys sign: give its public half";
    let with = |jwk: &str, more: &str| jwk.replacen('{', &format!("{{{more},"), 1);
    let public = rsa(RSA_N, "AQAB");
    for (jwk, reason) in [
        (rsa(&modulus(0x7f, 256, 1), "AQAB"), bits),
        (rsa(&modulus(0xff, 128, 1), "AQAB"), bits),
        (rsa(&modulus(0xff, 256, 2), "AQAB"), bits),
        (rsa(&modulus(0, 257, 1), "AQAB"), bits),
        (rsa(&modulus(1, 1025, 1), "AQAB"), bits),
        (rsa(RSA_N, "AQ"), exponent),
        (rsa(RSA_N, "Ag"), exponent),
        (rsa(RSA_N, "AAEAAQ"), exponent),
        (rsa(RSA_N, &base64url([1; 9])), exponent),
        (rsa("", "AQAB"), "missing, or is not base64url"),
        (rsa(&format!("{RSA_N}=="), "AQAB"), "missing, or is not base64url"),
        (with(&public, r#""d":"AQAB""#), private),
        (with(P256, r#""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#), private),
        (with(&public, r#""use":"enc""#), "its `use` is not `sig`"),
        (with(P256, r#""kid":"""#), "a `kid` is a text that is not empty"),
        (with(P256, r#""kid":1"#), "a `kid` is a text that is not empty"),
        (P256.replace(r#""alg":"ES256","#, ""), "has no `alg`"),
        (P256.replace("ES256", "ES384"), "its `kty` and `crv` are not those of its `alg`"),
        (P256.replace("ES256", "HS256"), "its `kty` and `crv` are not those of its `alg`"),
        (P256.replace("ES256", "EdDSA"), "its `kty` and `crv` are not those of its `alg`"),
        (P256.replace("P-256", "P-384"), "its `kty` and `crv` are not those of its `alg`"),
        (public.replace("RS256", "ES256"), "its `kty` and `crv` are not those of its `alg`"),
        (public.replace("RS256", "EdDSA"), "its `kty` and `crv` are not those of its `alg`"),
        (P256.replace("ES256", "none"), "its `alg` is none that is supported"),
        (P256.replace("P-256", "secp256k1"), "its `kty` and `crv` are not those of its `alg`"),
        (P256.replace("f83O", ""), "not of its curve's length"),
        (ED25519.replace("11qY", ""), "not of its curve's length"),
        (ED25519.replace("nWGx", ""), "not of its curve's length"),
        (secret(1, r#","alg":"EdDSA""#), "its `kty` and `crv` are not those of its `alg`"),
        (ED25519.replace("Ed25519", "P-256"), "its `kty` and `crv` are not those of its `alg`"),
        (ED25519.replace("Ed25519", "X25519"), "its `kty` and `crv` are not those of its `alg`"),
    ] {
        let error = key(&jwk).expect_err(&jwk).to_string();
        assert!(error.contains(reason), "{jwk}: {error}");
    }
    let longest_exponent = rsa(RSA_N, &base64url([1; 8]));
    for good in [
        longest_exponent,
        rsa(&modulus(0x80, 256, 1), "Aw"),
        rsa(&modulus(0xff, 1024, 1), "AQAB"),
        public,
        P256.to_owned(),
    ] {
        assert!(key(&good).is_ok(), "{good}");
    }
}
