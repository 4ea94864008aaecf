//! When the provider is asked again, and how long its keys are used without a response.

use super::{Idp, published, set, token};
use crate::support::{JWK_SET_MAX_BYTES, NOW};
use edgegate::{
    host::{Answer, JwkSet, Question, Step},
    token::TokenRefusal,
};
use wasm_bindgen_test::wasm_bindgen_test;

const DAY: u64 = 24 * 60 * 60;

#[wasm_bindgen_test(unsupported = test)]
fn keys_are_fresh_as_long_as_the_response_allows() {
    for (cache_control, age, fresh) in [
        (None, None, 300),
        (None, Some("100"), 300),
        (Some("public"), None, 300),
        (Some("max-age=600"), None, 600),
        (Some("public, MAX-AGE=\"600\" , must-revalidate"), None, 600),
        (Some("max-age=600"), Some("100"), 500),
        (Some("max-age=600"), Some("nonsense"), 600),
        (Some("max-age=nonsense"), None, 300),
        (Some("max-age=-1"), None, 300),
        (Some("max-age=31536000"), None, DAY),
        (Some("max-age=18446744073709551615"), None, DAY),
        // Never fresh, and still fetched at most every 30 seconds.
        (Some("max-age=600"), Some("700"), 30),
        (Some("max-age=0"), None, 30),
        (Some("no-store"), None, 30),
        (Some("no-cache, max-age=600"), None, 30),
    ] {
        let mut idp = Idp::new("");
        let texts = (cache_control.map(str::to_owned), age.map(str::to_owned));
        idp.answer = Some(JwkSet { cache_control: texts.0, age: texts.1, ..set(&published(&["a"])) });
        for (now, asked) in [(NOW, 1), (NOW, 1), (NOW + fresh - 1, 1), (NOW + fresh, 2), (NOW + fresh, 2)] {
            assert!(idp.verify(&token("a"), now).is_ok());
            assert_eq!(idp.asked, asked, "{cache_control:?} {age:?} after {} s", now - NOW);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_kid_is_fetched_once_and_many_unknown_kids_are_limited() {
    let mut idp = Idp::new(&published(&["a"]));
    assert!(idp.verify(&token("a"), NOW).is_ok());
    idp.answer = Some(set(&published(&["a", "b"])));
    assert_eq!(idp.verify(&token("b"), NOW + 29), Err(TokenRefusal::UnknownKey), "it was asked just now");
    assert_eq!(idp.asked, 1);
    assert!(idp.verify(&token("b"), NOW + 30).is_ok(), "it has published another");
    assert_eq!(idp.asked, 2);
    for at in 0..100 {
        let flood = token(&format!("no such key {at}"));
        assert_eq!(idp.verify(&flood, NOW + 31 + at % 29), Err(TokenRefusal::UnknownKey));
    }
    assert_eq!(idp.asked, 2, "cooling down");
    assert_eq!(idp.verify(&token("none"), NOW + 60), Err(TokenRefusal::UnknownKey));
    assert_eq!(idp.asked, 3, "at most every 30 seconds");
    assert!(idp.verify(&token("a"), NOW + 61).is_ok(), "the keys that are known serve on");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_removed_by_the_provider_is_not_used() {
    let mut idp = Idp::new(&published(&["a"]));
    assert!(idp.verify(&token("a"), NOW).is_ok());
    idp.answer = Some(set(&published(&["b"])));
    assert_eq!(idp.verify(&token("a"), NOW + 300), Err(TokenRefusal::UnknownKey));
    assert!(idp.verify(&token("b"), NOW + 300).is_ok());
}

#[wasm_bindgen_test(unsupported = test)]
fn stale_keys_are_used_for_a_day_while_the_provider_is_down() {
    let mut idp = Idp::new(&published(&["a"]));
    assert!(idp.verify(&token("a"), NOW).is_ok());
    idp.answer = None;
    assert!(idp.verify(&token("a"), NOW + 300).is_ok());
    assert!(idp.verify(&token("a"), NOW + 329).is_ok());
    assert_eq!(idp.asked, 2, "it is not asked by every token");
    assert!(idp.verify(&token("a"), NOW + 330).is_ok());
    assert_eq!(idp.asked, 3);
    assert!(idp.verify(&token("a"), NOW + 300 + DAY - 1).is_ok());
    assert_eq!(idp.verify(&token("a"), NOW + 300 + DAY), Err(TokenRefusal::KeysUnavailable));
    idp.answer = Some(set(&published(&["a"])));
    assert!(idp.verify(&token("a"), NOW + 300 + DAY + 30).is_ok(), "it is back");
}

#[wasm_bindgen_test(unsupported = test)]
fn before_its_first_answer_there_are_no_keys() {
    let mut idp = Idp::new("");
    idp.answer = None;
    assert_eq!(idp.verify(&token("a"), NOW), Err(TokenRefusal::KeysUnavailable));
    idp.answer = Some(set(&published(&["a"])));
    assert_eq!(idp.verify(&token("a"), NOW + 29), Err(TokenRefusal::KeysUnavailable));
    assert_eq!(idp.asked, 1);
    assert!(idp.verify(&token("a"), NOW + 30).is_ok());
    assert_eq!(idp.asked, 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_invalid_key_set_leaves_the_keys_unchanged() {
    let long = |bytes: usize| format!("{}{}", published(&["b"]), " ".repeat(bytes - published(&["b"]).len()));
    let bad = [
        "",
        "<html>",
        "{}",
        "[]",
        r#"{"keys":null}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]"#,
        &long(JWK_SET_MAX_BYTES + 1),
    ];
    for body in bad {
        let mut idp = Idp::new(body);
        assert_eq!(idp.verify(&token("b"), NOW), Err(TokenRefusal::KeysUnavailable), "{:.20}", body);
        let mut idp = Idp::new(&published(&["a"]));
        assert!(idp.verify(&token("a"), NOW).is_ok());
        idp.answer = Some(set(body));
        assert!(idp.verify(&token("a"), NOW + 300).is_ok(), "{body:.20}");
        assert_eq!(idp.verify(&token("b"), NOW + 300), Err(TokenRefusal::UnknownKey), "{body:.20}");
        assert_eq!(idp.asked, 2);
    }
    let mut idp = Idp::new(&long(JWK_SET_MAX_BYTES));
    assert!(idp.verify(&token("b"), NOW).is_ok(), "no byte too many");
}

/// Of many concurrent requests with stale keys, one fetches new keys and the others use the known ones.
#[wasm_bindgen_test(unsupported = test)]
fn one_of_many_concurrent_requests_fetches_the_keys() {
    let mut idp = Idp::new(&published(&["a"]));
    let asks = |idp: &Idp, now| matches!(idp.gate.verify(token("a"), now), Step::Ask(Question::JwkSet { .. }, _));
    assert!(asks(&idp, NOW) && asks(&idp, NOW), "before the first answer there is nothing to go on with");
    assert!(idp.verify(&token("a"), NOW).is_ok());
    let Step::Ask(Question::JwkSet { .. }, pending) = idp.gate.verify(token("a"), NOW + 300) else {
        panic!("they have grown old");
    };
    assert!(!asks(&idp, NOW + 300) && !asks(&idp, NOW + 301));
    let Step::Ask(Question::CheckSignature(check), pending) = pending.answer(Answer::Unavailable, 0) else {
        panic!("the old ones must do");
    };
    assert!(pending.answer(Answer::Holds(check.holds()), 0).done().is_some_and(|verdict| verdict.is_ok()));
}
