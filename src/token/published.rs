//! Secrets that documentation publishes. They are long enough, and everyone knows them.

/// Each with the reason for its refusal.
const SECRETS: [(&[u8], &str); 7] = [
    (
        b"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "the secret is published in FastAPI's tutorial, so anyone can sign with it: make a random one",
    ),
    (
        b"deff1952d59f883ece260e8683fed21ab0ad9a53323eca4f",
        "the secret is published in tutorials about FastAPI and JWT, so anyone can sign with it: make a random one",
    ),
    (
        b"404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
        "the secret is published in tutorials about Spring Boot, so anyone can sign with it: make a random one",
    ),
    (
        b"cc7e0d44fd473002f1c42167459001140ec6389b7353f8088f4d9a95f2f596f2",
        "the secret is published in the documentation of jose, so anyone can sign with it: make a random one",
    ),
    (b"a-string-secret-at-least-256-bits-long", JWT_IO),
    (b"a-valid-string-secret-that-is-at-least-384-bits-long", JWT_IO),
    (b"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long", JWT_IO),
];

const JWT_IO: &str = "the secret is published on jwt.io, so anyone can sign with it: make a random one";

/// The reason to refuse this secret, if it is published. White space around it, such as a line break of an environment file,
/// makes it no other secret.
pub(super) fn reason(secret: &[u8]) -> Option<&'static str> {
    let secret = secret.trim_ascii();
    SECRETS.iter().find(|(published, _)| *published == secret).map(|(_, reason)| *reason)
}
