//! Passwords against published vectors, and the number of rounds of a refusal.

use crate::support::{SECRET, Users, gate, login, rehashing_gate};
use edgegate::{
    Question, Step,
    host::passwords,
    password::{self, Batch, Busy, Cost, HashError, PasswordError, PasswordHash},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[derive(serde::Deserialize)]
struct Vector {
    password: String,
    hash: String,
    ok: bool,
    source: String,
}

#[wasm_bindgen_test(unsupported = test)]
fn published_vectors() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../vectors/bcrypt.json")).expect("the vectors are JSON");
    assert!(vectors.len() > 400, "only {} vectors", vectors.len());
    let mut refused = Vec::new();
    for vector in vectors {
        let verdict = password::verify(hex(&vector.password), &vector.hash);
        assert_eq!(verdict == Ok(true), vector.ok, "{} ({})", vector.hash, vector.source);
        refused.extend((!vector.ok).then_some(verdict));
    }
    let count = |verdict| refused.iter().filter(|refused| **refused == verdict).count();
    let errors = [HashError::Version, HashError::TooCostly, HashError::Malformed];
    assert_eq!((count(Ok(false)), errors.map(|error| count(Err(error)))), (18, [33, 6, 46]));
}

#[wasm_bindgen_test(unsupported = test)]
fn every_length_agrees_with_the_bcrypt_crate() {
    let text = "0123456789".repeat(8);
    for length in 0..=80 {
        let password = &text[..length];
        let parts = bcrypt::hash_with_salt(password, 4, [7; 16]).expect("cost 4 is bcrypt's least");
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            assert_eq!(password::verify(password, &parts.format_for_version(version)), Ok(true), "length {length}");
        }
        let other = format!("{}x", &text[..length.min(71).saturating_sub(1)]);
        assert_eq!(password::verify(other, &parts.to_string()), Ok(false), "length {length}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_hash_is_2b_of_the_given_cost_and_verifies_with_the_bcrypt_crate() {
    let hash = password::hash("correct horse", Cost::new(10).expect("10 is allowed")).expect("it hashes");
    assert!(hash.starts_with("$2b$10$") && hash.len() == 60, "{hash}");
    assert!(bcrypt::verify("correct horse", &hash).expect("the bcrypt crate reads it"));
    let again = password::hash("correct horse", Cost::new(10).expect("10 is allowed")).expect("it hashes");
    assert_ne!(hash, again, "the salt is random");
}

#[wasm_bindgen_test(unsupported = test)]
fn hashing_refuses_passwords_that_bcrypt_would_truncate() {
    let cost = Cost::new(10).expect("10 is allowed");
    assert!(password::hash(&"x".repeat(72), cost).is_ok());
    assert_eq!(password::hash(&"x".repeat(73), cost), Err(PasswordError::TooLong));
    assert_eq!(password::hash(&"é".repeat(37), cost), Err(PasswordError::TooLong), "bytes count, not characters");
    assert_eq!(password::hash("a\0b", cost), Err(PasswordError::Nul));
    assert_eq!(password::hash("", cost), Err(PasswordError::Empty));
    for cost in [0, 3, 4, 9, 15, 31, 32, u32::MAX] {
        assert_eq!(Cost::new(cost), Err(PasswordError::Cost), "cost {cost}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unusable_hash_has_its_reason() {
    let tail = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    for (stored, error) in [
        (format!("$2x$05${tail}"), HashError::Version),
        (format!("$2b$17${tail}"), HashError::TooCostly),
        (format!("$2b$31${tail}"), HashError::TooCostly),
        (format!("$2b$03${tail}"), HashError::Malformed),
        (format!("$2b$5${tail}"), HashError::Malformed),
        (format!("$2b$+5${tail}"), HashError::Malformed),
        (format!("$2x$+5${tail}"), HashError::Malformed),
        (format!("$2c$05${tail}"), HashError::Malformed),
        (format!("$2b$05${tail}="), HashError::Malformed),
        (format!("$2b$05$é{}", &tail[2..]), HashError::Malformed),
        ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(), HashError::Malformed),
        (String::new(), HashError::Malformed),
    ] {
        assert_eq!(PasswordHash::parse(&stored).err(), Some(error), "{stored}");
    }
    for cost in [4, 16] {
        assert_eq!(PasswordHash::parse(&format!("$2b${cost:02}${tail}")).map(|hash| hash.cost()), Ok(cost));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_bit_of_a_stored_hash_counts() {
    use base64::Engine as _;

    let stored = bcrypt::hash_with_salt("right", 4, [1; 16]).expect("the cost is allowed").to_string();
    let (head, hash) = stored.split_at(29);
    let hash = bcrypt::BASE_64.decode(hash).expect("31 characters");
    assert_eq!(password::verify("right", &stored), Ok(true));
    for bit in 0..23 * 8 {
        let mut changed = hash.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = [head, &bcrypt::BASE_64.encode(changed)].concat();
        assert_eq!(password::verify("right", &changed), Ok(false), "bit {bit}");
    }
}

/// Unknown user, wrong password, hash of lower cost, invalid hash: all take the same number of rounds.
#[wasm_bindgen_test(unsupported = test)]
fn every_refused_login_takes_the_same_rounds() {
    let hash = |cost| bcrypt::hash_with_salt("right", cost, [1; 16]).expect("the cost is allowed").to_string();
    let costly = hash(4).replace("$04$", "$17$");
    let mut users = Users::with(&[
        (1, "ten@example.com", &hash(10)),
        (2, "six@example.com", &hash(6)),
        (3, "four@example.com", &hash(4)),
        (4, "corrupt@example.com", "corrupt"),
        (5, "empty@example.com", ""),
        (6, "2x@example.com", &hash(4).replace("$2b$", "$2x$")),
        (7, "costly@example.com", &costly),
        // bcrypt alone would accept the overlong password.
        (8, "overlong@example.com", &bcrypt::hash_with_salt("x".repeat(72), 10, [1; 16]).expect("allowed").to_string()),
    ]);
    let gate = gate(SECRET);
    let overlong = format!("username=overlong@example.com&password={}", "x".repeat(4097));
    let overlong_name = format!("username={}@example.com&password=wrong", "x".repeat(255));
    let mut forms = vec![
        "username=nobody@example.com&password=wrong".to_owned(),
        "username=no+address&password=wrong".to_owned(),
        "username=+&password=wrong".to_owned(),
        "username=a%00b&password=wrong".to_owned(),
        overlong,
        overlong_name,
    ];
    forms.extend(users.0.iter().map(|user| format!("username={}&password=wrong", user.email)));
    let replies: Vec<_> = forms.iter().map(|form| login(&gate, &mut users, form)).collect();
    for (form, reply) in forms.iter().zip(&replies) {
        assert_eq!(reply.rounds, 1 << 10, "{form}");
        assert_eq!((reply.status, &reply.headers, &reply.body), {
            let first = &replies[0];
            (403, &first.headers, &first.body)
        });
    }
    let reply = login(&gate, &mut users, "username=six@example.com&password=right");
    assert_eq!((reply.status, reply.rounds), (200, 1 << 6));
}

/// With `REHASH=on` a right password raises a hash of lower cost to `BCRYPT_COST`; a wrong one still takes the same
/// rounds.
#[wasm_bindgen_test(unsupported = test)]
fn rehash_on_replaces_a_hash_of_lower_cost() {
    let hash = |cost| bcrypt::hash_with_salt("right", cost, [1; 16]).expect("the cost is allowed").to_string();
    let long = "x".repeat(80);
    let mut users = Users::with(&[
        (1, "cheap@example.com", &hash(6)),
        (2, "good@example.com", &hash(10)),
        (3, "long@example.com", &bcrypt::hash_with_salt(&long, 4, [1; 16]).expect("allowed").to_string()),
        (4, "costly@example.com", &hash(11)),
    ]);
    let gate = rehashing_gate(SECRET);
    let wrong = login(&gate, &mut users, "username=cheap@example.com&password=wrong");
    assert_eq!((wrong.status, wrong.rounds), (403, 1 << 10));
    assert_eq!(users.0[0].password, hash(6), "a wrong password changes nothing");
    let right = login(&gate, &mut users, "username=cheap@example.com&password=right");
    assert_eq!((right.status, right.rounds), (200, 1 << 6), "the new hash is made after the reply");
    assert!(users.0[0].password.starts_with("$2b$10$"), "{}", users.0[0].password);
    let again = login(&gate, &mut users, "username=cheap@example.com&password=right");
    assert_eq!((again.status, again.rounds), (200, 1 << 10));
    login(&gate, &mut users, "username=good@example.com&password=right");
    assert_eq!(users.0[1].password, hash(10), "good enough stays as it is");
    assert_eq!(login(&gate, &mut users, "username=costly@example.com&password=right").status, 200);
    assert_eq!(users.0[3].password, hash(11), "a higher cost is not lowered");
    assert_eq!(login(&gate, &mut users, &format!("username=long@example.com&password={long}")).status, 200);
    assert!(users.0[2].password.starts_with("$2b$04$"), "what may not be hashed anew keeps its hash");
}

#[wasm_bindgen_test(unsupported = test)]
fn batches_equal_single_computations() {
    let passwords: Vec<String> = (0..7).map(|at| format!("password {at}")).collect();
    let hash = |at: usize| {
        let cost = 4 + u32::try_from(at % 3).expect("small");
        bcrypt::hash_with_salt(&passwords[at], cost, [9; 16]).expect("allowed").to_string()
    };
    let hashes: Vec<String> = (0..7).map(hash).collect();
    let mut pairs: Vec<(&str, &str)> = passwords.iter().zip(&hashes).map(|(p, h)| (p.as_str(), h.as_str())).collect();
    pairs.insert(3, ("wrong", &hashes[0]));
    pairs.insert(5, ("x", "no hash"));
    let expected: Vec<_> = pairs.iter().map(|(password, hash)| password::verify(password, hash)).collect();
    assert_eq!(password::verify_all(&pairs), expected);
    assert_eq!(expected.iter().filter(|verdict| **verdict == Ok(true)).count(), 7);
    let made = password::hash_all(&["a", "", "b"], Cost::new(10).expect("10 is allowed"));
    assert!(matches!(made.as_slice(), [Ok(_), Err(PasswordError::Empty), Ok(_)]), "{made:?}");
    for (password, hash) in [("a", &made[0]), ("b", &made[2])] {
        assert!(bcrypt::verify(password, hash.as_ref().expect("made")).expect("read"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_batch_step_computes_four() {
    let passwords: Vec<String> = (0..9).map(|at| format!("password {at}")).collect();
    let mut batch = Batch::hash(&passwords, low());
    assert_eq!(batch.refusal(), None);
    assert_eq!(std::iter::repeat_with(|| batch.step(&|| false)).take(3).collect::<Vec<_>>(), [true, true, false]);
    assert!(!batch.step(&|| false), "nothing is left to do");
    let hashes: Vec<String> = batch.results().into_iter().map(|hash| hash.expect("it hashes")).collect();
    for (password, hash) in passwords.iter().zip(&hashes) {
        assert!(bcrypt::verify(password, hash).expect("the bcrypt crate reads it"), "{password}");
    }
    let mut batch = Batch::hash(&[""; 0], low());
    assert!(!batch.step(&|| true) && batch.results().is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_batch_checks_all_inputs_before_computing() {
    let batch = Batch::hash(&["a", "b\0", ""], low());
    assert_eq!(batch.refusal(), Some(&PasswordError::Nul));
    assert_eq!(batch.results(), [Err(PasswordError::Busy), Err(PasswordError::Nul), Err(PasswordError::Empty)]);
    let batch = Batch::verify(&[("a", "no hash")]);
    assert_eq!(batch.refusal(), Some(&HashError::Malformed));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stopped_step_answers_busy_and_keeps_the_others() {
    let mut batch = Batch::hash(&["a"; 9], low());
    assert!(batch.step(&|| false) && batch.step(&|| true) && !batch.step(&|| false));
    let results = batch.results();
    let (done, stopped): (Vec<_>, Vec<_>) = results.iter().partition(|result| result.is_ok());
    assert_eq!((done.len(), stopped), (5, vec![&Err(PasswordError::Busy); 4]));
}

#[wasm_bindgen_test(unsupported = test)]
fn stopped_work_has_no_result() {
    let Step::Ask(Question::Work { job }, _) = passwords::hash("a", low()) else { panic!("it asks for work") };
    assert_eq!(job.work_out(&|| true).err(), Some(Busy));
    assert_eq!(Busy.to_string(), "the work was stopped");
}

#[wasm_bindgen_test(unsupported = test)]
fn low_costs_need_dangerously_low() {
    for cost in 4..=9 {
        assert_eq!(Cost::dangerously_low(cost).map(Cost::get), Some(cost));
    }
    for cost in [0, 3, 10, 14, 31, u32::MAX] {
        assert_eq!(Cost::dangerously_low(cost), None, "cost {cost}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn debug_shows_no_secret() {
    let stored = bcrypt::hash_with_salt("secret", 4, [1; 16]).expect("the cost is allowed").to_string();
    let Step::Ask(Question::Work { job }, _) = passwords::verify("secret", &stored) else { panic!("it asks") };
    let hashed = job.work_out(&|| false).expect("nothing stops it");
    let stored = PasswordHash::parse(&stored).expect("it is a hash");
    assert_eq!(
        format!("{job:?} {hashed:?} {stored:?}"),
        "Job { cost: 4, .. } Hashed { .. } PasswordHash { cost: 4, .. }"
    );
    assert_eq!(format!("{:?}", Batch::hash(&["secret", ""], low())), "Batch { inputs: 2, waiting: 1, .. }");
}

#[wasm_bindgen_test(unsupported = test)]
fn errors_have_codes_and_texts() {
    let said = |error: PasswordError| (error.code(), error.to_string());
    for (error, code, text) in [
        (PasswordError::Empty, "password-empty", "the password is empty"),
        (PasswordError::TooLong, "password-too-long", "the password is longer than 72 bytes"),
        (PasswordError::Nul, "password-nul", "the password holds a NUL character"),
        (PasswordError::Cost, "cost-out-of-range", "the cost is not from 10 to 14"),
        (PasswordError::Randomness, "no-randomness", "the system gave no randomness for the salt"),
    ] {
        assert_eq!(said(error), (code, text.to_owned()));
    }
    assert_eq!(said(Busy.into()), ("busy", Busy.to_string()));
}

fn low() -> Cost {
    Cost::dangerously_low(4).expect("4 is bcrypt's least")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
}
