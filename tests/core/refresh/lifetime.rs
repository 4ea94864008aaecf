//! When a session ends by itself.

use super::{FORM, assert_refused, refresh_token, start, use_up};
use crate::support::{NOW, SECRET, Store, gate_with};
use edgegate::Vars;
use wasm_bindgen_test::wasm_bindgen_test;

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
