//! `GET /.well-known/jwks.json`: the public keys, and nothing else.

use crate::{
    support::{NOW, SECRET, gate_with},
    token::make::{ED25519, P256, RSA_N, base64url},
};
use edgegate::{Gate, Reply, Request, Settings, Vars, host::Step};
use wasm_bindgen_test::wasm_bindgen_test;

fn get(gate: &Gate, path: &str) -> Reply {
    match gate.handle(Request::new("GET", &format!("http://localhost{path}")), NOW) {
        Step::Done(reply) => reply,
        Step::Ask(..) => panic!("nothing is asked"),
    }
}

fn published(keys: &[String]) -> Reply {
    let set = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    get(&gate_with(SECRET, Vars { jwt_keys: Some(set.into()), ..Vars::default() }), "/.well-known/jwks.json")
}

#[wasm_bindgen_test(unsupported = test)]
fn every_kind_of_key_publishes_only_its_public_part() {
    let private = ["nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", &base64url([0xa5; 64])];
    let named = |jwk: &str, kid: &str| jwk.replacen('{', &format!(r#"{{"kid":"{kid}","x5c":["secret"],"#), 1);
    let rsa = format!(r#"{{"kty":"RSA","alg":"PS256","n":"{RSA_N}","e":"AQAB"}}"#);
    let p384 = format!(
        r#"{{"kty":"EC","crv":"P-384","alg":"ES384","x":"{}","y":"{}"}}"#,
        "YU4rRUzdmVqmRtWOs2OpDE_T5fsNIodcG8G5FWPrTPMyxpzsSOGaQLpe2FpxBmu2",
        "A8-yxCHxkfBz3hKZfI1jUYMjUhsEveZ9THuwFjH2sCNdtksRJU7D5-SkgaFL1ETP",
    );
    let secret = |algorithm: &str| format!(r#"{{"kty":"oct","alg":"{algorithm}","k":"{}"}}"#, private[1]);
    let keys = [
        named(ED25519, "ed"),
        named(&rsa, "rsa"),
        named(P256, "p256"),
        named(&p384, "p384"),
        named(&secret("HS256"), "256"),
        named(&secret("HS384"), "384"),
        named(&secret("HS512"), "512"),
    ];
    let reply = published(&keys);
    assert_eq!(reply.status, 200);
    for hidden in [private[0], private[1], SECRET, &base64url(SECRET), "oct", "secret", "\"HS"] {
        assert!(!reply.body.contains(hidden), "{hidden} in {}", reply.body);
    }
    let set: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(set.as_object().map(serde_json::Map::len), Some(1));
    let members: Vec<(&str, Vec<&str>)> = set["keys"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|key| (key["kid"].as_str().expect("a text"), key.as_object().expect("a key").keys().map(String::as_str)))
        .map(|(kid, names)| {
            let mut names: Vec<_> = names.collect();
            names.sort_unstable();
            (kid, names)
        })
        .collect();
    assert_eq!(
        members,
        [
            ("ed", vec!["alg", "crv", "kid", "kty", "use", "x"]),
            ("rsa", vec!["alg", "e", "kid", "kty", "n", "use"]),
            ("p256", vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
            ("p384", vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
        ]
    );
    assert_eq!(set["keys"][1]["n"], RSA_N);
}

/// A private RSA or EC key is refused at loading, so it cannot be published.
#[wasm_bindgen_test(unsupported = test)]
fn private_keys_that_cannot_sign_are_not_loaded() {
    for jwk in [
        P256.replacen('{', r#"{"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","#, 1),
        format!(r#"{{"kty":"RSA","alg":"RS256","n":"{RSA_N}","e":"AQAB","d":"Eq5xpGnNCivDflJs"}}"#),
    ] {
        let vars = Vars { jwt_keys: Some(format!(r#"{{"keys":[{jwk}]}}"#).into()), ..Vars::default() };
        let error = Settings::try_from(vars).expect_err("a private key").to_string();
        assert!(error.starts_with("JWT_KEYS") && error.contains("private key"), "{error}");
        assert!(!error.contains("jpsQ") && !error.contains("Eq5x"), "{error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn with_secrets_only_the_set_is_empty_and_may_be_cached() {
    let reply = get(&gate_with(SECRET, Vars::default()), "/.well-known/jwks.json");
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"keys":[]}"#));
    let caching: Vec<_> = reply.headers.iter().filter(|(name, _)| *name == "cache-control").collect();
    assert_eq!(caching, [&("cache-control", "public, max-age=300".to_owned())]);
}
