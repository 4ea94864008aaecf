//! Typed claims, and tokens of issuers that know no user of the gate.

use super::make::{HEADER, cryptography, secret_ring, signed};
use crate::support::{NOW, SECRET, Store, gate_with, run};
use edgegate::{
    Credentials, Gate, Issuer, Refusal, Vars, Verified,
    host::tokens,
    token::{Claims, Rules, TokenRefusal},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Role {
    role: String,
    #[serde(default)]
    tags: Vec<u8>,
}

fn gate() -> Gate {
    gate_with(SECRET, Vars::default())
}

fn role() -> Role {
    Role { role: "admin".into(), tags: vec![1, 2] }
}

fn verify_foreign(claims: &str, rules: Rules) -> Result<Claims, TokenRefusal> {
    let token = signed(HEADER, claims.as_bytes());
    run(tokens::verify(token, secret_ring(SECRET.as_bytes()), rules, NOW), cryptography)
}

#[wasm_bindgen_test(unsupported = test)]
fn claims_are_issued_and_verified_as_a_type() {
    let token = run(gate().issue_token(7, &role(), NOW), cryptography).expect("it signs");
    let verified = run(gate().verify_token(token.clone(), NOW), cryptography);
    assert_eq!(verified, Ok(Verified { issuer: Issuer::Own, user_id: Some(7.into()), claims: role() }));
    let claims = run(gate().verify(token.clone(), NOW), cryptography).expect("it holds");
    assert_eq!(claims.to_string(), format!(r#"{{"user_id":7,"exp":{},"role":"admin","tags":[1,2]}}"#, NOW + 1800));
    assert_eq!(claims.get("role"), Some(&"admin".into()));
    assert_eq!(claims.members().len(), 4);
    let expired = run(gate().verify_token::<Role>(token, NOW + 1800), cryptography);
    assert_eq!(expired, Err(TokenRefusal::Expired));
}

#[wasm_bindgen_test(unsupported = test)]
fn claims_of_another_type_are_refused() {
    let token = run(gate().issue_token(7, &json!({"role": 1}), NOW), cryptography).expect("it signs");
    let refused = run(gate().verify_token::<Role>(token, NOW), cryptography);
    assert_eq!(refused, Err(TokenRefusal::Claims));
    assert_eq!(TokenRefusal::Claims.code(), "claims");
    assert_eq!(TokenRefusal::Claims.to_string(), "the token was refused: claims");
    for value in [json!(null), json!([1]), json!("a"), json!(1), json!(true)] {
        let refused = run(gate().issue_token(7, &value, NOW), cryptography);
        assert_eq!(refused, Err(TokenRefusal::Claims), "{value}");
    }
    let reserved = run(gate().issue_token(7, &json!({"exp": 1}), NOW), cryptography);
    assert_eq!(reserved, Err(TokenRefusal::Claim("exp".into())));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_adds_claims_of_its_user() {
    let mut store = Store::with_user(1, "user@example.com");
    let credentials = || Credentials::new("user@example.com", "secret");
    let with_role = |user: &edgegate::User| json!({"role": format!("role of {}", user.email)});
    let login = gate().login_with_claims(credentials(), with_role, NOW);
    let token = run(login, |question| store.users.answer(question, b"")).expect("it is the password").access_token;
    let verified = run(gate().verify_token::<Role>(token, NOW), cryptography).expect("it holds");
    assert_eq!(verified.claims.role, "role of user@example.com");
    let reserved = gate().login_with_claims(credentials(), |_| json!({"user_id": 2}), NOW);
    let refused = run(reserved, |question| store.users.answer(question, b""));
    assert!(matches!(refused, Err(Refusal::Unsigned(_))));
    let wrong = Credentials::new("user@example.com", "wrong");
    let refused = gate().login_with_claims(wrong, |_| -> Role { panic!("nobody is logged in") }, NOW);
    assert_eq!(run(refused, |question| store.users.answer(question, b"")).err(), Some(Refusal::WrongPassword));
}

/// A verifier without a gate reads no user from the claims.
#[wasm_bindgen_test(unsupported = test)]
fn a_token_of_another_issuer_needs_no_user() {
    let rules = || Rules { issuer: Some("them".into()), audience: Some("us".into()), ..Rules::default() };
    for sub in [r#""sub":"auth0|5f7c8ec7c33c6c004bbafe82","#, r#""user_id":1,"#, r#""user_id":{},"#, ""] {
        let claims = verify_foreign(&format!(r#"{{{sub}"iss":"them","aud":["us"],"exp":{}}}"#, NOW + 1), rules());
        assert_eq!(claims.expect("it holds").user_id(), None, "{sub}");
    }
    let other = verify_foreign(&format!(r#"{{"iss":"them","aud":"others","exp":{}}}"#, NOW + 1), rules());
    assert_eq!(other, Err(TokenRefusal::Claim("aud".into())));
}

/// The payload is not re-encoded: spaces, number formats and escapes are kept.
#[wasm_bindgen_test(unsupported = test)]
fn verified_claims_keep_their_text() {
    let text = format!(
        r#" {{ "user_id" : 7,"exp":{}.0e0, "big":123456789012345678901234567890, "é":"\u00e9\/", "f":1.10 }} "#,
        NOW + 1
    );
    let claims = run(gate().verify(signed(HEADER, text.as_bytes()), NOW), cryptography).expect("it holds");
    assert_eq!((claims.to_string(), claims.clone().into_text()), (text.clone(), text));
    assert_eq!(claims.get("big").and_then(serde_json::Value::as_f64), Some(123_456_789_012_345_678_901_234_567_890.0));
    let changed = claims.with("more", 1);
    let written = changed.to_string();
    assert!(
        written.contains(r#""f":1.1"#) && written.ends_with(r#","more":1}"#),
        "what is changed is written anew: {changed}"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn an_iat_is_a_number() {
    let with = |iat: &str| verify_foreign(&format!(r#"{{"exp":{},"iat":{iat}}}"#, NOW + 1), Rules::default());
    for iat in [r#""1700000000""#, "null", "true", "[1]", "{}"] {
        assert_eq!(with(iat), Err(TokenRefusal::Claim("iat".into())), "{iat}");
    }
    for iat in ["1", "1.5", "1e9", "-1", "9e18", "1700000001"] {
        assert!(with(iat).is_ok(), "{iat}: also in the future");
    }
    assert_eq!(with("1e400"), Err(TokenRefusal::Malformed), "no number of a double");
}
