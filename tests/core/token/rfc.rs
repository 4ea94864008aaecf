//! The examples of the RFCs.

use super::make::{ED25519, base64url, key, ring, verify_by};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edgegate::{
    host::Question,
    token::{Algorithm, CRYPTO_PROVIDER, Claims, DecodingKey, Rules, SigningJob, TokenRefusal},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[derive(serde::Deserialize)]
struct Example {
    source: String,
    jwk: serde_json::Value,
    token: String,
}

/// Claims are read only if the signature is valid, so an error about claims proves the signature.
#[wasm_bindgen_test(unsupported = test)]
fn the_rfcs_signatures_verify_and_changed_ones_do_not() {
    let examples: Vec<Example> =
        serde_json::from_str(include_str!("../../vectors/jws.json")).expect("the examples are JSON");
    assert_eq!(examples.len(), 7);
    for Example { source, jwk, token } in examples.into_iter().filter(|example| example.source != "RFC 7515 A.1") {
        let ring = ring([&jwk.to_string()]);
        // The claims of RFC 7515 have expired; the payloads of RFC 7520 and RFC 8037 are not JSON.
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

/// The key is published, so no ring takes it.
#[wasm_bindgen_test(unsupported = test)]
fn the_signature_of_rfc_7515_a_1_holds_and_its_key_is_refused() {
    let examples: Vec<Example> =
        serde_json::from_str(include_str!("../../vectors/jws.json")).expect("the examples are JSON");
    let Example { jwk, token, .. } =
        examples.into_iter().find(|example| example.source == "RFC 7515 A.1").expect("it is there");
    assert!(key(&jwk.to_string()).expect_err("it is published").to_string().contains("RFC 7515"));
    let secret = URL_SAFE_NO_PAD.decode(jwk["k"].as_str().expect("a secret")).expect("base64url");
    let verifier = (CRYPTO_PROVIDER.verifier_factory)(&Algorithm::HS256, &DecodingKey::from_secret(&secret));
    let verifier = verifier.expect("HS256 is supported");
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    assert!(verifier.verify(message.as_bytes(), &signature).is_ok());
    assert!(verifier.verify(&message.as_bytes()[1..], &signature).is_err());
}

/// RFC 7520 4.3 uses P-521, which is not supported: the key is refused at loading.
#[wasm_bindgen_test(unsupported = test)]
fn a_key_of_p_521_is_refused_at_load() {
    let jwk = r#"{"kty":"EC","alg":"ES512","crv":"P-521","x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}"#;
    assert_eq!(key(jwk).expect_err("unsupported").to_string(), "its `alg` is none that is supported");
}

/// RFC 8037 A.4: Ed25519 signatures are deterministic.
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

/// RFC 8037 A.2: the public key equals the public members of the private key's JWK.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8037_a_2_is_what_is_published() {
    let public = key(ED25519).expect("the key is good").public_jwk().expect("it has a public half");
    let public = serde_json::to_value(public).expect("JSON");
    assert_eq!(public["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

/// The question to the host when a token must be signed.
fn job() -> SigningJob {
    let claims = Claims::new(1, 1, &Rules::default());
    match edgegate::host::tokens::issue(claims, ring([ED25519])) {
        edgegate::host::Step::Ask(Question::Sign(job), _) => job,
        _ => panic!("Ed25519 is the host's"),
    }
}
