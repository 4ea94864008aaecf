//! `POST /logout` revokes all tokens issued before it.

use crate::support::{NOW, SECRET, Store, gate_with};
use edgegate::{Gate, Vars};
use wasm_bindgen_test::wasm_bindgen_test;

const FORM: &str = "username=user@example.com&password=secret";

fn gate(refresh: bool) -> Gate {
    let minutes = refresh.then(|| "60".into());
    let vars = Vars { revocation: Some("on".into()), refresh_token_expire_minutes: minutes, ..Vars::default() };
    gate_with(SECRET, vars)
}

fn token(reply: &edgegate::Reply) -> String {
    let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    body["access_token"].as_str().unwrap_or_else(|| panic!("{}", reply.body)).to_owned()
}

fn reason(reply: &edgegate::Reply) -> Option<&str> {
    reply.event.as_ref().map(|event| event.reason.as_ref())
}

#[wasm_bindgen_test(unsupported = test)]
fn a_logout_revokes_all_tokens_and_a_new_login_works_at_once() {
    let (gate, mut store) = (gate(false), Store::with_user(1, "user@example.com"));
    let (desk, phone) = (token(&store.login(&gate, FORM, NOW - 60)), token(&store.login(&gate, FORM, NOW)));
    assert_eq!(store.ask(&gate, "GET", "/me", &desk, NOW).status, 200);
    let reply = store.ask(&gate, "POST", "/logout", &phone, NOW);
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    for gone in [&desk, &phone] {
        let reply = store.ask(&gate, "GET", "/me", gone, NOW);
        assert_eq!((reply.status, reason(&reply)), (401, Some("revoked")), "of the same second too");
        assert_eq!(store.ask(&gate, "POST", "/logout", gone, NOW).status, 401);
    }
    let again = token(&store.login(&gate, FORM, NOW));
    assert_ne!(again, phone);
    for now in [NOW, NOW + 1, NOW + 1799] {
        assert_eq!(store.ask(&gate, "GET", "/me", &again, now).status, 200, "logged in within that second");
    }
    assert_eq!(store.ask(&gate, "GET", "/me", &phone, NOW + 1).status, 401, "and stays out");
}

#[wasm_bindgen_test(unsupported = test)]
fn others_stay_logged_in() {
    let (gate, mut store) = (gate(false), Store::with_user(1, "user@example.com"));
    store.users.0.push(crate::support::row(2, "other@example.com", &store.users.0[0].password.clone()));
    let one = token(&store.login(&gate, FORM, NOW));
    let other = token(&store.login(&gate, "username=other@example.com&password=secret", NOW));
    assert_eq!(store.ask(&gate, "POST", "/logout", &one, NOW).status, 204);
    assert_eq!(store.ask(&gate, "GET", "/me", &other, NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_token_of_a_deleted_user_is_refused() {
    let (gate, mut store) = (gate(false), Store::with_user(1, "user@example.com"));
    let token = token(&store.login(&gate, FORM, NOW));
    store.users.0.clear();
    let reply = store.ask(&gate, "GET", "/me", &token, NOW);
    assert_eq!((reply.status, reason(&reply)), (401, Some("user-gone")));
    assert_eq!(store.ask(&gate, "POST", "/logout", &token, NOW).status, 401);
}

/// Tokens of a FastAPI backend, without the claim: valid until their user first logs out everywhere.
#[wasm_bindgen_test(unsupported = test)]
fn a_token_without_a_version_is_of_version_0() {
    let (gate, mut store) = (gate(false), Store::with_user(1, "user@example.com"));
    let without = token(&store.login(&gate_with(SECRET, Vars::default()), FORM, NOW));
    assert_eq!(store.ask(&gate, "GET", "/me", &without, NOW).status, 200);
    let with = token(&store.login(&gate, FORM, NOW));
    assert_eq!(store.ask(&gate, "POST", "/logout", &with, NOW).status, 204);
    let reply = store.ask(&gate, "GET", "/me", &without, NOW + 1);
    assert_eq!((reply.status, reason(&reply)), (401, Some("revoked")));
}

/// A store that was asked for the version and does not return it.
#[wasm_bindgen_test(unsupported = test)]
fn a_row_without_a_version_fails_closed() {
    let (gate, mut store) = (gate(true), Store::with_user(1, "user@example.com"));
    let body: serde_json::Value = serde_json::from_str(&store.login(&gate, FORM, NOW).body).expect("JSON");
    let text = |name: &str| body[name].as_str().expect("a text").to_owned();
    store.users.0[0].token_version = None;
    let refresh = format!("grant_type=refresh_token&refresh_token={}", text("refresh_token"));
    for reply in [
        store.login(&gate, FORM, NOW),
        store.ask(&gate, "GET", "/me", &text("access_token"), NOW),
        store.login(&gate, &refresh, NOW),
    ] {
        assert_eq!((reply.status, reason(&reply)), (503, Some("invalid-row:token_version")));
    }
}

/// A token version that is no integer, or is of a later version than the row's.
#[wasm_bindgen_test(unsupported = test)]
fn another_version_is_refused() {
    let (gate, mut store) = (gate(false), Store::with_user(1, "user@example.com"));
    store.users.0[0].token_version = Some(3);
    for (version, expected) in [
        ("3", None),
        ("2", Some("revoked")),
        ("4", Some("revoked")),
        ("-3", Some("revoked")),
        ("\"3\"", Some("claim:token_version")),
        ("3.5", Some("claim:token_version")),
        ("null", Some("claim:token_version")),
        ("true", Some("claim:token_version")),
    ] {
        let claims = format!(r#"{{"user_id":1,"exp":{},"token_version":{version}}}"#, NOW + 60);
        let token = crate::token::make::signed(crate::token::make::HEADER, claims.as_bytes());
        let reply = store.ask(&gate, "GET", "/me", &token, NOW);
        assert_eq!(reason(&reply), expected, "{version}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_logout_ends_the_sessions_too() {
    let (gate, mut store) = (gate(true), Store::with_user(1, "user@example.com"));
    let reply = store.login(&gate, FORM, NOW);
    let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(store.ask(&gate, "POST", "/logout", &token(&reply), NOW).status, 204);
    assert!(store.sessions.is_empty());
    let refresh = body["refresh_token"].as_str().expect("a text");
    let reply = store.login(&gate, &format!("grant_type=refresh_token&refresh_token={refresh}"), NOW + 1);
    assert_eq!(reply.status, 400);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_the_setting_there_is_no_logout_and_nothing_is_revoked() {
    let (off, mut store) = (gate_with(SECRET, Vars::default()), Store::with_user(1, "user@example.com"));
    let token = token(&store.login(&off, FORM, NOW));
    assert_eq!(store.ask(&off, "POST", "/logout", &token, NOW).status, 404);
    store.users.0[0].token_version = Some(7);
    assert_eq!(store.ask(&off, "GET", "/me", &token, NOW).status, 200);
}
