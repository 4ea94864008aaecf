//! Tokens: what is issued, and everything that is refused.

use crate::support::{NOW, SECRET};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edgegate::{
    token::{Algorithm, Claims, Key, KeyRing, Rules, TokenRefusal, UserId},
    tokens,
};
use std::sync::Arc;
use wasm_bindgen_test::wasm_bindgen_test;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// RFC 7515 A.1: header, payload and key of the RFC, and the signature it prints.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_7515_a_1_signature_holds() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .expect("the RFC's key is base64url");
    let key = ring(&key);
    // The signature is good, so what is said is what comes after it: no `user_id`.
    assert_eq!(verify_by(token, &key, 1_300_819_379), Err(TokenRefusal::Claim("user_id".into())));
    assert_eq!(verify_by(token, &key, 1_300_819_380), Err(TokenRefusal::Expired));
    assert_eq!(verify_by(token, &ring(b"another secret of 32 bytes or so"), 0), Err(TokenRefusal::Signature));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_issued_token_holds_until_it_expires() {
    let key = ring(SECRET.as_bytes());
    let token = issue(&key);
    let claims = verify_by(&token, &key, NOW - 1).expect("it holds");
    assert_eq!(claims.user_id().map(UserId::get), Some(7));
    assert_eq!(verify_by(&token, &key, NOW), Err(TokenRefusal::Expired), "exp == now has expired");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_changed_bit_is_refused() {
    let key = ring(SECRET.as_bytes());
    let token = issue(&key);
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).expect("seven bits are ASCII");
            assert!(verify_by(&changed, &key, 0).is_err(), "bit {bit} of character {at}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_header_never_chooses() {
    for (header, refusal) in [
        (r#"{"alg":"none"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"None"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"hs256"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"HS384"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"RS256"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":["HS256"]}"#, TokenRefusal::Algorithm),
        (r#"{"typ":"JWT"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"none","alg":"HS256"}"#, TokenRefusal::Malformed),
        (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, TokenRefusal::Critical),
        (r#"{"alg":"HS256","crit":null}"#, TokenRefusal::Critical),
        (r#"{"alg":"HS256","b64":false}"#, TokenRefusal::Critical),
        (r#"["HS256"]"#, TokenRefusal::Malformed),
        ("", TokenRefusal::Malformed),
    ] {
        assert_eq!(verify(&signed(header, &good())), Err(refusal), "{header}");
    }
    for header in [r#"{"alg":"HS256"}"#, r#"{"kid":"1","alg":"HS256","typ":"at+jwt"}"#] {
        assert!(verify(&signed(header, &good())).is_ok(), "{header}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_claims_are_what_they_must_be() {
    let later = NOW + 1;
    for (claims, refusal) in [
        (r#"{"user_id":1}"#.to_owned(), TokenRefusal::Claim("exp".into())),
        (r#"{"user_id":1,"exp":null}"#.to_owned(), TokenRefusal::Claim("exp".into())),
        (format!(r#"{{"user_id":1,"exp":"{later}"}}"#), TokenRefusal::Claim("exp".into())),
        (r#"{"user_id":1,"exp":-1}"#.to_owned(), TokenRefusal::Expired),
        (format!(r#"{{"user_id":1,"exp":{NOW}}}"#), TokenRefusal::Expired),
        (format!(r#"{{"user_id":1,"exp":{NOW}.9}}"#), TokenRefusal::Expired),
        (format!(r#"{{"user_id":1,"exp":1,"exp":{later}}}"#), TokenRefusal::Malformed),
        (format!(r#"{{"user_id":1,"exp":{later},"nbf":{later}}}"#), TokenRefusal::NotYetValid),
        (format!(r#"{{"user_id":1,"exp":{later},"nbf":"0"}}"#), TokenRefusal::Claim("nbf".into())),
        (format!(r#"{{"user_id":1,"exp":{later},"aud":"a"}}"#), TokenRefusal::Claim("aud".into())),
        (format!(r#"{{"exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (format!(r#"{{"user_id":"1","exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (format!(r#"{{"user_id":1.0,"exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (format!(r#"{{"user_id":true,"exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (format!(r#"{{"user_id":null,"exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (format!(r#"{{"user_id":9007199254740992,"exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (format!(r#"{{"user_id":99999999999999999999,"exp":{later}}}"#), TokenRefusal::Claim("user_id".into())),
        (r#"[1]"#.to_owned(), TokenRefusal::Malformed),
        (format!(r#"{{"user_id":1,"exp":{later}}}x"#), TokenRefusal::Malformed),
        (format!("{}1", "[".repeat(5000)), TokenRefusal::Malformed),
    ] {
        assert_eq!(verify(&signed(HEADER, claims.as_bytes())), Err(refusal), "{claims}");
    }
    for claims in [
        format!(r#"{{"user_id":1,"exp":{later}}}"#),
        format!(r#"{{"user_id":1,"exp":{later}.5}}"#),
        format!(r#"{{"user_id":1,"exp":1e12,"nbf":{NOW},"iat":{later},"sub":"x"}}"#),
    ] {
        assert!(verify(&signed(HEADER, claims.as_bytes())).is_ok(), "{claims}");
    }
    let utf16: Vec<u8> =
        format!(r#"{{"user_id":1,"exp":{later}}}"#).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(verify(&signed(HEADER, &utf16)), Err(TokenRefusal::Malformed), "UTF-16");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_has_one_spelling() {
    let token = signed(HEADER, &good());
    let last = token.chars().last().expect("a token has characters");
    let sibling = |c: char| {
        // The last character of 32 bytes carries two bits that no encoder sets.
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        alphabet.chars().nth(alphabet.find(c).expect("base64url") | 1).expect("base64url")
    };
    for spelling in [
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}\n"),
        token.replace('.', ".."),
        format!("{}{}", &token[..token.len() - 1], sibling(last)),
        token.split('.').take(2).collect::<Vec<_>>().join("."),
        String::new(),
        "..".to_owned(),
        "é.é.é".to_owned(),
    ] {
        assert!(verify(&spelling).is_err(), "{spelling}");
    }
    let long = format!("{}.{}", token, "A".repeat(9000));
    assert_eq!(verify(&long), Err(TokenRefusal::TooLong));
}

fn good() -> Vec<u8> {
    format!(r#"{{"user_id":1,"exp":{}}}"#, NOW + 1).into_bytes()
}

fn ring(secret: &[u8]) -> Arc<KeyRing> {
    let key = Key::secret(Algorithm::HS256, secret).expect("the secret is long enough");
    Arc::new(KeyRing::new(vec![key]).expect("one key is a ring"))
}

fn issue(ring: &Arc<KeyRing>) -> String {
    let claims = Claims::new(UserId::new(7).expect("7 is safe"), NOW, &Rules::default());
    tokens::issue(claims, Arc::clone(ring)).done().expect("a secret asks no host").expect("it signs")
}

fn verify_by(token: &str, ring: &Arc<KeyRing>, now: u64) -> Result<Claims, TokenRefusal> {
    let step = tokens::verify(token.to_owned(), Arc::clone(ring), Rules::default(), now);
    step.done().expect("a secret asks no host")
}

fn verify(token: &str) -> Result<Claims, TokenRefusal> {
    verify_by(token, &ring(SECRET.as_bytes()), NOW)
}

/// Signs whatever it is given, so that what is refused is refused for what it says.
fn signed(header: &str, payload: &[u8]) -> String {
    use hmac::{KeyInit as _, Mac as _};
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes every key");
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
