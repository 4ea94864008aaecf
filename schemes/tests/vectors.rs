//! Hashes that the original libraries made (`vectors/make.py`), and the vectors of the reference implementation of Argon2.

use edgegate_schemes::{Error, Scheme};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    library: String,
    stored: String,
    password: String,
}

fn all(json: &str, count: usize) {
    let vectors: Vec<Vector> = serde_json::from_str(json).unwrap();
    assert_eq!(vectors.len(), count);
    for Vector { library, stored, password } in vectors {
        let scheme = Scheme::parse(&stored).unwrap_or_else(|error| panic!("{library} {stored}: {error}"));
        assert_eq!(scheme.verify(password.as_bytes()), Ok(true), "{library} {stored} {password:?}");
        assert_eq!(scheme.verify(format!("{password}!").as_bytes()), Ok(false), "{library} {stored} {password:?}");
    }
}

#[test]
fn the_original_libraries() {
    all(include_str!("vectors/vectors.json"), 103);
}

#[test]
fn better_auth() {
    all(include_str!("vectors/better-auth.json"), 5);
}

/// src/test.c of the reference implementation, except three vectors of 256 MiB.
#[test]
fn the_reference_implementation() {
    all(include_str!("vectors/reference.json"), 21);
}

#[test]
fn errors_of_the_reference_implementation() {
    for version in ["", "v=19$"] {
        for malformed in [
            "p=1c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
            "p=1$c29tZXNhbHQ9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
            "p=1$$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        ] {
            let text = format!("$argon2i${version}m=65536,t=2,{malformed}");
            assert_eq!(Scheme::parse(&text).err(), Some(Error::Malformed), "{text}");
        }
    }
    // Hashes of "passwore".
    for text in [
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$b2G3seW+uPzerwQQC+/E1K50CLLO7YXy0JRcaTuswRo",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$8iIuixkI73Js3G1uMbezQXD0b8LG4SXGsOwoQkdAQIM",
    ] {
        assert_eq!(Scheme::parse(text).unwrap().verify(b"password"), Ok(false));
        assert_eq!(Scheme::parse(text).unwrap().verify(b"passwore"), Ok(true));
    }
}

/// The examples of Firebase's scrypt and of Supabase's tests.
#[test]
fn firebase() {
    let of_firebase = "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
    let of_supabase = "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==";
    for (text, password) in [(of_firebase, "user1password"), (of_supabase, "mytestpassword")] {
        let scheme = Scheme::parse(text).unwrap();
        assert_eq!(scheme.verify(password.as_bytes()), Ok(true));
        assert_eq!(scheme.verify(b"mytestpassword1"), Ok(false));
    }
    let changed = |from: &str, to: &str| Scheme::parse(&of_supabase.replace(from, to)).err();
    for (from, to) in [
        ("v=1,", "v=2,"),
        ("n=14", "n=0"),
        ("r=8", "r=0"),
        ("p=1,", "p=0,"),
        ("ss=Bw==", "ss=!!!"),
        ("ss=Bw==", "ss=Bw"),
        ("ss=Bw==", "ss="),
        ("sk=ou9t", "sk=!!!"),
        ("sk=ou9t", "sk=ou9tou9t"),
        ("$C0sH", "$!!!"),
        ("$C0sHCg9ek77hsg==", "$"),
        ("$zKVT", "$!!!"),
        // A shorter result would compare a part of the key.
        (
            "$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==",
            "$zKVTMvnWVw5BBOZNUdnsalx4",
        ),
        ("$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==", "$"),
    ] {
        assert_eq!(changed(from, to), Some(Error::Malformed), "{from} {to}");
    }
    for (from, to) in [("n=14", "n=4294967297"), ("r=8", "r=18446744073709551617"), ("p=1,", "p=256,")] {
        assert_eq!(changed(from, to), Some(Error::TooCostly), "{from} {to}");
    }
    // Without a separator the salt is the salt alone.
    assert_eq!(Scheme::parse(&of_supabase.replace("ss=Bw==,", "")).unwrap().verify(b"mytestpassword"), Ok(false));
}

/// The password of RFC 7914's test, with its salt, in Werkzeug's form.
#[test]
fn rfc_7914() {
    let key = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887";
    let text = format!("scrypt:16384:8:1$SodiumChloride${key}");
    assert_eq!(Scheme::parse(&text).unwrap().verify(b"pleaseletmein"), Ok(true));
}
