//! Rules for claims, and issued claims.

use super::make::{HEADER, cryptography, issue, secret_ring, signed, verify, verify_as, verify_by};
use crate::support::{NOW, SECRET, gate_with, run};
use edgegate::{
    Vars,
    token::{Claims, Rules, TokenRefusal},
};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

/// The verdict on claims under rules, at [`NOW`].
fn judge(claims: &str, rules: &Rules) -> Result<Claims, TokenRefusal> {
    verify_as(&signed(HEADER, claims.as_bytes()), &secret_ring(SECRET.as_bytes()), rules.clone(), NOW)
}

fn claim(name: &'static str) -> TokenRefusal {
    TokenRefusal::Claim(name.into())
}

#[wasm_bindgen_test(unsupported = test)]
fn an_issued_token_is_valid_until_it_expires() {
    let ring = secret_ring(SECRET.as_bytes());
    let claims = Claims::new(7, NOW, &Rules::default());
    let token = issue(claims, &ring).expect("it signs");
    let claims = verify_by(&token, &ring, NOW - 1).expect("it holds");
    assert_eq!(claims.user_id().cloned(), Some(7.into()));
    assert_eq!(verify_by(&token, &ring, NOW), Err(TokenRefusal::Expired), "exp == now has expired");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_claims_have_the_required_values() {
    let later = NOW + 1;
    for (claims, refusal) in [
        (r#"{"user_id":1}"#.to_owned(), claim("exp")),
        (r#"{"user_id":1,"exp":null}"#.to_owned(), claim("exp")),
        (format!(r#"{{"user_id":1,"exp":"{later}"}}"#), claim("exp")),
        (r#"{"user_id":1,"exp":-1}"#.to_owned(), TokenRefusal::Expired),
        (format!(r#"{{"user_id":1,"exp":{NOW}}}"#), TokenRefusal::Expired),
        (format!(r#"{{"user_id":1,"exp":{NOW}.9}}"#), TokenRefusal::Expired),
        (format!(r#"{{"user_id":1,"exp":{later},"nbf":{later}}}"#), TokenRefusal::NotYetValid),
        (format!(r#"{{"user_id":1,"exp":{later},"nbf":"0"}}"#), claim("nbf")),
        (format!(r#"{{"user_id":1,"exp":{later},"nbf":null}}"#), claim("nbf")),
        (format!(r#"{{"user_id":1,"exp":{later},"aud":"a"}}"#), claim("aud")),
        (format!(r#"{{"exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":"","exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":1.0,"exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":true,"exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":null,"exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":[1],"exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":9223372036854775808,"exp":{later}}}"#), claim("user_id")),
        (format!(r#"{{"user_id":99999999999999999999,"exp":{later}}}"#), claim("user_id")),
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
        format!(r#"{{"user_id":-9223372036854775808,"exp":{later}}}"#),
        format!(r#"{{"user_id":"1","exp":{later}}}"#),
    ] {
        assert!(verify(&signed(HEADER, claims.as_bytes())).is_ok(), "{claims}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_longest_token_that_is_issued_can_be_verified() {
    let secret = "x".repeat(64);
    let gate = gate_with(&secret, Vars { algorithm: Some("HS512".into()), ..Vars::default() });
    let issue = |length: usize| run(gate.issue_token(7, &json!({"text": "x".repeat(length)}), NOW), cryptography);
    let longest = (5900..6100).map_while(|length| issue(length).ok()).last().expect("the first is not too long");
    assert_eq!(longest.len(), 8 * 1024);
    assert!(run(gate.verify(longest, NOW), cryptography).is_ok());
    assert_eq!(issue(6100), Err(TokenRefusal::TooLong));
}

#[wasm_bindgen_test(unsupported = test)]
fn leeway_extends_exp_and_nbf_by_its_seconds_only() {
    let rules = |leeway_seconds| Rules { leeway_seconds, ..Rules::default() };
    let exp = |exp: u64| format!(r#"{{"user_id":1,"exp":{exp}}}"#);
    let nbf = |nbf: u64| format!(r#"{{"user_id":1,"exp":{},"nbf":{nbf}}}"#, NOW + 1000);
    assert_eq!(judge(&exp(NOW), &rules(0)), Err(TokenRefusal::Expired));
    assert!(judge(&exp(NOW + 1), &rules(0)).is_ok());
    assert!(judge(&exp(NOW - 29), &rules(30)).is_ok());
    assert_eq!(judge(&exp(NOW - 30), &rules(30)), Err(TokenRefusal::Expired));
    assert!(judge(&nbf(NOW), &rules(0)).is_ok());
    assert_eq!(judge(&nbf(NOW + 1), &rules(0)), Err(TokenRefusal::NotYetValid));
    assert!(judge(&nbf(NOW + 30), &rules(30)).is_ok());
    assert_eq!(judge(&nbf(NOW + 31), &rules(30)), Err(TokenRefusal::NotYetValid));
    let far = format!(r#"{{"user_id":1,"exp":{},"nbf":{}}}"#, i64::MAX, i64::MIN);
    assert!(judge(&far, &rules(300)).is_ok(), "nothing overflows");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_is_too_old_by_its_iat() {
    let rules = Rules { max_age_seconds: Some(60), leeway_seconds: 5, ..Rules::default() };
    let iat = |iat: &str| format!(r#"{{"user_id":1,"exp":{}{iat}}}"#, NOW + 1000);
    assert_eq!(judge(&iat(""), &rules), Err(claim("iat")));
    assert_eq!(judge(&iat(r#","iat":"1""#), &rules), Err(claim("iat")));
    assert!(judge(&iat(&format!(r#","iat":{}"#, NOW - 65)), &rules).is_ok());
    assert_eq!(judge(&iat(&format!(r#","iat":{}"#, NOW - 66)), &rules), Err(TokenRefusal::TooOld));
    assert!(judge(&iat(""), &Rules::default()).is_ok(), "without the rule it needs none");
}

#[wasm_bindgen_test(unsupported = test)]
fn issuer_and_audience_are_those_of_the_rules() {
    let rules = Rules { issuer: Some("us".into()), audience: Some("api".into()), ..Rules::default() };
    let with = |more: &str| format!(r#"{{"user_id":1,"exp":{}{more}}}"#, NOW + 1);
    for more in [r#","iss":"us","aud":"api""#, r#","iss":"us","aud":["other","api"]"#] {
        assert!(judge(&with(more), &rules).is_ok(), "{more}");
    }
    for (more, name) in [
        (r#","aud":"api""#, "iss"),
        (r#","iss":"them","aud":"api""#, "iss"),
        (r#","iss":"US","aud":"api""#, "iss"),
        (r#","iss":["us"],"aud":"api""#, "iss"),
        (r#","iss":null,"aud":"api""#, "iss"),
        (r#","iss":"us""#, "aud"),
        (r#","iss":"us","aud":"other""#, "aud"),
        (r#","iss":"us","aud":"api2""#, "aud"),
        (r#","iss":"us","aud":[]"#, "aud"),
        (r#","iss":"us","aud":["apis"]"#, "aud"),
        (r#","iss":"us","aud":[["api"]]"#, "aud"),
        (r#","iss":"us","aud":{"api":1}"#, "aud"),
        (r#","iss":"us","aud":null"#, "aud"),
    ] {
        assert_eq!(judge(&with(more), &rules), Err(claim(name)), "{more}");
    }
    assert_eq!(judge(&with(r#","aud":["api"]"#), &Rules::default()), Err(claim("aud")), "for whom is not said here");
}

#[wasm_bindgen_test(unsupported = test)]
fn required_claims_are_there() {
    let required = ["exp", "iat", "jti"].map(str::to_owned).into();
    let rules = Rules { required, ..Rules::default() };
    let with = |more: &str| format!(r#"{{"user_id":1,"exp":{}{more}}}"#, NOW + 1);
    assert_eq!(judge(&with(""), &rules), Err(claim("iat")));
    assert_eq!(judge(&with(r#","iat":1"#), &rules), Err(claim("jti")));
    assert_eq!(judge(&with(r#","iat":1,"jti":null"#), &rules), Err(claim("jti")));
    assert!(judge(&with(r#","iat":1,"jti":"x""#), &rules).is_ok());
    assert_eq!(judge(r#"{"user_id":1}"#, &Rules { required: Vec::new(), ..Rules::default() }), Err(claim("exp")));
    let no_exp = Rules { exp_required: false, ..Rules::default() };
    assert!(judge(r#"{"user_id":1}"#, &no_exp).is_ok(), "only who says so has tokens for ever");
    assert_eq!(judge(r#"{"user_id":1,"exp":null}"#, &no_exp), Err(claim("exp")), "null is no time");
    assert_eq!(judge(r#"{"user_id":1,"exp":1}"#, &no_exp), Err(TokenRefusal::Expired), "what is there counts");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_canonical_decimal_sub_is_a_number_and_any_other_a_text() {
    let rules = Rules { user_id_claim: "sub".into(), ..Rules::default() };
    let with = |sub: &str| format!(r#"{{"sub":{sub},"user_id":1,"exp":{}}}"#, NOW + 1);
    for (sub, id) in [(r#""7""#, 7), (r#""-7""#, -7), (r#""0""#, 0), (r#""9007199254740991""#, 9_007_199_254_740_991)] {
        assert_eq!(judge(&with(sub), &rules).map(|claims| claims.user_id().cloned()), Ok(Some(id.into())), "{sub}");
    }
    for text in ["01", "+1", " 1", "1 ", "1.0", "1e0", "-0", "0x1", "１", "9223372036854775808", "alice"] {
        let claims = judge(&with(&format!("\"{text}\"")), &rules).expect("it is a text");
        assert_eq!(claims.user_id(), Some(&text.into()), "no number");
    }
    for wrong in [r#""""#, r#""a\u0000b""#, "true", "7.0", "[7]"] {
        assert_eq!(judge(&with(wrong), &rules), Err(claim("sub")), "{wrong}");
    }
    // A numeric `sub` of another backend is accepted, although RFC 7519 requires a string.
    assert_eq!(judge(&with("7"), &rules).map(|claims| claims.user_id().cloned()), Ok(Some(7.into())));
    let ring = secret_ring(SECRET.as_bytes());
    let token = issue(Claims::new(7, NOW + 1, &rules), &ring).expect("it signs");
    let claims = verify_as(&token, &ring, rules, NOW).expect("it holds");
    assert_eq!(claims.to_string(), format!(r#"{{"sub":"7","exp":{}}}"#, NOW + 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn sub_and_jti_are_texts() {
    for (claims, expected) in [
        (r#""sub":"a","jti":"b""#, None),
        (r#""sub":1"#, Some("sub")),
        (r#""sub":null"#, Some("sub")),
        (r#""jti":0"#, Some("jti")),
        (r#""jti":["a"]"#, Some("jti")),
    ] {
        let verdict = judge(&format!(r#"{{"user_id":1,"exp":{},{claims}}}"#, NOW + 1), &Rules::default());
        assert_eq!(verdict.err(), expected.map(claim), "{claims}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_users_claim_may_have_any_name() {
    let rules = Rules { user_id_claim: "https://example.com/id".into(), ..Rules::default() };
    let ring = secret_ring(SECRET.as_bytes());
    let token = issue(Claims::new(7, NOW + 1, &rules), &ring).expect("it signs");
    assert_eq!(verify_by(&token, &ring, NOW), Err(claim("user_id")));
    let claims = verify_as(&token, &ring, rules, NOW).expect("it holds");
    assert_eq!(claims.to_string(), format!(r#"{{"https://example.com/id":7,"exp":{}}}"#, NOW + 1));
}
