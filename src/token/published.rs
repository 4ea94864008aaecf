//! Secrets that documentation publishes. They are long enough, and everyone knows them.

use sha2::{Digest as _, Sha256};

/// The first 8 bytes of the SHA-256 of each, with the reason for its refusal. No search for leaked secrets reports hashes.
const SECRETS: [(u64, &str); 7] = [
    (0x570d_ad43_de1a_f4c9, FASTAPI),     // 09d25e09...88e8d3e7
    (0x75c9_79a4_7847_c102, FASTAPI_JWT), // deff1952...323eca4f
    (0x3354_cfcf_65c7_b2e6, SPRING),      // 404E6352...566B5970
    (0xefa6_f5d2_4ecc_2fb5, JOSE),        // cc7e0d44...f2f596f2
    (0x465d_9ad5_d552_8ebe, JWT_IO),      // a-string...its-long
    (0x730d_21a8_0e61_a8de, JWT_IO),      // a-valid-...its-long
    (0xdb68_3359_3279_d737, JWT_IO),      // a-valid-...ery-long
];

macro_rules! published {
    ($place:literal) => {
        concat!("the secret is published ", $place, ": make one with `npx edgegate keygen`")
    };
}

const FASTAPI: &str = published!("in FastAPI's tutorial");
const FASTAPI_JWT: &str = published!("in tutorials about FastAPI and JWT");
const SPRING: &str = published!("in tutorials about Spring Boot");
const JOSE: &str = published!("in the documentation of jose");
const JWT_IO: &str = published!("on jwt.io");

/// The reason to refuse this secret, if it is published. White space around it, such as a line break of an environment file,
/// makes it no other secret.
pub(super) fn reason(secret: &[u8]) -> Option<&'static str> {
    let hash = Sha256::digest(secret.trim_ascii());
    SECRETS.iter().find(|(published, _)| hash.starts_with(&published.to_be_bytes())).map(|(_, reason)| *reason)
}
