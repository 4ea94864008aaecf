//! The list of sessions, and the end of one.

use super::{FORM, assert_refused, member, refresh_token, start, use_up};
use crate::support::{NOW, SECRET, gate_with, run};
use edgegate::{Refusal, Vars};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn revoking_a_refresh_token_ends_its_session() {
    let (gate, mut store, token) = start();
    let other = refresh_token(&store.login(&gate, FORM, NOW));
    let used = refresh_token(&use_up(&gate, &mut store, &token, NOW + 1));
    for wrong in ["x", &other.to_lowercase()] {
        assert_eq!(store.post(&gate, "/revoke", &format!("token={wrong}"), NOW + 2).status, 200, "RFC 7009 2.2");
    }
    assert_eq!(store.sessions.len(), 2);
    for form in [format!("token={used}&token_type_hint=refresh_token"), format!("token={token}")] {
        let reply = store.post(&gate, "/revoke", &form, NOW + 3);
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
        assert_eq!(store.sessions.len(), 1);
    }
    assert_refused(&use_up(&gate, &mut store, &used, NOW + 4), "refresh-token-unknown");
    assert_eq!(use_up(&gate, &mut store, &other, NOW + 4).status, 200);
    let missing = r#"{"detail":[{"type":"missing","loc":["body","token"],"msg":"Field required","input":null}]}"#;
    let reply = store.post(&gate, "/revoke", "", NOW);
    assert_eq!((reply.status, reply.body.as_str()), (422, missing));
    let off = gate_with(SECRET, Vars::default());
    assert_eq!(store.post(&off, "/revoke", &format!("token={other}"), NOW).status, 404);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_user_lists_sessions_and_ends_one() {
    let (gate, mut store, token) = start();
    store.users.0.push(crate::support::row(2, "other@example.com", &store.users.0[0].password.clone()));
    let (mine, theirs) = (store.login(&gate, FORM, NOW), store.login(&gate, &FORM.replace("user@", "other@"), NOW));
    let access = member(&mine, "access_token");
    use_up(&gate, &mut store, &token, NOW + 60);
    let reply = store.ask(&gate, "GET", "/me/sessions", &access, NOW + 61);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(listed.len(), 2, "{}", reply.body);
    let id = token.split('.').next().expect("a part");
    let entry = listed.iter().find(|entry| entry["id"] == id).expect("it is listed");
    assert_eq!(
        (&entry["created_at"], &entry["last_used_at"], &entry["expires_at"]),
        (&NOW.into(), &(NOW + 60).into(), &(NOW + 660).into())
    );
    assert!(!reply.body.contains(token.split('.').nth(1).expect("a part")), "no secret");
    let their_id = refresh_token(&theirs).split('.').next().expect("a part").to_owned();
    for (path, status) in [
        (format!("/me/sessions/{their_id}"), 404),
        ("/me/sessions/x".to_owned(), 404),
        (format!("/me/sessions/{id}/x"), 404),
        (format!("/me/sessions/{id}"), 204),
        (format!("/me/sessions/{id}"), 404),
    ] {
        assert_eq!(store.ask(&gate, "DELETE", &path, &access, NOW + 62).status, status, "{path}");
    }
    assert_eq!(store.sessions.len(), 2, "theirs, and one of mine");
    assert_eq!(store.ask(&gate, "GET", "/me/sessions", "x", NOW).status, 401);
    assert_eq!(store.ask(&gate, "DELETE", &format!("/me/sessions/{their_id}"), "x", NOW).status, 401);
    let reply = store.ask(&gate, "POST", &format!("/me/sessions/{id}"), &access, NOW);
    assert!(reply.status == 405 && reply.headers.contains(&("allow", "DELETE".to_owned())));
}

/// The same operations without HTTP.
#[wasm_bindgen_test(unsupported = test)]
fn a_gate_lists_and_ends_sessions_without_http() {
    let (gate, mut store, token) = start();
    let mine = store.login(&gate, FORM, NOW);
    let bearer = || Some(format!("Bearer {}", member(&mine, "access_token")));
    let id = |token: &str| token.split('.').next().expect("a part").to_owned();
    let listed = run(gate.sessions(bearer(), NOW), |question| store.answer(question, b"")).expect("it is a token");
    let over_http = store.ask(&gate, "GET", "/me/sessions", &member(&mine, "access_token"), NOW);
    assert_eq!((listed.len(), serde_json::to_string(&listed).ok()), (2, Some(over_http.body)));
    for (wrong, id) in [(bearer(), "x"), (bearer(), ""), (bearer(), "a\0"), (None, &id(&token))] {
        let refusal = if wrong.is_none() { Refusal::NoToken } else { Refusal::UnknownSession };
        let end = gate.end_session(wrong, id.to_owned(), NOW);
        assert_eq!(run(end, |question| store.answer(question, b"")), Err(refusal), "{id:?}");
    }
    let end = gate.end_session(bearer(), id(&token), NOW);
    assert_eq!(run(end, |question| store.answer(question, b"")), Ok(()));
    assert_eq!(store.sessions.len(), 1);
    for token in ["x".to_owned(), refresh_token(&mine), refresh_token(&mine)] {
        assert_eq!(run(gate.revoke(token, NOW), |question| store.answer(question, b"")), Ok(()));
    }
    assert!(store.sessions.is_empty());
    let off = gate_with(SECRET, Vars::default());
    assert_eq!(off.sessions(bearer(), NOW).done(), Some(Err(Refusal::UnknownPath)));
    assert_eq!(off.end_session(bearer(), id(&token), NOW).done(), Some(Err(Refusal::UnknownPath)));
    assert_eq!(off.revoke(token, NOW).done(), Some(Err(Refusal::UnknownPath)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_session_id_in_a_path_is_base64url() {
    let (gate, mut store, _) = start();
    for id in ["%0d%0aSet-Cookie:%20a=b", "%E2%9C%93", "%00", "a%3Fb%23c", "a%2Fb"] {
        for slash in ["", "/"] {
            let reply = store.ask(&gate, "DELETE", &format!("/me/sessions/{id}{slash}"), "x", NOW);
            assert_eq!(reply.status, 404, "{id}{slash}");
        }
    }
}
