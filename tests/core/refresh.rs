//! Refresh tokens: single-use, each use returns the next one.

mod changes;
mod lifetime;
mod sessions;

use crate::support::{NOW, SECRET, Store, gate_with};
use edgegate::{
    Gate, Refusal, Reply, Vars,
    host::{Answer, Question},
    http::RefreshRefusal,
};
use sha2::{Digest as _, Sha256};
use wasm_bindgen_test::wasm_bindgen_test;

const FORM: &str = "username=user@example.com&password=secret";

/// The lifetime of an unused session: ten minutes.
fn gate() -> Gate {
    gate_with(SECRET, Vars { refresh_token_expire_minutes: Some("10".into()), ..Vars::default() })
}

fn start() -> (Gate, Store, String) {
    let (gate, mut store) = (gate(), Store::with_user(1, "user@example.com"));
    let reply = store.login(&gate, FORM, NOW);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let token = refresh_token(&reply);
    (gate, store, token)
}

fn use_up(gate: &Gate, store: &mut Store, token: &str, now: u64) -> Reply {
    store.login(gate, &format!("grant_type=refresh_token&refresh_token={token}"), now)
}

fn member(reply: &Reply, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    body[name].as_str().unwrap_or_else(|| panic!("{}", reply.body)).to_owned()
}

fn refresh_token(reply: &Reply) -> String {
    member(reply, "refresh_token")
}

fn assert_refused(reply: &Reply, reason: &str) {
    let body = r#"{"error":"invalid_grant","detail":"Invalid refresh token"}"#;
    assert_eq!((reply.status, reply.body.as_str()), (400, body));
    assert_eq!(reply.event.as_ref().map(|event| event.reason.as_ref()), Some(reason));
    assert!(reply.headers.contains(&("cache-control", "no-store".to_owned())));
}

#[wasm_bindgen_test(unsupported = test)]
fn each_use_gives_the_next_token_and_a_new_access_token() {
    let (gate, mut store, mut token) = start();
    let mut seen = vec![token.clone()];
    for step in 1..=20 {
        let now = NOW + step * 599;
        let reply = use_up(&gate, &mut store, &token, now);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!((&body["token_type"], &body["expires_in"]), (&"bearer".into(), &1800.into()));
        assert_eq!(store.ask(&gate, "GET", "/me", &member(&reply, "access_token"), now).status, 200);
        token = refresh_token(&reply);
        assert!(!seen.contains(&token), "each is another");
        seen.push(token.clone());
    }
    assert_eq!(store.sessions.len(), 1, "it is one session");
    assert_eq!(store.sessions[0].expires_at, i64::try_from(NOW + 20 * 599 + 600).expect("small"));
}

#[wasm_bindgen_test(unsupported = test)]
fn two_tabs_that_race_get_the_same_next_token() {
    let (gate, mut store, token) = start();
    let first = use_up(&gate, &mut store, &token, NOW + 60);
    let second = use_up(&gate, &mut store, &token, NOW + 60 + 29);
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(refresh_token(&first), refresh_token(&second));
    let third = use_up(&gate, &mut store, &refresh_token(&second), NOW + 100);
    assert_eq!(third.status, 200, "and it works");
}

/// The grace period starts with the first use. A second use does not prolong it.
#[wasm_bindgen_test(unsupported = test)]
fn a_use_after_the_grace_ends_the_session() {
    for reused_before in [false, true] {
        let (gate, mut store, token) = start();
        let next = refresh_token(&use_up(&gate, &mut store, &token, NOW + 60));
        if reused_before {
            assert_eq!(use_up(&gate, &mut store, &token, NOW + 60 + 20).status, 200);
        }
        assert_refused(&use_up(&gate, &mut store, &token, NOW + 60 + 30), "refresh-token-reused");
        assert!(store.sessions.is_empty());
        assert_refused(&use_up(&gate, &mut store, &next, NOW + 60 + 31), "refresh-token-unknown");
    }
}

/// A token two uses old is not within the grace period.
#[wasm_bindgen_test(unsupported = test)]
fn an_older_token_ends_the_session_even_within_the_grace() {
    let (gate, mut store, token) = start();
    let second = refresh_token(&use_up(&gate, &mut store, &token, NOW + 1));
    let third = refresh_token(&use_up(&gate, &mut store, &second, NOW + 2));
    assert_refused(&use_up(&gate, &mut store, &token, NOW + 3), "refresh-token-reused");
    assert_refused(&use_up(&gate, &mut store, &third, NOW + 4), "refresh-token-unknown");
}

