//! The header, and the unique encoding of a token.

use super::make::{HEADER, good, signed, verify};
use edgegate::token::TokenRefusal;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn the_header_does_not_select_the_algorithm() {
    for (header, refusal) in [
        (r#"{"alg":"hs256"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"HS384"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"RS256"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":["HS256"]}"#, TokenRefusal::Algorithm),
        (r#"{"alg":null}"#, TokenRefusal::Algorithm),
        (r#"{"typ":"JWT"}"#, TokenRefusal::Algorithm),
        (r#"{"alg":"none","alg":"HS256"}"#, TokenRefusal::Malformed),
        (r#"{"alg":"HS256","\u0061lg":"HS256"}"#, TokenRefusal::Malformed),
        (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, TokenRefusal::Critical),
        (r#"{"alg":"HS256","crit":null}"#, TokenRefusal::Critical),
        (r#"{"alg":"HS256","crit":[]}"#, TokenRefusal::Critical),
        (r#"{"alg":"HS256","b64":false}"#, TokenRefusal::Critical),
        (r#"{"alg":"HS256","kid":1}"#, TokenRefusal::Malformed),
        (r#"{"alg":"HS256","kid":null}"#, TokenRefusal::Malformed),
        (r#"["HS256"]"#, TokenRefusal::Malformed),
        (r#"{"alg":"HS256"}{}"#, TokenRefusal::Malformed),
        ("", TokenRefusal::Malformed),
    ] {
        assert_eq!(verify(&signed(header, &good())), Err(refusal), "{header}");
    }
    for header in [r#"{"alg":"HS256"}"#, r#"{"kid":"1","alg":"HS256","typ":"at+jwt"}"#] {
        assert!(verify(&signed(header, &good())).is_ok(), "{header}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_has_one_encoding() {
    let token = signed(HEADER, &good());
    let last = token.chars().last().expect("a token has characters");
    let sibling = |c: char| {
        // The last character of 32 bytes has two bits that encoders set to zero.
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        alphabet.chars().nth(alphabet.find(c).expect("base64url") | 1).expect("base64url")
    };
    for spelling in [
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}\0"),
        token.replace('.', ".."),
        format!("{}{}", &token[..token.len() - 1], sibling(last)),
        token.split('.').take(2).collect::<Vec<_>>().join("."),
        String::new(),
        "..".to_owned(),
        "é.é.é".to_owned(),
    ] {
        assert!(verify(&spelling).is_err(), "{spelling}");
    }
    assert!(verify(&token).is_ok());
    let long = format!("{}.{}", token, "A".repeat(9000));
    assert_eq!(verify(&long), Err(TokenRefusal::TooLong));
}
