//! The limits, and the forms that are no canonical ones.

use edgegate_schemes::{Argon2Cost, Error, Scheme, Variant, Version, hash_argon2id, limits};

fn error(text: &str) -> Option<Error> {
    Scheme::parse(text).err()
}

fn argon2(cost: &str) -> Option<Error> {
    error(&format!("$argon2id$v=19${cost}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"))
}

#[test]
fn the_cost_of_argon2() {
    for right in ["m=65536,t=8,p=4", "m=32768,t=16,p=16", "m=8,t=1,p=1", "m=128,t=1,p=16", "m=65536,t=1,p=1"] {
        assert_eq!(argon2(right), None, "{right}");
    }
    for costly in [
        "m=65537,t=1,p=1",
        "m=65536,t=9,p=1",
        "m=8,t=17,p=1",
        "m=1024,t=1,p=17",
        "m=4294967296,t=1,p=1",
        "m=8,t=99999999999999999999,p=1",
    ] {
        assert_eq!(argon2(costly), Some(Error::TooCostly), "{costly}");
    }
    for malformed in [
        "m=7,t=1,p=1",
        "m=15,t=1,p=2",
        "m=8,t=0,p=1",
        "m=8,t=1,p=0",
        "m=0,t=1,p=1",
        "t=1,m=8,p=1",
        "m=8,t=1",
        "m=8,t=1,p=1,p=1",
        "m=08,t=1,p=1",
        "m=+8,t=1,p=1",
        "m=-8,t=1,p=1",
        "m= 8,t=1,p=1",
        "m=8,t=1,p=1,keyid=AAAA",
        "m=8,t=1,p=1,data=AAAA",
        "m=,t=1,p=1",
        "",
        "m=٨,t=1,p=1",
    ] {
        assert_eq!(argon2(malformed), Some(Error::Malformed), "{malformed}");
    }
}

#[test]
fn the_parts_of_argon2() {
    let text = |name: &str, version: &str, salt: usize, tag: usize| {
        let base64 = |bytes: usize| "A".repeat((bytes * 4).div_ceil(3));
        error(&format!("${name}${version}m=8,t=1,p=1${}${}", base64(salt), base64(tag)))
    };
    for (salt, tag, expected) in [
        (8, 4, None),
        (64, 64, None),
        (7, 32, Some(Error::Malformed)),
        (65, 32, Some(Error::Malformed)),
        (16, 3, Some(Error::Malformed)),
        (16, 65, Some(Error::Malformed)),
        (0, 32, Some(Error::Malformed)),
        (16, 0, Some(Error::Malformed)),
    ] {
        assert_eq!(text("argon2id", "v=19$", salt, tag), expected, "{salt} {tag}");
    }
    for (name, version) in [
        ("argon2", "v=19$"),
        ("argon2ix", "v=19$"),
        ("argon2ID", "v=19$"),
        ("argon2id", "v=18$"),
        ("argon2id", "v=019$"),
        ("argon2id", "v=$"),
        ("argon2id", "$"),
    ] {
        assert_eq!(text(name, version, 16, 32), Some(Error::Malformed), "{name} {version}");
    }
    for (name, variant) in [("argon2d", Variant::D), ("argon2i", Variant::I), ("argon2id", Variant::Id)] {
        for (version, expected) in [("", Version::V10), ("v=16$", Version::V10), ("v=19$", Version::V13)] {
            let text = format!("${name}${version}m=16,t=3,p=2$AAAAAAAAAAA$AAAAAA");
            let Ok(Scheme::Argon2(hash)) = Scheme::parse(&text) else { panic!("{text}") };
            assert_eq!((hash.variant(), hash.version()), (variant, expected));
            assert_eq!(hash.cost(), Argon2Cost::new(16, 3, 2).unwrap());
        }
    }
    // Bits that the last character must not have, and padding.
    for salt in ["c29tZXNhbHR", "c29tZXNhbHQ=", "c29tZXN hbHQ", "c29tZXNhbH_"] {
        assert_eq!(error(&format!("$argon2id$v=19$m=8,t=1,p=1${salt}$AAAAAA")), Some(Error::Malformed), "{salt}");
    }
}

#[test]
fn the_cost_of_scrypt() {
    let werkzeug = |cost: &str| error(&format!("scrypt:{cost}$salt${}", "0".repeat(128)));
    for right in ["32768:8:1", "65536:8:4", "16384:32:4", "2:1:16", "524288:1:4"] {
        assert_eq!(werkzeug(right), None, "{right}");
    }
    for costly in
        ["131072:8:1", "65536:8:5", "2:33:1", "2:1:17", "33554432:1:1", "4294967296:1:1", "1048576:1:1", "16384:32:5"]
    {
        assert_eq!(werkzeug(costly), Some(Error::TooCostly), "{costly}");
    }
    for malformed in ["0:8:1", "1:8:1", "3:8:1", "32767:8:1", "16:0:1", "16:1:0", "16:1", "16:1:1:1", "", "16:1:01"] {
        assert_eq!(werkzeug(malformed), Some(Error::Malformed), "{malformed}");
    }
}

