//! Refresh tokens: single-use, each use returns the next one.

use crate::support::{NOW, SECRET, Store, gate_with, run};
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

/// A key that was added signs the next token; the old one still verifies, until it is removed.
#[wasm_bindgen_test(unsupported = test)]
fn a_session_outlives_the_key_that_signed_its_token() {
    let (old, mut store, token) = start();
    let ring = |keys: &str| {
        let jwt_keys = Some(format!(r#"{{"keys":[{keys}]}}"#).into());
        let vars = Vars { jwt_keys, refresh_token_expire_minutes: Some("10".into()), ..Vars::default() };
        gate_with(SECRET, vars)
    };
    let new = r#"{"kty":"oct","alg":"HS256","kid":"new","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#;
    let next = refresh_token(&use_up(&ring(new), &mut store, &token, NOW + 60));
    // Another tab, which still talks to an instance with the old settings.
    let sibling = refresh_token(&use_up(&old, &mut store.clone(), &token, NOW + 61));
    assert_eq!(sibling.rsplit_once('.').map(|(text, _)| text), next.rsplit_once('.').map(|(text, _)| text));
    assert_refused(&use_up(&old, &mut store, &next, NOW + 62), "refresh-token-malformed");
    assert_eq!(use_up(&ring(new), &mut store, &next, NOW + 62).status, 200);
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

#[wasm_bindgen_test(unsupported = test)]
fn a_session_expires_when_it_is_not_used() {
    let (gate, mut store, token) = start();
    assert_eq!(use_up(&gate, &mut store.clone(), &token, NOW + 599).status, 200);
    assert_refused(&use_up(&gate, &mut store, &token, NOW + 600), "refresh-token-expired");
    assert_refused(&use_up(&gate, &mut store, &token, NOW + 600), "refresh-token-unknown");
}

/// However often it is used, a session ends after `REFRESH_TOKEN_MAX_DAYS`.
#[wasm_bindgen_test(unsupported = test)]
fn a_session_has_an_absolute_lifetime() {
    let vars = Vars {
        refresh_token_expire_minutes: Some("1440".into()),
        refresh_token_max_days: Some("2".into()),
        ..Vars::default()
    };
    let (gate, mut store) = (gate_with(SECRET, vars), Store::with_user(1, "user@example.com"));
    let mut token = refresh_token(&store.login(&gate, FORM, NOW));
    let day = 24 * 60 * 60;
    for now in [NOW + day / 2, NOW + day, NOW + 3 * day / 2, NOW + 2 * day - 1] {
        let reply = use_up(&gate, &mut store, &token, now);
        assert_eq!(reply.status, 200, "{}", reply.body);
        token = refresh_token(&reply);
    }
    assert_refused(&use_up(&gate, &mut store, &token, NOW + 2 * day), "refresh-token-expired");
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

/// A logout everywhere, or a new password, before each question of a login and of a refresh: nothing that was issued for the
/// state before is accepted after it.
#[wasm_bindgen_test(unsupported = test)]
fn nothing_in_flight_survives_a_logout_or_a_new_password() {
    let vars =
        Vars { revocation: Some("on".into()), refresh_token_expire_minutes: Some("10".into()), ..Vars::default() };
    let gate = gate_with(SECRET, vars);
    let other = bcrypt::hash_with_salt("another", 4, [5; 16]).expect("4 is allowed").to_string();
    for new_password in [false, true] {
        for refresh in [false, true] {
            for moment in 0.. {
                let mut store = Store::with_user(1, "user@example.com");
                let token = refresh_token(&store.login(&gate, FORM, NOW));
                let form =
                    if refresh { format!("grant_type=refresh_token&refresh_token={token}") } else { FORM.to_owned() };
                let (mut asked, mut changed) = (0, false);
                let reply = store.login_with(&gate, &form, NOW + 1, |store| {
                    asked += 1;
                    if asked == moment {
                        changed = true;
                        store.users.raise(&1.into());
                        store.sessions.clear();
                        if new_password {
                            store.users.0[0].password.clone_from(&other);
                        }
                    }
                });
                let case = format!("new password {new_password}, refresh {refresh}, before question {moment}");
                if !changed && moment > 0 {
                    assert!(moment > 2, "{case}: there are some");
                    break;
                }
                let before = !changed;
                if before {
                    // After the last question.
                    store.users.raise(&1.into());
                    store.sessions.clear();
                    if new_password {
                        store.users.0[0].password.clone_from(&other);
                    }
                }
                if reply.status != 200 {
                    continue;
                }
                let (access, next) = (member(&reply, "access_token"), refresh_token(&reply));
                let me = store.ask(&gate, "GET", "/me", &access, NOW + 2).status;
                let again = use_up(&gate, &mut store, &next, NOW + 2).status;
                // A login that read the row after a logout, with the right password, is a new login.
                let may_hold = !refresh && !before && !new_password;
                assert!((me, again) == (401, 400) || (may_hold && (me, again) == (200, 200)), "{case}: {me} {again}");
            }
        }
    }
}

/// The ring has only the public half of the key that made the token: the row must know the token.
#[wasm_bindgen_test(unsupported = test)]
fn a_token_of_a_retired_key_still_ends_its_session() {
    let ring = |keys: &[&str]| {
        let jwt_keys = Some(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into());
        let vars = Vars {
            jwt_keys,
            revocation: Some("on".into()),
            refresh_token_expire_minutes: Some("10".into()),
            ..Vars::default()
        };
        Gate::new(edgegate::Settings::try_from(vars).expect("the settings are good"))
    };
    let old = crate::token::make::ED25519.replacen('{', r#"{"kid":"old","#, 1);
    let private = old.find(r#","x""#).and_then(|end| Some((old.find(r#""d""#)?, end + 1))).expect("a private member");
    let public = [&old[..private.0], &old[private.1..]].concat();
    let new = r#"{"kty":"oct","alg":"HS256","kid":"new","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#;
    let (before, after) = (ring(&[&old]), ring(&[new, &public]));
    let login = |store: &mut Store| {
        let step = before.login(edgegate::Credentials::new("user@example.com", "secret"), NOW);
        let tokens = crate::support::run(step, |question| match question {
            Question::Sign(job) => job.signature().map_or(Answer::Unavailable, Answer::Signature),
            question => store.answer(question, b""),
        });
        tokens.expect("it is the password").refresh.expect("there are sessions").refresh_token
    };
    let mut store = Store::with_user(1, "user@example.com");
    let token = login(&mut store);
    assert_eq!(store.post(&after, "/revoke", &format!("token={token}"), NOW).status, 200);
    assert!(store.sessions.is_empty(), "it is revoked");
    let token = login(&mut store);
    let parts: Vec<&str> = token.split('.').collect();
    for garbage in
        [format!("{}.{}.{}", parts[0], "A".repeat(43), parts[2]), format!("{}.{}.x", "A".repeat(22), parts[1])]
    {
        assert_refused(&use_up(&after, &mut store, &garbage, NOW + 1), "refresh-token-unknown");
        assert_eq!(store.post(&after, "/revoke", &format!("token={garbage}"), NOW).status, 200);
    }
    assert_refused(&use_up(&after, &mut store, &format!("x.{}.x", parts[1]), NOW + 1), "refresh-token-malformed");
    assert_eq!(store.sessions.len(), 1, "garbage ends nothing");
    let next = refresh_token(&use_up(&after, &mut store, &token, NOW + 1));
    assert_refused(&use_up(&after, &mut store, &token, NOW + 60), "refresh-token-reused");
    assert_refused(&use_up(&after, &mut store, &next, NOW + 61), "refresh-token-unknown");
    assert_eq!(store.users.0[0].token_version, Some(1));
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
