//! The threats of RFC 8725 section 2; each test is named by its number. Cross-JWT confusion, 2.8, needs a gate: see
//! `tests/core/refresh.rs` and `tests/core/provider.rs`.

use super::{
    make::{ED25519, HEADER, P256, RSA_N, base64url, good, ring, signed, signed_by, verify, verify_as, verify_by},
    recorded::{self, EXP},
};
use crate::support::{NOW, run};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edgegate::{
    Settings, Vars,
    host::tokens,
    host::{Answer, Question},
    token::{Algorithm, Key, Rules, SigningJob, TokenRefusal},
};
use std::sync::Arc;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_1_alg_none() {
    for none in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let header = format!(r#"{{"alg":"{none}","typ":"JWT"}}"#);
        let unsigned = format!("{}.{}.", base64url(&header), base64url(good()));
        assert_eq!(verify(&unsigned), Err(TokenRefusal::Algorithm), "{none:?}");
        assert_eq!(verify(&signed(&header, &good())), Err(TokenRefusal::Algorithm), "{none:?}");
    }
    let unsigned = format!("{}.{}.", base64url(HEADER), base64url(good()));
    assert_eq!(verify(&unsigned), Err(TokenRefusal::Signature));
}

/// An attacker could sign with HMAC and a public key, if the token's `alg` selected the algorithm.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_1_public_key_as_secret() {
    let rsa = format!(r#"{{"kty":"RSA","kid":"a","n":"{RSA_N}","e":"AQAB","alg":"RS256"}}"#);
    let published = serde_json::to_string(&ring([&rsa, P256, ED25519]).public_jwk_set()).expect("JSON");
    let modulus = URL_SAFE_NO_PAD.decode(RSA_N).expect("base64url");
    for secret in [published.as_bytes(), rsa.as_bytes(), RSA_N.as_bytes(), &modulus] {
        for header in [HEADER, r#"{"alg":"HS256","kid":"a"}"#] {
            let token = signed_by(secret, header, &good());
            assert_eq!(verify_by(&token, &ring([&rsa, P256, ED25519]), NOW), Err(TokenRefusal::Algorithm));
        }
    }
}

