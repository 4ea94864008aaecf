//! Prints random passwords with stored hashes of them, which the crate `argon2` has computed, as JSON lines: the tests of the wasm module
//! verify them. The arguments are a seed and the number of lines.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program of the tests"
)]

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding as _};

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|number| number.parse().expect("a number")).collect();
    let mut state = numbers[0] | 1;
    let mut below = |end: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % end
    };
    for _ in 0..numbers[1] {
        let algorithm = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id][below(3) as usize];
        let (version, text) = [(Version::V0x10, ""), (Version::V0x13, "v=19$")][below(2) as usize];
        let (passes, lanes) = (1 + below(4) as u32, 1 + below(4) as u32);
        let memory = 8 * lanes + below(505 - 8 * u64::from(lanes)) as u32;
        let password: String = (0..below(200)).map(|_| (b' ' + below(95) as u8) as char).collect();
        let salt: Vec<u8> = (0..8 + below(57)).map(|_| below(256) as u8).collect();
        let mut tag = vec![0; 4 + below(61) as usize];
        let params = Params::new(memory, passes, lanes, Some(tag.len())).expect("parameters in the range");
        let argon2 = Argon2::new(algorithm, version, params);
        argon2.hash_password_into(password.as_bytes(), &salt, &mut tag).expect("enough memory");
        let stored = |tag: &[u8]| {
            let (salt, tag) = (Base64Unpadded::encode_string(&salt), Base64Unpadded::encode_string(tag));
            format!("${}${text}m={memory},t={passes},p={lanes}${salt}${tag}", algorithm.as_str())
        };
        let right = stored(&tag);
        let bit = below(8 * tag.len() as u64) as usize;
        tag[bit / 8] ^= 1 << (bit % 8);
        println!("{}", serde_json::json!({ "password": password, "stored": right, "wrong": stored(&tag) }));
    }
}
