//! The examples that RFCs print.

use super::make::{ED25519, base64url, key, ring, verify_by};
use edgegate::{
    host::Question,
    token::{Claims, Rules, SigningJob, TokenRefusal},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[derive(serde::Deserialize)]
struct Example {
    source: String,
    jwk: serde_json::Value,
    token: String,
}

/// A token's claims are read only when its signature holds, so what is said of one that holds is what its claims lack.
#[wasm_bindgen_test(unsupported = test)]
fn printed_signatures_hold_and_no_other() {
    let examples: Vec<Example> =
        serde_json::from_str(include_str!("../../vectors/jws.json")).expect("the examples are JSON");
    assert_eq!(examples.len(), 7);
    for Example { source, jwk, token } in examples {
        let ring = ring([&jwk.to_string()]);
        // RFC 7515 signs claims that have expired by now, RFC 7520 and RFC 8037 a text.
        let refusal = match source.starts_with("RFC 7515") {
            true => TokenRefusal::Claim("user_id".into()),
            false => TokenRefusal::Malformed,
        };
        assert_eq!(verify_by(&token, &ring, 1_300_819_379), Err(refusal), "{source}");
        if source.starts_with("RFC 7515") {
            assert_eq!(verify_by(&token, &ring, 1_300_819_380), Err(TokenRefusal::Expired), "{source}");
        }
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        let changed = format!("{message}.{flipped}{}", &signature[1..]);
        assert_eq!(verify_by(&changed, &ring, 0), Err(TokenRefusal::Signature), "{source}");
    }
}

/// RFC 7520 4.3 signs by P-521, which is not supported, and says so when the key is loaded.
#[wasm_bindgen_test(unsupported = test)]
fn a_key_of_p_521_is_refused_at_load() {
    let jwk = r#"{"kty":"EC","alg":"ES512","crv":"P-521","x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}"#;
    assert_eq!(key(jwk).expect_err("unsupported").to_string(), "its `alg` is none that is supported");
}

/// RFC 8037 A.4: Ed25519 signs the same message the same way every time.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8037_a_4_is_signed_as_printed() {
    let job = job();
    let message = format!("{}.{}", base64url(r#"{"alg":"EdDSA"}"#), base64url("Example of Ed25519 signing"));
    let signature = SigningJob { message, ..job }.signature().expect("the key is one");
    assert_eq!(
        base64url(signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

/// RFC 8037 A.2: the public half is what the private key's JWK says it is.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8037_a_2_is_what_is_published() {
    let public = key(ED25519).expect("the key is good").public_jwk().expect("it has a public half");
    let public = serde_json::to_value(public).expect("JSON");
    assert_eq!(public["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

/// What the host is asked when a token is to be signed.
fn job() -> SigningJob {
    let claims = Claims::new(1, 1, &Rules::default());
    match edgegate::host::tokens::issue(claims, ring([ED25519])) {
        edgegate::host::Step::Ask(Question::Sign(job), _) => job,
        _ => panic!("Ed25519 is the host's"),
    }
}
