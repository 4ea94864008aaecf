//! Keys of jsonwebtoken's types, and the crate's provider for jsonwebtoken.

use super::{
    make::{ED25519, P256, RSA_N, base64url, good, issue, json, key, verify_by},
    recorded::{self, EXP},
};
use crate::support::NOW;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edgegate::{
    host::{Question, Step, tokens},
    token::{
        Algorithm, CRYPTO_PROVIDER, Claims, DecodingKey, EncodingKey, Jwk, Key, KeyError, KeyRing, Rules,
        SignatureCheck, TokenRefusal,
    },
};
use std::sync::Arc;
use wasm_bindgen_test::wasm_bindgen_test;

const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

fn ring(key: Result<Key, KeyError>) -> Arc<KeyRing> {
    Arc::new(KeyRing::new(vec![key.expect("it is good")]).expect("one key is a ring"))
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// PKCS #8 of a private key (RFC 8410 7), and of one with its public key (RFC 5958).
fn pkcs8() -> [Vec<u8>; 2] {
    let algorithm = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let alone = [&[0x30, 0x2e, 0x02, 0x01, 0x00], &algorithm[..], &bytes(D)].concat();
    let both = [&[0x30, 0x51, 0x02, 0x01, 0x01], &algorithm[..], &bytes(D), &[0x81, 0x21, 0x00], &bytes(X)].concat();
    [alone, both]
}

#[wasm_bindgen_test(unsupported = test)]
fn an_encoding_key_signs() {
    for der in pkcs8() {
        let ours = ring(Key::signing(Algorithm::EdDSA, &EncodingKey::from_ed_der(&der)));
        let claims = || Claims::new(1, NOW + 1, &Rules::default());
        let token = issue(claims(), &ours).expect("it signs");
        assert_eq!(Ok(&token), issue(claims(), &ring(key(ED25519))).as_ref(), "as the JWK does");
        assert!(verify_by(&token, &ours, NOW).is_ok());
    }
    let secret = [7; 32];
    let ours = ring(Key::signing(Algorithm::HS256, &EncodingKey::from_secret(&secret)).map(|key| key.named("a")));
    let token = issue(Claims::new(1, NOW + 1, &Rules::default()), &ours).expect("it signs");
    assert_eq!(token.split('.').next(), Some(base64url(r#"{"alg":"HS256","kid":"a","typ":"JWT"}"#).as_str()));
    let verifier = ring(Key::verifying(Algorithm::HS256, &DecodingKey::from_secret(&secret)));
    assert!(verify_by(&token, &verifier, NOW).is_ok());
    assert_eq!(issue(Claims::new(1, NOW + 1, &Rules::default()), &verifier), Err(TokenRefusal::Key));
}

/// The same public key, as a JWK, by its components and in DER.
#[wasm_bindgen_test(unsupported = test)]
fn a_decoding_key_verifies() {
    for algorithm in ["EdDSA", "ES256", "ES384", "RS256", "PS512"] {
        let jwk: Jwk = serde_json::from_str(&recorded::public_jwk(algorithm)).expect("jsonwebtoken reads it");
        let named: Algorithm = algorithm.parse().expect("it is one");
        let decoding = DecodingKey::from_jwk(&jwk).expect("jsonwebtoken reads it");
        let token = recorded::by_pyjwt(algorithm).token;
        for key in [Key::from_jwk(&jwk), Key::verifying(named, &decoding)] {
            assert!(verify_by(&token, &ring(key), EXP - 1).is_ok(), "{algorithm}");
        }
    }
    let n = [&[0][..], &bytes(RSA_N)].concat();
    let integer = |bytes: &[u8]| [&[0x02, 0x82, 0x01, 0x01], bytes].concat();
    let members = [integer(&n), vec![0x02, 0x03, 0x01, 0x00, 0x01]].concat();
    let length = u16::try_from(members.len()).expect("short").to_be_bytes();
    let der = [&[0x30, 0x82], &length[..], &members].concat();
    let from_der = Key::verifying(Algorithm::RS256, &DecodingKey::from_rsa_der(&der)).expect("PKCS #1");
    let jwk = serde_json::to_value(from_der.public_jwk().expect("it has a public half")).expect("JSON");
    assert_eq!((&jwk["n"], &jwk["e"]), (&RSA_N.into(), &"AQAB".into()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_of_another_kind_or_length_is_refused() {
    let secret = (EncodingKey::from_secret(&[1; 64]), DecodingKey::from_secret(&[1; 64]));
    for algorithm in ["EdDSA", "ES256", "RS256", "PS256"] {
        let algorithm: Algorithm = algorithm.parse().expect("it is one");
        assert!(Key::signing(algorithm, &secret.0).is_err(), "{algorithm:?}");
        assert!(Key::verifying(algorithm, &secret.1).is_err(), "{algorithm:?}");
    }
    assert!(Key::signing(Algorithm::HS256, &EncodingKey::from_secret(&[1; 31])).is_err());
    assert!(Key::verifying(Algorithm::HS512, &DecodingKey::from_secret(&[1; 63])).is_err());
    assert!(Key::signing(Algorithm::HS256, &EncodingKey::from_ed_der(&[1; 48])).is_err());
    assert!(Key::signing(Algorithm::RS256, &EncodingKey::from_rsa_der(&[1; 48])).is_err());
    let reason = |algorithm, key: &EncodingKey| Key::signing(algorithm, key).expect_err("refused").to_string();
    let rsa = EncodingKey::from_rsa_der(&[1; 48]);
    assert_eq!(reason(Algorithm::RS256, &rsa), "only secrets and Ed25519 keys sign");
    for (algorithm, key) in [(Algorithm::ES256, &rsa), (Algorithm::RS256, &secret.0), (Algorithm::HS256, &rsa)] {
        assert_eq!(reason(algorithm, key), "the key is not for this algorithm", "{algorithm:?}");
    }
    let [alone, both] = pkcs8();
    for der in [&alone[..47], &both[..48], &bytes(D), &[], &[0x30; 48], &[&alone[..], &[0]].concat()] {
        assert!(Key::signing(Algorithm::EdDSA, &EncodingKey::from_ed_der(der)).is_err(), "{der:?}");
    }
    for length in [0, 31, 33] {
        assert!(Key::verifying(Algorithm::EdDSA, &DecodingKey::from_ed_der(&vec![1; length])).is_err(), "{length}");
    }
    let point = |first: u8, length: usize| DecodingKey::from_ec_der(&[vec![first], vec![1; length]].concat());
    assert!(Key::verifying(Algorithm::ES256, &point(4, 64)).is_ok());
    for wrong in [point(4, 96), point(4, 63), point(4, 0), point(2, 32), DecodingKey::from_ec_der(&[])] {
        assert!(Key::verifying(Algorithm::ES256, &wrong).is_err());
    }
    assert!(Key::verifying(Algorithm::ES384, &point(4, 64)).is_err());
    for wrong in [&[][..], &[0x30], &[0xff; 300]] {
        assert!(Key::verifying(Algorithm::RS256, &DecodingKey::from_rsa_der(wrong)).is_err());
    }
    let short = DecodingKey::from_rsa_raw_components(&[0xff; 128], &[1, 0, 1]);
    assert!(Key::verifying(Algorithm::RS256, &short).is_err());
}

/// jsonwebtoken's `Jwk` has no private members.
#[wasm_bindgen_test(unsupported = test)]
fn a_jwk_of_jsonwebtoken_only_verifies() {
    let jwk: Jwk = serde_json::from_value(json(ED25519)).expect("jsonwebtoken reads it");
    let public = Key::from_jwk(&jwk).expect("it is good");
    assert!(!public.may_sign() && key(ED25519).expect("it is good").may_sign());
    let secret: Jwk =
        serde_json::from_value(serde_json::json!({"kty": "oct", "alg": "HS256", "k": base64url([1; 32])}))
            .expect("jsonwebtoken reads it");
    assert!(Key::from_jwk(&secret).expect("it is good").may_sign());
}

/// jsonwebtoken 11.1 panics on an Ed25519 key of fewer than 32 bytes.
#[wasm_bindgen_test(unsupported = test)]
fn the_crypto_provider_returns_an_error_for_invalid_keys() {
    for length in [0, 1, 31, 33, 64] {
        let key = DecodingKey::from_ed_der(&vec![1; length]);
        assert!((CRYPTO_PROVIDER.verifier_factory)(&Algorithm::EdDSA, &key).is_err(), "{length}");
        let mut jwk: Jwk = serde_json::from_value(json(ED25519)).expect("jsonwebtoken reads it");
        if let jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(pair) = &mut jwk.algorithm {
            pair.x = base64url(vec![1; length]);
        }
        let (jwk, message, signature) = (Box::new(jwk), "a.b".to_owned(), vec![0; 64]);
        assert!(!SignatureCheck { key: 0, algorithm: Algorithm::EdDSA, jwk, message, signature }.holds());
    }
    let (encoding, decoding) = (EncodingKey::from_secret(&[1; 32]), DecodingKey::from_secret(&[1; 32]));
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let signer = (CRYPTO_PROVIDER.signer_factory)(&algorithm, &encoding).expect("HMAC is here");
        let verifier = (CRYPTO_PROVIDER.verifier_factory)(&algorithm, &decoding).expect("HMAC is here");
        assert_eq!((signer.algorithm(), verifier.algorithm()), (algorithm, algorithm));
        let signature = signer.try_sign(b"a.b").expect("it signs");
        assert!(verifier.verify(b"a.b", &signature).is_ok());
        assert!(verifier.verify(b"a.c", &signature).is_err());
        assert!(verifier.verify(b"a.b", &signature[1..].to_vec()).is_err());
        let pair = (EncodingKey::from_ed_der(&[1; 48]), DecodingKey::from_ed_der(&[1; 32]));
        assert!((CRYPTO_PROVIDER.signer_factory)(&algorithm, &pair.0).is_err());
        assert!((CRYPTO_PROVIDER.verifier_factory)(&algorithm, &pair.1).is_err());
    }
}

/// With several key pairs without a `kid`, the host is asked about each in turn until one verifies.
#[wasm_bindgen_test(unsupported = test)]
fn pair_keys_without_kid_are_tried_in_order() {
    let other = P256.replace("f83OJ3D2", "f83OJ3D3");
    let ours = super::make::ring([&other, P256]);
    let token = format!("{}.{}.AAAA", base64url(r#"{"alg":"ES256"}"#), base64url(good()));
    let mut step = tokens::verify(token, ours, Rules::default(), NOW);
    let mut asked = Vec::new();
    let verdict = loop {
        step = match step {
            Step::Done(verdict) => break verdict,
            Step::Ask(Question::CheckSignature(check), pending) => {
                asked.push(serde_json::to_value(check.jwk).expect("JSON")["x"].to_string());
                pending.answer(edgegate::Answer::Holds(asked.len() == 2), 0)
            }
            Step::Ask(..) => panic!("nothing else is asked"),
        }
    };
    assert!(verdict.is_ok() && asked[0].contains("f83OJ3D3") && asked[1].contains("f83OJ3D2"), "{asked:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn debug_shows_no_secret() {
    let private = key(ED25519).expect("it is good");
    let Step::Ask(question, _) = tokens::issue(Claims::new(1, NOW + 1, &Rules::default()), ring(key(ED25519))) else {
        panic!("Ed25519 is the host's");
    };
    let Question::Sign(job) = &question else { panic!("it is to be signed") };
    assert!(job.jwk.contains(D));
    assert_eq!(format!("{private:?}"), "Key { kid: None, algorithm: EdDSA, .. }");
    assert_eq!(format!("{job:?}"), format!("SigningJob {{ key: {}, algorithm: EdDSA, .. }}", job.key));
    let (jwk, message, signature) = (Box::new(private.public_jwk().expect("it has one")), "m".to_owned(), vec![1]);
    let check = SignatureCheck { key: 7, algorithm: Algorithm::EdDSA, jwk, message, signature };
    assert_eq!(format!("{check:?}"), "SignatureCheck { key: 7, algorithm: EdDSA, .. }");
    for shown in [format!("{question:?}"), format!("{:?}", ring(Ok(private)))] {
        assert!(!shown.contains(&D[..8]), "{shown}");
    }
}
