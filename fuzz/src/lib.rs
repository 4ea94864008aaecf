//! What must hold for any input from outside: no panic, a reply of the contract, and no token accepted but the one that was issued.
//!
//! `cargo xtask fuzz` runs one of the [`TARGETS`] with libFuzzer; `tests/smoke.rs` runs each for a short time.

mod targets;

/// A target: a name, seeds, and what is done with an input.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Inputs to begin with.
    pub seeds: &'static [&'static [u8]],
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "urlencoded", seeds: targets::URLENCODED, run: targets::urlencoded },
    Target { name: "multipart", seeds: targets::MULTIPART, run: targets::multipart },
    Target { name: "json", seeds: targets::JSON, run: targets::json },
    Target { name: "email", seeds: targets::EMAIL, run: targets::email },
    Target { name: "head", seeds: targets::HEAD, run: targets::head },
    Target { name: "token", seeds: targets::TOKEN, run: targets::token },
    Target { name: "stored-hash", seeds: targets::STORED_HASH, run: targets::stored_hash },
    Target { name: "jwk-set", seeds: targets::JWK_SET, run: targets::jwk_set },
    Target { name: "answers", seeds: targets::ANSWERS, run: targets::answers },
];
