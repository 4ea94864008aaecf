//! Accounts: users that are not active, invitations, and the deletion of one's account.

use crate::support::{NOW, SECRET, Store, quick_gate_with, run};
use edgegate::{
    Answer, Gate, InvalidRow, Question, Refusal, Reply, Request, UserRow, Vars,
    host::{Rotated, SecurityEventKind},
};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

const LOGIN: &str = "username=user@example.com&password=secret";
const DELETE: [&str; 2] = ["DELETE", "/me"];
const SIGN_UP: [&str; 2] = ["POST", "/users"];

fn vars() -> Vars {
    Vars {
        account_deletion: Some("on".into()),
        password_change: Some("on".into()),
        revocation: Some("on".into()),
        refresh_token_expire_minutes: Some("60".into()),
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

fn said(reply: &Reply) -> (u16, &str) {
    (reply.status, &reply.body)
}

const INACTIVE: (u16, &str) = (400, r#"{"detail":"Inactive user"}"#);

#[wasm_bindgen_test(unsupported = test)]
fn a_user_who_is_not_active_is_told_so_after_the_right_password_only() {
    let (gate, mut store) = (gate(), store());
    store.users.0[0].is_active = false;
    let reply = store.login(&gate, LOGIN, NOW);
    assert_eq!(said(&reply), INACTIVE);
    assert_eq!(reply.event.expect("it is logged").reason, "inactive-user");
    let [wrong, unknown] = ["username=user@example.com&password=wrong", "username=no@example.com&password=wrong"]
        .map(|form| store.login(&gate, form, NOW));
    assert_eq!((said(&wrong), &wrong.headers), (said(&unknown), &unknown.headers));
    assert_eq!((wrong.rounds, reply.rounds), (unknown.rounds, unknown.rounds));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_tokens_of_a_user_who_is_not_active_are_refused() {
    let (gate, mut store) = (gate(), store());
    let tokens = store.login(&gate, LOGIN, NOW);
    let (token, refresh) = (member(&tokens, "access_token"), member(&tokens, "refresh_token"));
    store.users.0[0].is_active = false;
    for route in [["GET", "/me"], ["GET", "/me/sessions"], ["POST", "/logout"], DELETE, ["PATCH", "/me/password"]] {
        let body = r#"{"current_password":"secret","new_password":"a new secret"}"#;
        assert_eq!(said(&store.send(&gate, route, &token, body)), INACTIVE, "{route:?}");
    }
    let form = format!("grant_type=refresh_token&refresh_token={refresh}");
    let reply = store.login(&gate, &form, NOW);
    assert!(reply.status == 400 && reply.body.contains("invalid_grant"), "{}", reply.body);
    assert_eq!(reply.event.expect("it is logged").reason, "inactive-user");
    // Nothing was lost in between: the token that was used a moment ago is accepted.
    store.users.0[0].is_active = true;
    assert_eq!(store.login(&gate, &form, NOW).status, 200);
    assert_eq!(store.ask(&gate, "GET", "/me", &token, NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_column_may_have_the_types_of_databases() {
    let row = |is_active: Value| {
        let columns = json!({ "id": 1, "email": "", "password": "", "created_at": "", "is_active": is_active });
        UserRow::from_columns(columns.as_object().expect("an object").clone())
    };
    for active in [json!(true), json!(1), json!("1"), json!("true")] {
        let user = row(active.clone()).expect("it is valid");
        assert!(user.is_active && user.columns.is_empty(), "{active}");
    }
    for inactive in [json!(false), json!(0), json!("0"), json!("false"), Value::Null] {
        assert!(!row(inactive.clone()).expect("it is valid").is_active, "{inactive}");
    }
    for invalid in [json!(2), json!("yes"), json!([]), json!(1.5)] {
        assert_eq!(row(invalid.clone()).err(), Some(InvalidRow { column: "is_active" }), "{invalid}");
    }
    let verified = |value: Value| {
        let columns = json!({ "id": 1, "email": "", "password": "", "created_at": "", "email_verified": value });
        UserRow::from_columns(columns.as_object().expect("an object").clone()).map(|user| user.email_verified)
    };
    // Others store when it was.
    for value in [json!(true), json!(1), json!("true"), json!("2026-11-24T12:00:00Z"), json!(1_700_000_000)] {
        assert_eq!(verified(value.clone()), Ok(true), "{value}");
    }
    for value in [json!(false), json!(0), json!("0"), json!("false"), json!(""), Value::Null] {
        assert_eq!(verified(value.clone()), Ok(false), "{value}");
    }
    let rotated = |columns: Value| Rotated::from_columns(columns.as_object().expect("an object").clone());
    assert_eq!(rotated(json!({ "user_id": 1, "sealed": "" })).map(|rotated| rotated.is_active), Ok(true));
    assert_eq!(
        rotated(json!({ "user_id": 1, "sealed": "", "is_active": 0 })).map(|rotated| rotated.is_active),
        Ok(false)
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn an_account_is_deleted_with_its_sessions() {
    let (gate, mut store) = (gate().with_events(), store());
    store.users.0.push(UserRow { token_version: Some(0), ..UserRow::new(2, "grace@example.com", "", "") });
    let tokens = store.login(&gate, LOGIN, NOW);
    let token = member(&tokens, "access_token");
    let mut request = Request::new("DELETE", "http://localhost/me");
    request.content_type = Some("application/json".to_owned());
    request.authorization = Some(format!("Bearer {token}"));
    let mut events = Vec::new();
    let reply = run(gate.handle(request, NOW), |question| {
        if let Question::SecurityEvent { event, .. } = question {
            events.push((event.kind, event.user_id.clone()));
        }
        store.answer(question, br#"{"current_password":"secret"}"#)
    });
    assert_eq!(said(&reply), (200, r#"{"message":"User deleted successfully"}"#));
    assert_eq!(events, [(SecurityEventKind::AccountDeleted, Some(1.into()))]);
    assert_eq!((store.users.0.len(), store.sessions.len()), (1, 0));
    assert_eq!(store.ask(&gate, "GET", "/me", &token, NOW).status, 401);
    assert_eq!(store.login(&gate, LOGIN, NOW).status, 403);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_the_right_password_nothing_is_deleted() {
    let (gate, mut store) = (gate(), store());
    let token = member(&store.login(&gate, LOGIN, NOW), "access_token");
    let before = store.users.clone();
    for (body, status, detail) in [
        (r#"{"current_password":"wrong"}"#, 400, "Incorrect password"),
        (r#"{"current_password":""}"#, 422, "String should have at least 1 character"),
        (r#"{"current_password":["secret"]}"#, 422, "Input should be a valid string"),
        ("{}", 422, "Field required"),
        ("", 422, "Field required"),
        ("[1,", 422, "JSON decode error"),
    ] {
        let reply = store.send(&gate, DELETE, &token, body);
        assert!(reply.status == status && reply.body.contains(detail) && !reply.body.contains("secret"), "{reply:?}");
    }
    assert_eq!(store.send(&gate, DELETE, "", r#"{"current_password":"secret"}"#).status, 401);
    assert!(store.users.0 == before.0 && store.sessions.len() == 1);
    let without = quick_gate_with(SECRET, Vars { account_deletion: None, ..vars() });
    let reply = store.send(&without, DELETE, &token, r#"{"current_password":"secret"}"#);
    assert_eq!(reply.status, 405);
    // Starlette names the first of several routes with a path.
    let allow = |gate: &Gate| {
        let reply = run(gate.handle(Request::new("PUT", "http://localhost/me"), NOW), |_| unreachable!());
        reply.headers.into_iter().find(|(name, _)| *name == "allow").map(|(_, value)| value)
    };
    assert_eq!((allow(&gate), allow(&without)), (Some("GET".into()), Some("GET".into())));
}

/// Whether the password is wrong, too long, or the stored hash cannot be read.
#[wasm_bindgen_test(unsupported = test)]
fn every_refused_deletion_is_the_same() {
    let (gate, mut store) = (gate(), store());
    let token = member(&store.login(&gate, LOGIN, NOW), "access_token");
    let wrong = store.send(&gate, DELETE, &token, r#"{"current_password":"wrong"}"#);
    let long = store.send(&gate, DELETE, &token, &json!({ "current_password": "x".repeat(5000) }).to_string());
    store.users.0[0].password = "no hash".into();
    let broken = store.send(&gate, DELETE, &token, r#"{"current_password":"secret"}"#);
    assert_eq!((wrong.status, wrong.body.as_str()), (400, r#"{"detail":"Incorrect password"}"#));
    for reply in [long, broken] {
        assert_eq!((said(&reply), &reply.headers, reply.rounds), (said(&wrong), &wrong.headers, wrong.rounds));
    }
}

/// Of a deletion and a new password, or a logout everywhere, one counts.
#[wasm_bindgen_test(unsupported = test)]
fn a_deletion_notices_what_changes_in_between() {
    for (expected, meanwhile) in [
        (401, &(|store: &mut Store| store.users.raise(&1.into())) as &dyn Fn(&mut Store)),
        (400, &|store: &mut Store| {
            store.users.0[0].password = bcrypt::hash_with_salt("another", 4, [5; 16]).expect("allowed").to_string();
        }),
    ] {
        let (gate, mut store) = (gate(), store());
        let token = member(&store.login(&gate, LOGIN, NOW), "access_token");
        let mut has_changed = false;
        let step = gate.delete_user(Some(format!("Bearer {token}")), "secret", None, NOW);
        let result = run(step, |question| {
            if matches!(question, Question::DeleteUser(_)) && !has_changed {
                has_changed = true;
                meanwhile(&mut store);
            }
            store.answer(question, b"")
        });
        assert!(has_changed && store.users.0.len() == 1);
        assert_eq!(Reply::refused(&result.expect_err("it is refused")).status, expected);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_deletion_that_the_store_refuses_is_503() {
    let (gate, mut store) = (gate(), store());
    let token = member(&store.login(&gate, LOGIN, NOW), "access_token");
    let step = gate.delete_user(Some(format!("Bearer {token}")), "secret", None, NOW);
    let result = run(step, |question| match question {
        Question::DeleteUser(_) => Answer::Unavailable,
        question => store.answer(question, b""),
    });
    assert_eq!(result, Err(Refusal::StoreUnavailable));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_invited_sign_up() {
    let gate = quick_gate_with(SECRET, Vars { registration: Some("invitation".into()), ..vars() });
    let mut store = store();
    let invitation = gate.invite("Ada@Example.com", 60, NOW).expect("an invitation");
    let body = |email: &str, invitation: &str| {
        json!({ "email": email, "password": "correct horse", "invitation": invitation }).to_string()
    };
    let refused = (403, r#"{"detail":"Invalid invitation"}"#);
    for (email, invitation) in [
        ("grace@example.com", invitation.as_str()),
        ("ada@example.com", ""),
        ("ada@example.com", "a.b.c"),
        ("ada@example.com", &gate.invite("ada@example.com", 0, NOW).expect("one that has expired")),
        (
            "ada@example.com",
            &quick_gate_with(&"x".repeat(40), vars()).invite("ada@example.com", 60, NOW).expect("another's"),
        ),
    ] {
        let mut asked = Vec::new();
        let mut request = Request::new("POST", "http://localhost/users");
        request.content_type = Some("application/json".to_owned());
        let body = body(email, invitation);
        let reply = run(gate.handle(request, NOW), |question| {
            asked.push(format!("{question:?}"));
            store.answer(question, body.as_bytes())
        });
        assert_eq!((said(&reply), asked), (refused, vec!["Body".to_owned()]), "before any work: {email} {invitation}");
    }
    for body in [
        r#"{"email":"ada@example.com","password":"correct horse"}"#,
        r#"{"email":"ada@example.com","password":"correct horse","invitation":7}"#,
    ] {
        assert_eq!(said(&store.send(&gate, SIGN_UP, "", body)), refused);
    }
    // An access token is no invitation.
    let token = member(&store.login(&gate, LOGIN, NOW), "access_token");
    assert_eq!(said(&store.send(&gate, SIGN_UP, "", &body("user@example.com", &token))), refused);
    let created = store.send(&gate, SIGN_UP, "", &body("ada@example.com", &invitation));
    assert_eq!((created.status, member(&created, "email").as_str()), (201, "ada@example.com"));
    let again = store.send(&gate, SIGN_UP, "", &body("ada@example.com", &invitation));
    assert_eq!(said(&again), (409, r#"{"detail":"Email already registered"}"#));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_invitation_is_for_an_address() {
    let gate = gate();
    for text in ["", "nobody", "a@b", "a b@example.com"] {
        let refusal = gate.invite(text, 60, NOW).expect_err("it is refused");
        assert_eq!(refusal.code(), "body-unprocessable", "{text}");
    }
}
