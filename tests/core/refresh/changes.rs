//! Sessions while keys, passwords and token versions change.

use super::{FORM, assert_refused, member, refresh_token, start, use_up};
use crate::support::{NOW, SECRET, Store, gate_with};
use edgegate::{
    Gate, Vars,
    host::{Answer, Question},
};
use wasm_bindgen_test::wasm_bindgen_test;

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
