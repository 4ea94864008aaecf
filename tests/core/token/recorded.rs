//! Tokens of other libraries, recorded by `cargo xtask interop`.

use super::make::{ALGORITHMS, ring, verify_by};
use std::collections::BTreeMap;
use wasm_bindgen_test::wasm_bindgen_test;

/// The expiry of the recorded tokens: 2100-01-01.
pub(crate) const EXP: u64 = 4_102_444_800;

#[derive(serde::Deserialize, Clone)]
pub(crate) struct Recorded {
    pub(crate) library: String,
    pub(crate) alg: String,
    pub(crate) token: String,
}

fn all() -> Vec<Recorded> {
    serde_json::from_str(include_str!("../../interop/tokens.json")).expect("the recorded tokens are JSON")
}

pub(crate) fn by_pyjwt(algorithm: &str) -> Recorded {
    let mut tokens = all().into_iter();
    tokens.find(|token| token.library == "PyJWT" && token.alg == algorithm).expect("PyJWT knows every algorithm")
}

/// The key of the token: the public key, or the secret.
pub(crate) fn public_jwk(algorithm: &str) -> String {
    let keys: Vec<BTreeMap<String, String>> =
        serde_json::from_str(include_str!("../../interop/keys.json")).expect("the keys are JSON");
    let mut key = keys.into_iter().find(|key| key["alg"] == algorithm).expect("every algorithm has a key");
    key.retain(|name, _| ["kty", "crv", "alg", "n", "e", "x", "y", "k"].contains(&name.as_str()));
    serde_json::to_string(&key).expect("texts are JSON")
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_of_other_libraries_are_accepted() {
    let mut of_each = BTreeMap::new();
    for Recorded { library, alg, token } in all() {
        let ring = ring([&public_jwk(&alg)]);
        let claims = verify_by(&token, &ring, EXP - 1).unwrap_or_else(|refusal| panic!("{library} {alg}: {refusal}"));
        assert_eq!(claims.user_id().cloned(), Some(7.into()), "{library} {alg}");
        assert!(verify_by(&token, &ring, EXP).is_err(), "{library} {alg}");
        *of_each.entry(library).or_insert(0) += 1;
    }
    let every = ALGORITHMS.len();
    let expected =
        [("PyJWT", every), ("python-jose", 8), ("jose", every), ("jsonwebtoken", every - 1), ("jwt-simple", every)];
    assert_eq!(of_each, expected.map(|(library, count)| (library.to_owned(), count)).into());
}
