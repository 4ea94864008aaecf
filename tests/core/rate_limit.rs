//! The rate limits of logins, sign-ups and refreshes.

use crate::support::{NOW, SECRET, Store, Users, gate_with, row, run};
use edgegate::{Answer, Credentials, Gate, Question, Reply, Request, Vars, host::Limit};
use wasm_bindgen_test::wasm_bindgen_test;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn gate() -> Gate {
    let refresh_token_expire_minutes = Some("60".into());
    gate_with(SECRET, Vars { rate_limit: Some("on".into()), refresh_token_expire_minutes, ..Vars::default() })
}

fn request(path: &str, content_type: &str, address: &str) -> Request {
    let mut request = Request::new("POST", &format!("http://localhost{path}"));
    request.content_type = Some(content_type.to_owned());
    request.address = Some(address.to_owned());
    request
}

/// The reply, the questions until then, and the keys that were asked for.
fn ask(gate: &Gate, request: Request, body: &str, within: &Answer) -> (Reply, Vec<String>, Vec<Limit>) {
    let (mut asked, mut limits) = (Vec::new(), Vec::new());
    let mut store = Store::with_user(1, "user@example.com");
    store.users.0.push(row(2, "broken@example.com", "no hash"));
    let reply = run(gate.handle(request, NOW), |question| {
        asked.push(format!("{question:?}"));
        match question {
            Question::Limit(limit) => {
                limits.push(limit.clone());
                within.clone()
            }
            _ => store.answer(question, body.as_bytes()),
        }
    });
    (reply, asked, limits)
}