#[wasm_bindgen_test(unsupported = test)]
fn another_login_is_another_session() {
    let (gate, mut store, stolen) = start();
    let other = refresh_token(&store.login(&gate, FORM, NOW));
    use_up(&gate, &mut store, &stolen, NOW + 1);
    assert_refused(&use_up(&gate, &mut store, &stolen, NOW + 60), "refresh-token-reused");
    assert_eq!(use_up(&gate, &mut store, &other, NOW + 60).status, 200);
}

/// Reuse revokes the access tokens too, so that a thief's dies with the session. Expiry and garbage revoke nothing.
#[wasm_bindgen_test(unsupported = test)]
fn reuse_revokes_the_access_tokens_of_the_user() {
    let vars =
        || Vars { revocation: Some("on".into()), refresh_token_expire_minutes: Some("10".into()), ..Vars::default() };
    let (gate, mut store) = (gate_with(SECRET, vars()), Store::with_user(1, "user@example.com"));
    let token = refresh_token(&store.login(&gate, FORM, NOW));
    let thief = use_up(&gate, &mut store, &token, NOW + 1);
    let access = member(&thief, "access_token");
    assert_refused(&use_up(&gate, &mut store, &token.to_lowercase(), NOW + 2), "refresh-token-malformed");
    assert_eq!(store.ask(&gate, "GET", "/me", &access, NOW + 2).status, 200);
    assert_refused(&use_up(&gate, &mut store, &token, NOW + 60), "refresh-token-reused");
    assert_eq!(store.ask(&gate, "GET", "/me", &access, NOW + 60).status, 401);
    assert_refused(&use_up(&gate, &mut store, &token, NOW + 61), "refresh-token-unknown");
    assert_eq!(store.users.0[0].token_version, Some(1), "only once");
    let other = refresh_token(&store.login(&gate, FORM, NOW + 70));
    assert_refused(&use_up(&gate, &mut store, &other, NOW + 5000), "refresh-token-expired");
    assert_eq!(store.users.0[0].token_version, Some(1));
}

/// Garbage is refused without a question to the store, and cannot end a session.
#[wasm_bindgen_test(unsupported = test)]
fn invalid_refresh_tokens_are_refused_without_the_store() {
    let (gate, mut store, token) = start();
    let parts: Vec<&str> = token.split('.').collect();
    let [id, secret, mac] = parts.as_slice() else { panic!("three parts") };
    let access = member(&store.login(&gate, FORM, NOW), "access_token");
    let (others, zeros) = ("A".repeat(22), "A".repeat(43));
    for wrong in [
        "x",
        ".",
        "..",
        id,
        &format!("{id}.{secret}"),
        &format!("{others}.{secret}.{mac}"),
        &format!("{id}.{zeros}.{mac}"),
        &format!("{id}.{secret}.{others}"),
        &format!("{id}.{secret}A.{mac}"),
        &format!("{token}."),
        &format!("{token}="),
        &token.to_uppercase(),
        &access,
        &"x".repeat(10_000),
    ] {
        let refused =
            crate::support::run(gate.refresh((*wrong).to_owned(), NOW + 1), |question| panic!("{question:?}"));
        assert_eq!(refused.err(), Some(Refusal::RefreshToken(RefreshRefusal::Malformed)), "{wrong}");
    }
    assert_refused(&use_up(&gate, &mut store, "x", NOW + 1), "refresh-token-malformed");
    assert_eq!(use_up(&gate, &mut store, &token, NOW + 1).status, 200);
}

