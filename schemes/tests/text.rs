//! Any text is read without a panic, and what is accepted means the same to the crate `argon2`.

use argon2::password_hash::phc::PasswordHash;
use edgegate_schemes::{Scheme, limits};

/// Texts that are nearly right: right ones with some characters changed, left out, doubled or exchanged.
fn mutated(count: usize, mut each: impl FnMut(&str)) {
    let seeds: Vec<serde_json::Value> =
        [include_str!("vectors/vectors.json"), include_str!("vectors/better-auth.json")]
            .iter()
            .flat_map(|json| serde_json::from_str::<Vec<serde_json::Value>>(json).unwrap())
            .collect();
    let mut state = 1u64;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    let pieces = [
        "$",
        ",",
        ":",
        "=",
        "0",
        "9",
        "A",
        "é",
        "\0",
        "m=",
        "t=",
        "v=",
        "99999999999",
        "18446744073709551616",
        "-",
        " ",
        "==",
        "/",
    ];
    for _ in 0..count {
        let mut text: Vec<char> = seeds[below(seeds.len())]["stored"].as_str().unwrap().chars().collect();
        for _ in 0..=below(4) {
            let at = below(text.len() + 1);
            match below(4) {
                0 if at < text.len() => drop(text.remove(at)),
                1 => text.truncate(at),
                2 => {
                    let end = (at + below(8)).min(text.len());
                    let piece: Vec<char> = text[at..end].to_vec();
                    text.splice(at..at, piece);
                }
                _ => {
                    let end = (at + below(3)).min(text.len());
                    text.splice(at..end, pieces[below(pieces.len())].chars());
                }
            }
        }
        each(&text.into_iter().collect::<String>());
    }
}

#[test]
fn any_text_is_read_without_a_panic() {
    let (mut read, mut refused) = (0, 0);
    mutated(100_000, |text| match Scheme::parse(text) {
        Ok(_) => read += 1,
        Err(_) => refused += 1,
    });
    assert!(read > 1000 && refused > 50_000, "{read} {refused}");
}

#[test]
fn what_is_accepted_means_the_same_to_the_crate_argon2() {
    let mut compared = 0;
    mutated(100_000, |text| {
        let Ok(Scheme::Argon2(hash)) = Scheme::parse(text) else { return };
        // The crate takes salts of at most 48 bytes, and tags of at least 10.
        let Ok(theirs) = PasswordHash::new(text) else { return };
        let params = argon2::Params::try_from(&theirs).unwrap();
        let cost = hash.cost();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (cost.memory_kib(), cost.passes(), cost.lanes()),
            "{text}"
        );
        assert!(cost.memory_kib() <= limits::MEMORY_MAX_KIB);
        compared += 1;
    });
    assert!(compared > 1000, "{compared}");
}

#[test]
fn a_long_text_is_refused_before_it_is_read() {
    for prefix in ["$argon2id$v=19$", "$fbscrypt$", "pbkdf2_sha256$", "pbkdf2:", "scrypt:", "ab:", ""] {
        assert!(Scheme::parse(&format!("{prefix}{}", "1".repeat(1 << 20))).is_err(), "{prefix}");
    }
}