#[test]
fn the_cost_of_pbkdf2() {
    let of = |iterations: &str, salt: &str| {
        let django = error(&format!("pbkdf2_sha256${iterations}${salt}${}=", "A".repeat(43)));
        assert_eq!(
            django,
            error(&format!("pbkdf2:sha256:{iterations}${salt}${}", "0".repeat(64))),
            "{iterations} {salt}"
        );
        django
    };
    assert_eq!([of("1", "s"), of("2000000", "s")], [None; 2]);
    assert_eq!([of("2000001", "s"), of("4294967297", "s")], [Some(Error::TooCostly); 2]);
    assert_eq!([of("0", "s"), of("", "s"), of("01", "s"), of("1", ""), of("1", "s$s")], [Some(Error::Malformed); 5]);
}

#[test]
fn digests_have_one_length_and_one_form() {
    for (text, expected) in [
        (format!("pbkdf2_sha256$1$s${}=", "A".repeat(43)), None),
        (format!("pbkdf2_sha256$1$s${}", "A".repeat(43)), Some(Error::Malformed)),
        (format!("pbkdf2_sha256$1$s${}==", "A".repeat(43)), Some(Error::Malformed)),
        (format!("pbkdf2_sha256$1$s${}=", "A".repeat(39)), Some(Error::Malformed)),
        (format!("pbkdf2_sha256$1$s${}B=", "A".repeat(42)), Some(Error::Malformed)),
        (format!("pbkdf2:sha256:1$s${}", "a".repeat(64)), None),
        (format!("pbkdf2:sha256:1$s${}", "A".repeat(64)), Some(Error::Malformed)),
        (format!("pbkdf2:sha256:1$s${}", "a".repeat(63)), Some(Error::Malformed)),
        (format!("pbkdf2:sha256:1$s${}", "a".repeat(62)), Some(Error::Malformed)),
        (format!("pbkdf2:sha256:1$s${}", "a".repeat(66)), Some(Error::Malformed)),
        (format!("pbkdf2:sha1:1$s${}", "a".repeat(40)), Some(Error::Malformed)),
        (format!("scrypt:2:1:1$s${}", "a".repeat(126)), Some(Error::Malformed)),
        (format!("scrypt:2:1:1$s${}g", "a".repeat(127)), Some(Error::Malformed)),
        (format!("scrypt:2:1:1$${}", "a".repeat(128)), Some(Error::Malformed)),
        (format!("ab:{}", "a".repeat(128)), None),
        (format!("ag:{}", "a".repeat(128)), Some(Error::Unknown)),
        (format!(":{}", "a".repeat(128)), Some(Error::Unknown)),
        (format!("ab:{}", "a".repeat(127)), Some(Error::Unknown)),
        (format!("{}:{}", "a".repeat(896), "a".repeat(128)), Some(Error::Unknown)),
        ("$2b$12$abcdefghijklmnopqrstuuW1Y3eRZXyM8J1bC6ZBY1d3i1kS5Nl8K".to_owned(), Some(Error::Unknown)),
        (String::new(), Some(Error::Unknown)),
    ] {
        assert_eq!(error(&text), expected, "{text}");
    }
}

#[test]
fn a_password_has_at_most_4096_bytes() {
    let cost = Argon2Cost::new(8, 1, 1).unwrap();
    let longest = vec![b'a'; limits::PASSWORD_MAX];
    let longer = vec![b'a'; limits::PASSWORD_MAX + 1];
    let stored = hash_argon2id(&longest, b"0123456789abcdef", cost).unwrap();
    assert_eq!(Scheme::parse(&stored).unwrap().verify(&longest), Ok(true));
    assert_eq!(Scheme::parse(&stored).unwrap().verify(&longer), Err(Error::PasswordTooLong));
    assert_eq!(hash_argon2id(&longer, b"0123456789abcdef", cost), Err(Error::PasswordTooLong));
}

#[test]
fn what_is_made_is_what_the_crate_argon2_makes() {
    use argon2::password_hash::PasswordHasher as _;

    let cost = Argon2Cost::new(100, 3, 2).unwrap();
    let params = argon2::Params::new(100, 3, 2, Some(32)).unwrap();
    let theirs = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let theirs = theirs.hash_password_with_salt(b"password", b"0123456789abcdef").unwrap();
    assert_eq!(hash_argon2id(b"password", b"0123456789abcdef", cost).unwrap(), theirs.to_string());
    assert_eq!(Argon2Cost::default(), Argon2Cost::new(65_536, 3, 4).unwrap());
}
