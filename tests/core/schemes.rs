//! Stored hashes of other schemes than bcrypt, which the host verifies.

use crate::support::{NOW, SECRET, Users, row, run, settings_with};
use edgegate::{Answer, Credentials, Gate, Question, Refusal, Settings, Vars, password::Cost};
use wasm_bindgen_test::wasm_bindgen_test;

const STORED: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$VGhpcyBpcyBub3QgYSBoYXNo";

fn gate(other_schemes: bool, vars: Vars) -> Gate {
    let settings = settings_with(SECRET, vars);
    let cost = Cost::dangerously_low(4).expect("4 is bcrypt's least");
    Gate::new(Settings { bcrypt_cost: cost, other_schemes, ..settings })
}

/// The refusal, and what was computed.
fn login(gate: &Gate, name: &str, verified: &Answer) -> (Option<Refusal>, Vec<String>) {
    let mut users = Users::default();
    users.0.push(row(1, "ada@example.com", STORED));
    let mut computed = Vec::new();
    let step = gate.login(Credentials::new(&format!("{name}@example.com"), "secret"), NOW);
    let result = run(step, |question| match question {
        Question::Verify { job } => {
            assert_eq!((job.stored(), job.password()), (STORED, "secret"));
            assert!(!format!("{job:?}").contains("secret"));
            computed.push("Verify".to_owned());
            verified.clone()
        }
        Question::Work { job } => {
            computed.push(format!("{job:?}"));
            users.answer(question, b"")
        }
        question => users.answer(question, b""),
    });
    (result.err(), computed)
}

#[wasm_bindgen_test(unsupported = test)]
fn the_host_verifies_what_is_none_of_bcrypt() {
    let gate = gate(true, Vars::default());
    assert_eq!(login(&gate, "ada", &Answer::Verified(true)), (None, vec!["Verify".into()]));
    assert_eq!(login(&gate, "ada", &Answer::Verified(false)), (Some(Refusal::WrongPassword), vec!["Verify".into()]));
    let (busy, _) = login(&gate, "ada", &Answer::Busy);
    assert_eq!(busy, Some(Refusal::Busy));
    let (unavailable, _) = login(&gate, "ada", &Answer::Unavailable);
    assert_eq!(unavailable, Some(Refusal::StoreUnavailable));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_host_cannot_read_takes_the_rounds_of_bcrypt() {
    let unknown = login(&gate(true, Vars::default()), "nobody", &Answer::Unreadable).1;
    for other_schemes in [true, false] {
        let (refusal, computed) = login(&gate(other_schemes, Vars::default()), "ada", &Answer::Unreadable);
        assert_eq!(refusal.map(|refusal| refusal.code()), Some("hash-malformed".into()));
        assert_eq!(computed.last(), unknown.last());
        assert_eq!(computed.len(), if other_schemes { 2 } else { 1 });
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_user_has_a_hash_of_the_mix() {
    let gate = gate(true, Vars { hash_mix: Some(format!("1:{STORED}").as_str().into()), ..Vars::default() });
    // Even a host that finds the password right logs nobody in.
    for verified in [Answer::Verified(false), Answer::Verified(true)] {
        assert_eq!(login(&gate, "nobody", &verified), (Some(Refusal::UnknownUser), vec!["Verify".into()]));
    }
}
