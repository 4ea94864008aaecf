//! Every changed bit of a token is refused.

use super::{
    make::{ED25519, ring, verify_by},
    recorded::{self, EXP, Recorded},
};
use edgegate::token::{Claims, Rules};
use wasm_bindgen_test::wasm_bindgen_test;

/// Flips each bit of a token of this algorithm, made by another library.
///
/// Except the eighth bit of a character, which would not be UTF-8 and so not a `str`.
fn refuses_each_bit(algorithm: &str) {
    let Recorded { token, .. } = recorded::by_pyjwt(algorithm);
    let ring = ring([&recorded::public_jwk(algorithm)]);
    assert!(verify_by(&token, &ring, EXP - 1).is_ok(), "unchanged");
    refuses_each_bit_of(&token, |changed| verify_by(changed, &ring, EXP - 1).is_err());
}

fn refuses_each_bit_of(token: &str, is_refused: impl Fn(&str) -> bool) {
    let mut changes = 0;
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.to_owned().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            changes += 1;
            assert!(is_refused(&changed), "bit {bit} of character {at}");
        }
    }
    assert_eq!(changes, token.len() * 7);
}

#[wasm_bindgen_test(unsupported = test)]
fn of_hs256() {
    refuses_each_bit("HS256");
}

#[wasm_bindgen_test(unsupported = test)]
fn of_hs384() {
    refuses_each_bit("HS384");
}

#[wasm_bindgen_test(unsupported = test)]
fn of_hs512() {
    refuses_each_bit("HS512");
}

#[wasm_bindgen_test(unsupported = test)]
fn of_eddsa() {
    refuses_each_bit("EdDSA");
}

#[wasm_bindgen_test(unsupported = test)]
fn of_rs256() {
    refuses_each_bit("RS256");
}

#[wasm_bindgen_test(unsupported = test)]
fn of_ps256() {
    refuses_each_bit("PS256");
}

/// (r, n - s) is valid too by the standard, but differs in more than one bit.
#[wasm_bindgen_test(unsupported = test)]
fn of_es256() {
    refuses_each_bit("ES256");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_issued_token() {
    let ring = ring([ED25519]);
    let claims = Claims::new(7, EXP, &Rules::default());
    let token = super::make::issue(claims, &ring).expect("it signs");
    assert!(verify_by(&token, &ring, EXP - 1).is_ok(), "unchanged");
    refuses_each_bit_of(&token, |changed| verify_by(changed, &ring, EXP - 1).is_err());
}
