//! `PATCH /me/password`.

use crate::support::{NOW, SECRET, Store, quick_gate_with, run};
use edgegate::{Gate, Question, Refusal, Reply, Request, Vars, host::PasswordChange};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

const LOGIN: &str = "username=user@example.com&password=secret";

fn vars() -> Vars {
    Vars {
        password_change: Some("on".into()),
        revocation: Some("on".into()),
        refresh_token_expire_minutes: Some("60".into()),
        password_min_length: Some("8".into()),
        ..Vars::default()
    }
}

fn gate() -> Gate {
    quick_gate_with(SECRET, vars())
}

fn store() -> Store {
    Store::with_user(1, "user@example.com")
}

fn member(reply: &Reply, name: &str) -> String {
    let body: Value = serde_json::from_str(&reply.body).expect("the body is JSON");
    body[name].as_str().expect("the member is a text").to_owned()
}

fn token(store: &mut Store, gate: &Gate) -> String {
    member(&store.login(gate, LOGIN, NOW), "access_token")
}

/// The reply, and the questions that were asked. Before each answer `meanwhile` changes the store.
fn change_with(
    store: &mut Store,
    gate: &Gate,
    token: &str,
    body: &Value,
    mut meanwhile: impl FnMut(&mut Store, &Question),
) -> (Reply, Vec<String>) {
    let mut request = Request::new("PATCH", "http://localhost/me/password");
    request.content_type = Some("application/json".into());
    request.authorization = Some(format!("Bearer {token}"));
    let mut asked = Vec::new();
    let reply = run(gate.handle(request, NOW), |question| {
        asked.push(format!("{question:?}").split(['(', ' ']).next().unwrap_or_default().to_owned());
        meanwhile(store, question);
        store.answer(question, body.to_string().as_bytes())
    });
    (reply, asked)
}