fn keys(path: &str, content_type: &str, address: &str, body: &str) -> Limit {
    let (_, _, limits) = ask(&gate(), request(path, content_type, address), body, &Answer::WithinLimit(true));
    assert_eq!(limits.len(), 1, "{path} {body}");
    limits[0].clone()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refusal_comes_before_every_store_and_password_and_is_the_same_for_all() {
    let refused = |path, content_type, body| {
        let (reply, asked, _) =
            ask(&gate(), request(path, content_type, "203.0.113.7"), body, &Answer::WithinLimit(false));
        assert_eq!(asked, ["Body", "Limit"], "{path} {body}");
        assert_eq!(reply.event.map(|event| event.reason.into_owned()).as_deref(), Some("rate-limited"));
        (reply.status, reply.headers, reply.body)
    };
    let expected = (
        429,
        vec![
            ("content-type", "application/json".to_owned()),
            ("retry-after", "60".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ],
        r#"{"detail":"Too Many Requests"}"#.to_owned(),
    );
    for (path, content_type, body) in [
        ("/login", FORM, "username=user@example.com&password=secret"),
        ("/login", FORM, "username=user@example.com&password=wrong"),
        ("/login", FORM, "username=nobody@example.com&password=secret"),
        ("/login", FORM, "username=broken@example.com&password=secret"),
        ("/login", FORM, "grant_type=refresh_token&refresh_token=a.b.c"),
        ("/revoke", FORM, "token=a.b.c"),
        ("/users", JSON, r#"{"email":"user@example.com","password":"a password"}"#),
        ("/users", JSON, r#"{"email":"new@example.com","password":"a password"}"#),
    ] {
        assert_eq!(refused(path, content_type, body), expected, "{path} {body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_costs_nothing_is_not_counted() {
    let (_, asked, _) = ask(&gate(), request("/login", FORM, "::1"), "username=a", &Answer::WithinLimit(false));
    assert_eq!(asked, ["Body"]);
    let mut me = Request::new("GET", "http://localhost/me");
    me.address = Some("::1".to_owned());
    assert_eq!(ask(&gate(), me, "", &Answer::WithinLimit(false)).0.status, 401);
    let closed = Vars { rate_limit: Some("on".into()), registration: Some("closed".into()), ..Vars::default() };
    let closed =
        Gate::new(edgegate::Settings::try_from(Vars { secret_key: Some(SECRET.into()), ..closed }).expect("good"));
    let (_, asked, _) = ask(&closed, request("/users", JSON, "::1"), "{}", &Answer::WithinLimit(false));
    assert!(asked.is_empty(), "{asked:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_keys_are_of_the_network_and_of_the_account() {
    let login = |address: &str, name: &str| keys("/login", FORM, address, &format!("username={name}&password=secret"));
    let ada = login("203.0.113.7", "user@example.com");
    assert!(ada.client.is_some() && ada.account.is_some());
    let account_of = |name: &str| login("203.0.113.7", name).account;
    for same in ["USER@example.com", "+user@example.com+", "user@EXAMPLE.com"] {
        assert_eq!(account_of(same), ada.account, "{same}");
    }
    for other in ["user2@example.com", "nobody@example.com", "user"] {
        assert!(account_of(other).is_some_and(|key| Some(key) != ada.account), "{other}");
    }
    // A name that no row can have is counted too.
    assert!(account_of(&"a".repeat(300)).is_some());
    let client_of = |address: &str| login(address, "user@example.com").client;
    assert_eq!(client_of("::ffff:203.0.113.7"), ada.client);
    assert_ne!(client_of("203.0.113.8"), ada.client);
    assert_eq!(client_of("2001:db8::1"), client_of("2001:db8::ffff:1"));
    assert_ne!(client_of("2001:db8::1"), client_of("2001:db8:0:1::1"));
    assert_eq!(client_of(""), None);

    let user = keys("/users", JSON, "203.0.113.7", r#"{"email":"User@example.com","password":"a password"}"#);
    assert_eq!(user, ada);
    let refresh = keys("/login", FORM, "203.0.113.7", "grant_type=refresh_token&refresh_token=a.b.c");
    assert_eq!(refresh, Limit { account: None, ..ada.clone() });
    assert_eq!(keys("/revoke", FORM, "203.0.113.7", "token=a.b.c"), refresh);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_limiter_that_fails_lets_requests_pass() {
    let form = "username=user@example.com&password=secret";
    let (reply, ..) = ask(&gate(), request("/login", FORM, "::1"), form, &Answer::Unavailable);
    assert_eq!(reply.status, 200);
    // An answer to another question is a fault of the host.
    assert_eq!(ask(&gate(), request("/login", FORM, "::1"), form, &Answer::Done).0.status, 500);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_http_a_login_is_counted_too() {
    let credentials =
        Credentials { address: Some("203.0.113.7".into()), ..Credentials::new("user@example.com", "secret") };
    let mut counted = Vec::new();
    let mut users = Users::default();
    let verdict = run(gate().login(credentials, NOW), |question| match question {
        Question::Limit(limit) => {
            counted.push(limit.clone());
            Answer::WithinLimit(false)
        }
        _ => users.answer(question, b""),
    });
    assert_eq!(verdict, Err(edgegate::Refusal::RateLimited));
    assert_eq!(counted, [keys("/login", FORM, "203.0.113.7", "username=user@example.com&password=secret")]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_logout_by_the_cookie_of_a_refresh_token_is_counted() {
    let (on, minutes) = (|| Some("on".into()), Some("60".into()));
    let vars = Vars { rate_limit: on(), token_cookie: on(), refresh_token_expire_minutes: minutes, ..Vars::default() };
    let gate = gate_with(SECRET, vars);
    let logout = |cookie: &str| Request { cookie: Some(cookie.into()), ..request("/logout", FORM, "203.0.113.7") };
    let (reply, asked, _) = ask(&gate, logout("__Host-refresh_token=a.b.c"), "", &Answer::WithinLimit(false));
    assert_eq!((reply.status, asked), (429, vec!["Limit".to_owned()]));
}

#[wasm_bindgen_test(unsupported = test)]
fn off_counts_nothing() {
    let gate = gate_with(SECRET, Vars { rate_limit: Some("off".into()), ..Vars::default() });
    let form = "username=user@example.com&password=secret";
    let (reply, asked, _) = ask(&gate, request("/login", FORM, "203.0.113.7"), form, &Answer::WithinLimit(false));
    assert_eq!((reply.status, asked.contains(&"Limit".to_owned())), (200, false));
}