/// CVE-2022-21449: zeros are a valid signature for an implementation that does not check that r and s are at least 1.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_1_psychic_signature() {
    let order = [&[0xff; 4][..], &[0; 4], &[0xff; 8], &[0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84]].concat();
    let order = [order.as_slice(), &[0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51]].concat();
    let (zero, one) = (vec![0; 32], [vec![0; 31], vec![1]].concat());
    let message = format!("{}.{}", base64url(r#"{"alg":"ES256"}"#), base64url(good()));
    for (r, s) in [(&zero, &zero), (&zero, &one), (&one, &zero), (&one, &one), (&order, &order), (&zero, &order)] {
        let token = format!("{message}.{}", base64url([r.as_slice(), s].concat()));
        assert_eq!(verify_by(&token, &ring([P256]), NOW), Err(TokenRefusal::Signature));
    }
    // In DER form, of the right and of other lengths.
    for signature in [vec![0x30, 6, 2, 1, 0, 2, 1, 0], vec![0; 63], vec![0; 65], vec![0; 96], vec![]] {
        let token = format!("{message}.{}", base64url(signature));
        assert_eq!(verify_by(&token, &ring([P256]), NOW), Err(TokenRefusal::Signature));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_2_weak_secrets() {
    for (algorithm, length) in [("HS256", 31), ("HS384", 47), ("HS512", 63)] {
        let vars = |length| Vars {
            secret_key: Some("x".repeat(length).into()),
            algorithm: Some(algorithm.into()),
            ..Vars::default()
        };
        let error = Settings::try_from(vars(length)).expect_err(algorithm);
        assert!(error.setting == "SECRET_KEY" && error.message.contains(&format!("{} bytes", length + 1)), "{error}");
        assert!(Settings::try_from(vars(length + 1)).is_ok(), "{algorithm}");
        let named = algorithm.parse().expect("it is one");
        assert!(Key::secret(named, b"secret").is_err(), "{algorithm}");
    }
}

/// JWEs and nested tokens are refused: nothing is decrypted.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_3_encryption() {
    let jwe = format!("{}.a2V5.aXY.dGV4dA.dGFn", base64url(r#"{"alg":"dir","enc":"A256GCM"}"#));
    assert_eq!(verify(&jwe), Err(TokenRefusal::Algorithm));
    for algorithm in ["RSA-OAEP", "RSA1_5", "ECDH-ES", "PBES2-HS256+A128KW", "A128KW"] {
        let header = format!(r#"{{"alg":"{algorithm}","enc":"A128CBC-HS256"}}"#);
        assert_eq!(verify(&signed(&header, &good())), Err(TokenRefusal::Algorithm), "{algorithm}");
    }
    assert!(verify(&jwe.replacen(&base64url(r#"{"alg":"dir","enc":"A256GCM"}"#), &base64url(HEADER), 1)).is_err());
    let inner = signed(HEADER, &good());
    assert_eq!(verify(&signed(r#"{"alg":"HS256","cty":"JWT"}"#, inner.as_bytes())), Err(TokenRefusal::Malformed));
}

/// Compressed payloads are refused, so there is no decompression bomb and no length to observe.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_4_compression() {
    let claims = good();
    let length = u16::try_from(claims.len()).expect("short");
    // A stored block (RFC 1951 3.2.4), as a compressor may write it.
    let deflated = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &claims].concat();
    let header = r#"{"alg":"HS256","zip":"DEF"}"#;
    assert_eq!(verify(&signed(header, &deflated)), Err(TokenRefusal::Malformed));
}

/// There is no key agreement, so an invalid point reveals nothing. It only fails to verify.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_5_invalid_curve() {
    let token = recorded::by_pyjwt("ES256").token;
    let jwk = recorded::public_jwk("ES256");
    assert!(verify_by(&token, &ring([&jwk]), EXP - 1).is_ok());
    let point = |x: [u8; 32], y: [u8; 32]| {
        format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","x":"{}","y":"{}"}}"#, base64url(x), base64url(y))
    };
    let off_the_curve = jwk.replace("x_FEzRu9", "x_FEzRu8");
    assert_ne!(off_the_curve, jwk);
    for jwk in [off_the_curve, point([0; 32], [0; 32]), point([0; 32], [1; 32]), point([0xff; 32], [0xff; 32])] {
        assert_eq!(verify_by(&token, &ring([&jwk]), EXP - 1), Err(TokenRefusal::Signature), "{jwk}");
    }
    let y_squared_has_no_root =
        format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"{}"}}"#, base64url([2; 32]));
    let token = recorded::by_pyjwt("EdDSA").token;
    assert_eq!(verify_by(&token, &ring([&y_squared_has_no_root]), EXP - 1), Err(TokenRefusal::Signature));
}

#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_6_many_encodings_of_json() {
    let encodings = |text: &str| -> Vec<Vec<u8>> {
        vec![
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
            text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
            text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            text.bytes().chain([0]).collect(),
            text.replace("exp", "e\u{e9}p").chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect(),
        ]
    };
    let claims = String::from_utf8(good()).expect("UTF-8");
    for payload in encodings(&claims) {
        assert_eq!(verify(&signed(HEADER, &payload)), Err(TokenRefusal::Malformed), "{payload:?}");
    }
    for header in encodings(r#"{"alg":"HS256","exp":1}"#) {
        let message = format!("{}.{}", base64url(&header), base64url(&claims));
        assert_eq!(verify(&format!("{message}.{}", base64url([0; 32]))), Err(TokenRefusal::Malformed), "{header:?}");
    }
    let later = NOW + 1;
    for claims in [
        format!(r#"{{"user_id":1,"exp":1,"exp":{later}}}"#),
        format!(r#"{{"user_id":1,"user_id":2,"exp":{later}}}"#),
        format!(r#"{{"user_id":1,"\u0075ser_id":2,"exp":{later}}}"#),
        format!(r#"{{"user_id":1,"exp":{later},"a":{{"b":1,"b":2}}}}"#),
        format!(r#"{{"user_id":1,"exp":{later},}}"#),
        format!(r#"{{'user_id':1,"exp":{later}}}"#),
        format!(r#"{{"user_id":01,"exp":{later}}}"#),
        format!(r#"{{"user_id":1,"exp":NaN,"nbf":{later}}}"#),
    ] {
        assert_eq!(verify(&signed(HEADER, claims.as_bytes())), Err(TokenRefusal::Malformed), "{claims}");
    }
}

/// A token for another audience, or of another issuer with the same key.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_7_substitution() {
    let secret = super::make::secret_ring(crate::support::SECRET.as_bytes());
    let rules = Rules { issuer: Some("us".into()), audience: Some("here".into()), ..Rules::default() };
    let judge = |iss: &str, aud: &str, rules: Rules| {
        let claims = format!(r#"{{"user_id":1,"exp":{},"iss":"{iss}","aud":"{aud}"}}"#, NOW + 1);
        verify_as(&signed(HEADER, claims.as_bytes()), &secret, rules, NOW).map(|_| ())
    };
    assert_eq!(judge("us", "here", rules.clone()), Ok(()));
    assert_eq!(judge("us", "there", rules.clone()), Err(TokenRefusal::Claim("aud".into())));
    assert_eq!(judge("them", "here", rules), Err(TokenRefusal::Claim("iss".into())));
    assert_eq!(judge("us", "there", Rules::default()), Err(TokenRefusal::Claim("aud".into())), "and unasked");
}

/// A `kid` is only compared with key ids. It is not used in a query, a path or a shell.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_9_kid_injection() {
    let named = ring([&format!(r#"{{"kty":"oct","alg":"HS256","kid":"a","k":"{}"}}"#, base64url([7; 32]))]);
    for kid in
        ["' OR 1=1 --", "x' UNION SELECT 'k", "../../dev/null", "/proc/sys/kernel/random", "|id", "a\\u0000", "A", "a "]
    {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
        for secret in [&b""[..], b"k", &[0; 32], &[7; 32]] {
            let token = signed_by(secret, &header, &good());
            assert_eq!(verify_by(&token, &named, NOW), Err(TokenRefusal::UnknownKey), "{kid}");
        }
    }
}

/// A token with its own key or a URL of one: both are ignored, and nothing is fetched.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_9_keys_in_the_header() {
    let theirs = r#"{"kty":"OKP","crv":"Ed25519","d":"TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}"#;
    let attempts = [
        format!(r#"{{"alg":"EdDSA","jwk":{theirs}}}"#),
        r#"{"alg":"EdDSA","jku":"https://evil.example/jwks.json"}"#.to_owned(),
        r#"{"alg":"EdDSA","jku":"http://169.254.169.254/latest/meta-data/"}"#.to_owned(),
        r#"{"alg":"EdDSA","x5u":"https://evil.example/chain.pem"}"#.to_owned(),
        r#"{"alg":"EdDSA","x5c":["MIIB"],"x5t#S256":"AAAA"}"#.to_owned(),
    ];
    let ours = ring([ED25519]);
    for header in attempts {
        let message = format!("{}.{}", base64url(&header), base64url(good()));
        let job = SigningJob { key: 0, algorithm: Algorithm::EdDSA, jwk: theirs.to_owned().into(), message };
        let signature = job.signature().expect("RFC 8032 7.1 test 2 is a key");
        let token = format!("{}.{}", job.message, base64url(signature));
        let mut asked = 0;
        let verdict = run(tokens::verify(token, Arc::clone(&ours), Rules::default(), NOW), |question| {
            let Question::CheckSignature(check) = question else { panic!("nothing is fetched") };
            let jwk = serde_json::to_string(&check.jwk).expect("JSON");
            assert!(jwk.contains("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), "by our key: {jwk}");
            asked += 1;
            Answer::Holds(check.holds())
        });
        assert_eq!((verdict, asked), (Err(TokenRefusal::Signature), 1), "{header}");
    }
}