fn change(store: &mut Store, gate: &Gate, token: &str, current: &str, new: &str) -> Reply {
    let body = json!({ "current_password": current, "new_password": new });
    change_with(store, gate, token, &body, |_, _| {}).0
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_ends_all_tokens_and_sessions_but_those_of_the_reply() {
    let (gate, mut store) = (gate(), store());
    let [first, second] = [0, 1].map(|_| store.login(&gate, LOGIN, NOW));
    let old = member(&first, "access_token");
    let reply = change(&mut store, &gate, &old, "secret", "a new secret");
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(member(&reply, "token_type"), "bearer");
    assert_eq!(store.ask(&gate, "GET", "/me", &old, NOW).status, 401);
    for tokens in [&first, &second] {
        let form = format!("grant_type=refresh_token&refresh_token={}", member(tokens, "refresh_token"));
        assert_eq!(store.login(&gate, &form, NOW).status, 400);
    }
    let form = format!("grant_type=refresh_token&refresh_token={}", member(&reply, "refresh_token"));
    assert_eq!(store.login(&gate, &form, NOW).status, 200);
    assert_eq!(store.ask(&gate, "GET", "/me", &member(&reply, "access_token"), NOW).status, 200);
    assert_eq!(store.login(&gate, LOGIN, NOW).status, 403);
    assert_eq!(store.login(&gate, "username=user@example.com&password=a+new+secret", NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_refused_changes_nothing() {
    let (gate, mut store) = (gate(), store());
    let token = token(&mut store, &gate);
    let before = store.users.clone();
    for (current, new, status, detail) in [
        ("wrong", "a new secret", 400, "Incorrect password"),
        (&"x".repeat(5000), "a new secret", 400, "Incorrect password"),
        ("secret", "secret", 422, "String should have at least 8 characters"),
        ("", "a new secret", 422, "String should have at least 1 character"),
        ("secret", &"x".repeat(73), 422, "String should have at most 72 bytes"),
    ] {
        let reply = change(&mut store, &gate, &token, current, new);
        assert!(reply.status == status && reply.body.contains(detail), "{reply:?}");
        assert!(!reply.body.contains("a new secret"));
    }
    assert!(store.users.0 == before.0);
    let long = quick_gate_with(SECRET, Vars { password_min_length: Some("1".into()), ..vars() });
    let reply = change(&mut store, &long, &token, "secret", "secret");
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (400, r#"{"detail":"New password cannot be the same as the current one"}"#)
    );
    // bcrypt reads 72 bytes.
    let long_one = "x".repeat(72);
    store.users.0[0].password = bcrypt::hash_with_salt(&long_one, 4, [3; 16]).expect("4 is allowed").to_string();
    assert_eq!(change(&mut store, &gate, &token, &format!("{long_one}y"), &long_one).status, 400);
    // The stored hash cannot be used: the answer is that of a wrong password.
    store.users.0[0].password = "no hash".into();
    let broken = change(&mut store, &gate, &token, "secret", "a new secret");
    let wrong = change(&mut store, &gate, &token, "wrong", "a new secret");
    assert_eq!((broken.status, &broken.headers, &broken.body), (wrong.status, &wrong.headers, &wrong.body));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_without_a_valid_token_costs_nothing() {
    let (gate, mut store) = (gate(), store());
    let body = json!({ "current_password": "secret", "new_password": "a new secret" });
    let (reply, asked) = change_with(&mut store, &gate, "no.to.ken", &body, |_, _| {});
    assert_eq!((reply.status, asked), (401, vec!["Body".to_owned()]));
    let without = Request::new("PATCH", "http://localhost/me/password");
    assert_eq!(run(gate.handle(without, NOW), |_| unreachable!()).status, 401);
}

/// Of two changes at once, or of a change and a logout everywhere, one counts.
#[wasm_bindgen_test(unsupported = test)]
fn what_changes_in_between_is_noticed() {
    let other = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
    let body = json!({ "current_password": "secret", "new_password": "a new secret" });
    for (expected, meanwhile) in [
        (401, &(|store: &mut Store| store.users.raise(&1.into())) as &dyn Fn(&mut Store)),
        (200, &|store: &mut Store| store.users.0[0].password = other.into()),
        (400, &|store: &mut Store| {
            store.users.0[0].password =
                bcrypt::hash_with_salt("another", 4, [5; 16]).expect("4 is allowed").to_string();
        }),
    ] {
        let (gate, mut store) = (gate(), store());
        let token = token(&mut store, &gate);
        let mut happened = false;
        let (reply, asked) = change_with(&mut store, &gate, &token, &body, |store, question| {
            if matches!(question, Question::ChangePassword(_)) && !happened {
                happened = true;
                meanwhile(store);
            }
        });
        assert_eq!(reply.status, expected, "{reply:?} {asked:?}");
    }
    // Again and again: it gives up.
    let (gate, mut store) = (gate(), store());
    let token = token(&mut store, &gate);
    let mut salt = 0;
    let (reply, _) = change_with(&mut store, &gate, &token, &body, |store, question| {
        if matches!(question, Question::ChangePassword(PasswordChange { .. })) {
            salt += 1;
            store.users.0[0].password =
                bcrypt::hash_with_salt("secret", 4, [salt; 16]).expect("4 is allowed").to_string();
        }
    });
    assert_eq!((reply.status, salt), (503, 2));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_route_is_there_with_its_setting_only() {
    let mut store = store();
    let off = quick_gate_with(SECRET, Vars { password_change: None, ..vars() });
    let token = token(&mut store, &off);
    assert_eq!(change(&mut store, &off, &token, "secret", "a new secret").status, 404);
    let refused = off.change_password(None, "secret", "a new secret", None, NOW).done();
    assert_eq!(refused, Some(Err(Refusal::UnknownPath)));
    let on = gate();
    let reply = run(on.handle(Request::new("GET", "http://localhost/me/password"), NOW), |_| unreachable!());
    assert_eq!((reply.status, reply.headers.iter().any(|(_, value)| value == "PATCH")), (405, true));
    // Without HTTP, by the same rules.
    let bearer = || Some(format!("Bearer {token}"));
    let short = run(on.change_password(bearer(), "secret", "short", None, NOW), |question| store.answer(question, b""));
    assert_eq!(short.unwrap_err().code(), "body-unprocessable");
    let changed =
        run(on.change_password(bearer(), "secret", "a new secret", None, NOW), |question| store.answer(question, b""));
    assert!(changed.is_ok());
}

/// A stolen token is no way to guess the password: each guess is counted as a login's is.
#[wasm_bindgen_test(unsupported = test)]
fn the_current_password_is_limited_and_checked_as_that_of_a_login_is() {
    let gate = quick_gate_with(SECRET, Vars { rate_limit: Some("on".into()), ..vars() });
    let mut store = store();
    let token = member(&store.login(&quick_gate_with(SECRET, vars()), LOGIN, NOW), "access_token");
    let body = json!({ "current_password": "wrong", "new_password": "a new secret" });
    let (reply, asked) = change_with(&mut store, &gate, &token, &body, |_, _| {});
    assert_eq!(reply.status, 400);
    assert_eq!(asked, ["Body", "UserById", "Limit", "UserByEmail", "Work"]);
    let mut request = Request::new("PATCH", "http://localhost/me/password");
    request.content_type = Some("application/json".into());
    request.authorization = Some(format!("Bearer {token}"));
    let refused = run(gate.handle(request, NOW), |question| match question {
        Question::Limit(limit) => {
            assert!(limit.account.is_some());
            edgegate::Answer::WithinLimit(false)
        }
        question => store.answer(question, body.to_string().as_bytes()),
    });
    assert_eq!(refused.status, 429);
}