/// Each change comes before a session is stored, which is the fourth question, and the seventh of a second attempt.
#[wasm_bindgen_test(unsupported = test)]
fn a_login_that_becomes_invalid_begins_again_once() {
    let minutes = Some("10".into());
    let vars = Vars { revocation: Some("on".into()), refresh_token_expire_minutes: minutes, ..Vars::default() };
    let gate = gate_with(SECRET, vars);
    for (changes, status, questions) in [(0, 200, 4), (1, 200, 7), (2, 503, 7), (3, 503, 7)] {
        let (mut asked, mut store) = (0, Store::with_user(1, "user@example.com"));
        let reply = store.login_with(&gate, FORM, NOW, |store| {
            asked += 1;
            if (asked - 1) % 3 == 0 && asked > 1 && asked <= 1 + 3 * changes {
                store.users.raise(&1.into());
            }
        });
        assert_eq!((reply.status, asked), (status, questions), "{changes} changes");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refused_refresh_token_has_its_reason_as_text() {
    for (why, message) in [
        (RefreshRefusal::Malformed, "the refresh token is malformed"),
        (RefreshRefusal::Unknown, "the refresh token has no session"),
        (RefreshRefusal::Expired, "the session of the refresh token has expired"),
        (RefreshRefusal::Reused, "the refresh token was used before"),
    ] {
        assert_eq!(Refusal::RefreshToken(why).to_string(), message);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn without_refresh_tokens_there_are_no_routes_for_sessions() {
    let (gate, mut store) = (gate_with(SECRET, Vars::default()), Store::with_user(1, "user@example.com"));
    for (method, path) in [("POST", "/revoke"), ("GET", "/me/sessions"), ("DELETE", "/me/sessions/x")] {
        assert_eq!(store.ask(&gate, method, path, "x", NOW).status, 404, "{path}");
        assert_eq!(store.ask(&gate, method, &format!("{path}/"), "x", NOW).status, 404, "{path}/");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn another_grant_type_refreshes_nothing() {
    let (gate, mut store, token) = start();
    let reply = store.login(&gate, &format!("grant_type=other&refresh_token={token}"), NOW);
    assert!(reply.status == 422 && reply.body.contains("string_pattern_mismatch"), "{}", reply.body);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_form_without_the_token_is_answered_as_fastapi_does() {
    let (gate, mut store, _) = start();
    let missing =
        r#"{"detail":[{"type":"missing","loc":["body","refresh_token"],"msg":"Field required","input":null}]}"#;
    for form in ["grant_type=refresh_token", "grant_type=refresh_token&refresh_token="] {
        let reply = store.login(&gate, form, NOW);
        assert_eq!((reply.status, reply.body.as_str()), (422, missing));
    }
    let off = gate_with(SECRET, Vars::default());
    let reply = store.login(&off, "grant_type=refresh_token&refresh_token=x", NOW);
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert!(reply.body.contains(r#""loc":["body","grant_type"],"msg":"String should match pattern"#), "{}", reply.body);
    let reply = store.login(&off, FORM, NOW);
    assert!(!reply.body.contains("refresh") && !reply.body.contains("expires_in"), "{}", reply.body);
}

/// The store has only hashes, so reading it does not allow a refresh.
#[wasm_bindgen_test(unsupported = test)]
fn the_store_contains_no_token() {
    let (gate, mut store, token) = start();
    let next = refresh_token(&use_up(&gate, &mut store, &token, NOW + 1));
    let rows = format!("{:?}", store.sessions);
    for token in [&token, &next] {
        let parts: Vec<&str> = token.split('.').collect();
        assert!(rows.contains(parts[0]) && !rows.contains(parts[1]), "{rows}");
    }
    let hash =
        |token: &str| crate::token::make::base64url(Sha256::digest(token.split('.').nth(1).expect("three parts")));
    assert_eq!(store.sessions[0].current, hash(&next));
    assert_eq!(store.sessions[0].previous, Some(hash(&token)));
}

/// RFC 8725 2.8: a token of one kind is not accepted as another.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_8_refresh_and_access_tokens_are_not_interchangeable() {
    let (gate, mut store, token) = start();
    let reply = store.ask(&gate, "GET", "/me", &token, NOW);
    assert_eq!((reply.status, reply.event.map(|event| event.reason.into_owned())), (401, Some("malformed".into())));
    let access = member(&use_up(&gate, &mut store, &token, NOW), "access_token");
    assert_refused(&use_up(&gate, &mut store, &access, NOW), "refresh-token-malformed");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_failed_store_leaves_the_refresh_token_usable() {
    let (gate, mut store, token) = start();
    let mut asked = 0;
    let refused = crate::support::run(gate.refresh(token.clone(), NOW + 1), |question| {
        assert!(matches!(question, Question::RotateSession(_)));
        asked += 1;
        Answer::Unavailable
    });
    assert_eq!((refused.err(), asked), (Some(Refusal::StoreUnavailable), 1));
    assert_eq!(use_up(&gate, &mut store, &token, NOW + 2).status, 200);
}
