//! Secrets that documentation publishes. They are long enough, and everyone knows them.

/// The hash of each, with the reason for its refusal. Hashes are shorter than the secrets, and no search for leaked secrets
/// reports them.
const SECRETS: [(u64, &str); 7] = [
    (0xac1e_f6d2_5b4e_4337, FASTAPI),     // 09d25e09...88e8d3e7
    (0x795e_512c_8e99_33d0, FASTAPI_JWT), // deff1952...323eca4f
    (0x749a_ec82_5881_ca10, SPRING),      // 404E6352...566B5970
    (0x7a04_568d_a847_1c13, JOSE),        // cc7e0d44...f2f596f2
    (0xfadf_aebd_5ed6_a6bd, JWT_IO),      // a-string...its-long
    (0x8120_a067_201e_37f3, JWT_IO),      // a-valid-...its-long
    (0x7036_c53a_3ebb_5269, JWT_IO),      // a-valid-...ery-long
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
    let hash = fnv_1a(secret.trim_ascii());
    SECRETS.iter().find(|(published, _)| *published == hash).map(|(_, reason)| *reason)
}

/// FNV-1a. A random secret has the hash of a published one by chance only, once in 2^61 secrets.
fn fnv_1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
