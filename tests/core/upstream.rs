//! A backend that ran before this one: users who move from it, passwords that go to both, and what is compared.

use std::sync::Arc;

use crate::support::{NOW, SECRET, Store, quick_gate_with, run};
use edgegate::{
    Agreement, Answer, Comparison, Difference, Gate, Question, Reply, Request, Settings, Vars,
    host::{LoginState, UpstreamReply, UpstreamRequest, UserAtLogin, tokens},
    token::{Algorithm, Key, KeyRing, Rules},
};
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

const UPSTREAM: &str = "https://old.example";
const FORM: &str = "application/x-www-form-urlencoded";
const LOGIN: &str = "username=user%40example.com&password=secret";
const WRONG: &str = "username=user%40example.com&password=wrong";
const CHANGE: &str = r#"{"current_password": "secret", "new_password": "another one"}"#;

/// The backend that ran before: one with the same contract, and a store of its own.
struct Old {
    gate: Gate,
    store: Store,
    /// The requests, without their values.
    asked: Vec<String>,
}

impl Old {
    fn new() -> Self {
        let more = Vars { password_change: Some("on".into()), ..Vars::default() };
        Self { gate: quick_gate_with(SECRET, more), store: Store::with_user(7, "User@example.com"), asked: Vec::new() }
    }

    fn reply(&mut self, request: &UpstreamRequest) -> Reply {
        let path = request.url.strip_prefix(UPSTREAM).expect("it is a URL of UPSTREAM");
        self.asked.push(format!("{} {path}", request.method));
        let mut head = Request::new(request.method, &request.url);
        head.content_type = request.content_type.map(str::to_owned);
        head.authorization.clone_from(&request.authorization);
        run(self.gate.handle(head, NOW), |question| self.store.answer(question, request.body.as_bytes()))
    }

    fn answer(&mut self, request: &UpstreamRequest) -> Answer {
        let reply = self.reply(request);
        Answer::Upstream(UpstreamReply { status: reply.status, body: reply.body.into_bytes() })
    }
}

fn vars() -> Vars {
    Vars {
        upstream: Some(UPSTREAM.into()),
        registration: Some("closed".into()),
        password_change: Some("on".into()),
        ..Vars::default()
    }
}

fn trickling() -> Gate {
    quick_gate_with(SECRET, Vars { trickle: Some("on".into()), ..vars() })
}

fn writing_back() -> Gate {
    quick_gate_with(SECRET, Vars { write_back: Some("on".into()), ..vars() })
}

/// A login, with this answer of the old backend.
fn log_in(gate: &Gate, store: &mut Store, form: &str, mut upstream: impl FnMut(&UpstreamRequest) -> Answer) -> Reply {
    let mut request = Request::new("POST", "http://localhost/login");
    request.content_type = Some(FORM.to_owned());
    run(gate.handle(request, NOW), |question| match question {
        Question::Upstream(request) => upstream(request),
        question => store.answer(question, form.as_bytes()),
    })
}

fn change(gate: &Gate, store: &mut Store, mut upstream: impl FnMut(&UpstreamRequest) -> Answer) -> Reply {
    let token = store.login(gate, LOGIN, NOW);
    let mut request = Request::new("PATCH", "http://localhost/me/password");
    request.content_type = Some("application/json".to_owned());
    request.authorization = Some(format!("Bearer {}", member(&token, "access_token")));
    run(gate.handle(request, NOW), |question| match question {
        Question::Upstream(request) => upstream(request),
        question => store.answer(question, CHANGE.as_bytes()),
    })
}

fn member(reply: &Reply, name: &str) -> String {
    let body: Value = serde_json::from_str(&reply.body).expect("the body is JSON");
    body[name].as_str().expect("the member is a text").to_owned()
}

fn reason(reply: &Reply) -> String {
    reply.event.as_ref().expect("it is logged").reason.to_string()
}

fn answered(status: u16, body: &str) -> Answer {
    Answer::Upstream(UpstreamReply { status, body: body.into() })
}

#[wasm_bindgen_test(unsupported = test)]
fn a_user_moves_at_the_first_login() {
    let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
    let reply = log_in(&gate, &mut store, LOGIN, |request| old.answer(request));
    assert_eq!(reply.status, 200);
    let user = store.users.0[0].clone();
    // The id, the spelling and the time of the other backend; the hash is a new one.
    assert_eq!(
        (user.id, user.email.as_str(), user.created_at.as_str()),
        (7.into(), "User@example.com", "2021-08-29T00:00:00Z")
    );
    assert_ne!(user.password, old.store.users.0[0].password);
    // The other backend is asked once.
    assert_eq!(old.asked, ["POST /login", "GET /me"]);
    for (form, status) in [(LOGIN, 200), (WRONG, 403)] {
        assert_eq!(log_in(&gate, &mut store, form, |_| panic!("the user is known")).status, status);
    }
    // The token of each is valid at the other.
    let me = Request {
        authorization: Some(format!("Bearer {}", member(&reply, "access_token"))),
        ..Request::new("GET", "https://old.example/me")
    };
    assert_eq!(run(old.gate.handle(me, NOW), |question| old.store.answer(question, b"")).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn nobody_moves_with_a_wrong_password() {
    let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
    let elsewhere = Gate::new(Settings { upstream: None, ..gate.settings().clone() });
    let refused = log_in(&elsewhere, &mut store, WRONG, |_| panic!("there is no UPSTREAM"));
    for form in [WRONG, "username=nobody%40example.com&password=secret"] {
        let reply = log_in(&gate, &mut store, form, |request| old.answer(request));
        assert_eq!((reply.status, &reply.body, &reply.headers), (403, &refused.body, &refused.headers), "{form}");
    }
    for status in [400, 401, 422] {
        let answer = || answered(status, r#"{"detail": "No"}"#);
        assert_eq!(log_in(&gate, &mut store, WRONG, |_| answer()).body, refused.body, "{status}");
    }
    assert!(store.users.0.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn an_overlong_password_is_not_sent_upstream() {
    let (gate, mut store) = (trickling(), Store::default());
    let form = format!("username=user%40example.com&password={}", "x".repeat(4097));
    assert_eq!(log_in(&gate, &mut store, &form, |_| panic!("it is not asked")).status, 403);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_backend_that_fails_stores_nobody_and_is_named_in_the_log() {
    let token = |secret: &str| {
        let mut store = Store::with_user(7, "user@example.com");
        member(&store.login(&quick_gate_with(secret, Vars::default()), LOGIN, NOW), "access_token")
    };
    let [other, ours] = ["another secret, also of 32 bytes or more", SECRET]
        .map(|secret| format!(r#"{{"access_token": "{}"}}"#, token(secret)));
    for (answer, status, why) in [
        (Answer::Unavailable, 502, "upstream-unavailable"),
        (Answer::TimedOut, 504, "upstream-timeout"),
        (answered(500, ""), 502, "upstream-status:500"),
        (answered(307, ""), 502, "upstream-status:307"),
        // Of a proxy in between.
        (answered(403, "<html>"), 502, "upstream-status:403"),
        (answered(404, r#"{"detail": "Not Found"}"#), 502, "upstream-status:404"),
        (answered(429, ""), 429, "rate-limited"),
        (answered(200, "<html>"), 502, "upstream-answer"),
        (answered(200, r#"{"access_token": 5}"#), 502, "upstream-answer"),
        (answered(200, r#"{"access_token": "a.b.c"}"#), 502, "upstream-token"),
        (answered(200, &other), 502, "upstream-token"),
        (answered(200, &format!("{ours}{}", " ".repeat(64 * 1024))), 502, "upstream-answer"),
    ] {
        let mut store = Store::with_user(1, "known@example.com");
        let reply = log_in(&trickling(), &mut store, LOGIN, |_| answer.clone());
        assert_eq!((reply.status, reason(&reply).as_str()), (status, why));
        assert_eq!(store.users.0.len(), 1, "{why}");
        // Those who are known do not need it.
        let reply =
            log_in(&trickling(), &mut store, "username=known%40example.com&password=secret", |_| panic!("it is known"));
        assert_eq!(reply.status, 200);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_other_backend_tells_of_a_user_is_not_needed() {
    for (status, body, email, created_at) in [
        (404, "", "user@example.com", "2023-11-14T22:13:20Z"),
        (
            200,
            r#"{"email": "USER@example.com", "created_at": "2020-01-02T03:04:05.678"}"#,
            "USER@example.com",
            "2020-01-02T03:04:05.678Z",
        ),
    ] {
        let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
        let reply = log_in(&gate, &mut store, LOGIN, |request| match request.url.ends_with("/me") {
            true => answered(status, body),
            false => old.answer(request),
        });
        assert_eq!(reply.status, 200, "{body}");
        let user = &store.users.0[0];
        assert_eq!((user.email.as_str(), user.created_at.as_str()), (email, created_at));
    }
    // Another spelling could be that of somebody else.
    for (answer, why) in [
        (answered(503, ""), "upstream-status:503"),
        (answered(401, "{}"), "upstream-status:401"),
        (answered(404, ""), "upstream-user"),
        (answered(200, r#"{"email": 5}"#), "upstream-user"),
    ] {
        let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
        let form = LOGIN.replace("user%40", "%20user%40");
        let reply = log_in(&gate, &mut store, &form, |request| match request.url.ends_with("/me") {
            true => answer.clone(),
            false => old.answer(request),
        });
        assert_eq!((reply.status, reason(&reply).as_str(), store.users.0.len()), (502, why, 0));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn who_is_somebody_else_upstream_is_not_stored() {
    for body in [
        r#"{"id": 7, "email": "somebody@else.example"}"#,
        r#"{"id": 8, "email": "user@example.com"}"#,
        r#"{"id": "7"}"#,
        r#"{"id": 7.5}"#,
        r#"{"id": null}"#,
    ] {
        let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
        let reply = log_in(&gate, &mut store, LOGIN, |request| match request.url.ends_with("/me") {
            true => answered(200, body),
            false => old.answer(request),
        });
        assert_eq!((reply.status, reason(&reply).as_str(), store.users.0.len()), (502, "upstream-user", 0), "{body}");
    }
    // A name that is no address may be another one.
    let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
    let reply =
        log_in(&gate, &mut store, "username=user&password=secret", |request| match request.url.ends_with("/me") {
            true => answered(200, r#"{"id": 7, "email": "somebody@else.example"}"#),
            false => {
                let body = request.body.replace("username=user", "username=user%40example%2Ecom").into();
                old.answer(&UpstreamRequest { body, ..request.clone() })
            }
        });
    assert_eq!((reply.status, store.users.0[0].email.as_str()), (200, "user"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_whose_password_nobody_has_checked_is_no_failure() {
    let gate = quick_gate_with(SECRET, Vars { trickle: Some("on".into()), lockout: Some("on".into()), ..vars() });
    for (answer, taken_back) in [
        (Answer::Unavailable, 1),
        (answered(429, ""), 1),
        (answered(404, "<html>"), 1),
        (answered(403, r#"{"detail": "No"}"#), 0),
    ] {
        let (mut counted, mut back) = (0, 0);
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some(FORM.to_owned());
        run(gate.handle(request, NOW), |question| match question {
            Question::Body { .. } => Answer::Body(LOGIN.into()),
            Question::UserAtLogin { .. } => {
                Answer::UserAtLogin(Box::new(UserAtLogin { user: None, state: LoginState::default() }))
            }
            Question::CountLogin(login) => {
                counted += 1;
                assert_eq!((login.client.as_str(), login.counts), ("", true));
                Answer::Counted(1)
            }
            Question::LoginSucceeded(login) => {
                back += 1;
                assert_eq!((login.client.as_str(), login.is_known), ("", false));
                Answer::Done
            }
            Question::Upstream(_) => answer.clone(),
            Question::Work { job } => crate::support::work(job),
            _ => panic!("it asks nothing else"),
        });
        assert_eq!((counted, back), (1, taken_back), "{answer:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_id_of_another_user_is_not_given_away() {
    let (gate, mut old) = (trickling(), Old::new());
    let mut store = Store::with_user(7, "somebody@else.example");
    let reply = log_in(&gate, &mut store, LOGIN, |request| old.answer(request));
    assert_eq!((reply.status, reason(&reply).as_str(), store.users.0.len()), (502, "upstream-taken", 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_user_who_has_moved_meanwhile_logs_in() {
    let (gate, mut store, mut old) = (trickling(), Store::default(), Old::new());
    let reply = log_in(&gate, &mut store, LOGIN, |request| old.answer(request));
    let moved = store.users.0.remove(0);
    let mut request = Request::new("POST", "http://localhost/login");
    request.content_type = Some(FORM.to_owned());
    let meanwhile = run(gate.handle(request, NOW), |question| match question {
        Question::Upstream(request) => old.answer(request),
        question => {
            if matches!(question, Question::MoveUser(_)) {
                store.users.0.push(moved.clone());
            }
            store.answer(question, LOGIN.as_bytes())
        }
    });
    assert_eq!((reply.status, meanwhile.status, store.users.0.len()), (200, 200, 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_password_that_bcrypt_does_not_read_to_its_end_is_hashed_by_argon2id() {
    let long = "x".repeat(100);
    let form = format!("username=user%40example.com&password={long}");
    let mut old = Old::new();
    old.store.users.0[0].password = bcrypt::hash_with_salt(&long, 4, [3; 16]).expect("4 is allowed").to_string();
    let (gate, mut store) = (trickling().with_other_schemes(), Store::default());
    let mut request = Request::new("POST", "http://localhost/login");
    request.content_type = Some(FORM.to_owned());
    let reply = run(gate.handle(request, NOW), |question| match question {
        Question::Upstream(request) => old.answer(request),
        Question::Hash { job } if job.password() == long => Answer::Hashed("$argon2id$".to_owned()),
        Question::Verify { job } => Answer::Verified(job.password() == long),
        question => store.answer(question, form.as_bytes()),
    });
    assert_eq!((reply.status, store.users.0[0].password.as_str()), (200, "$argon2id$"));
    // Without the other schemes it is said, and nobody is stored.
    let mut store = Store::default();
    let reply = log_in(&trickling(), &mut store, &form, |request| old.answer(request));
    assert_eq!((reply.status, reason(&reply).as_str(), store.users.0.len()), (502, "upstream-password", 0));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_goes_to_both() {
    let (gate, mut store, mut old) = (writing_back(), Store::with_user(7, "user@example.com"), Old::new());
    let reply = change(&gate, &mut store, |request| old.answer(request));
    assert_eq!((reply.status, old.asked.as_slice()), (200, ["PATCH /me/password".to_owned()].as_slice()));
    let both = [(&gate, &mut store), (&old.gate.clone(), &mut old.store)];
    for (gate, store) in both {
        let logins = [LOGIN, "username=user%40example.com&password=another%20one"]
            .map(|form| store.login(gate, form, NOW).status);
        assert_eq!(logins, [403, 200]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_that_the_other_backend_does_not_store_is_stored_nowhere() {
    for (answer, status, why) in [
        (Answer::Unavailable, 502, "upstream-unavailable"),
        (Answer::TimedOut, 504, "upstream-timeout"),
        (answered(503, ""), 502, "upstream-status:503"),
        (answered(429, ""), 429, "rate-limited"),
        (answered(404, ""), 502, "upstream-status:404"),
        // It has rules of its own for passwords.
        (answered(422, ""), 400, "upstream-new-password"),
        (answered(302, ""), 502, "upstream-status:302"),
    ] {
        let (gate, mut store, mut old) = (writing_back(), Store::with_user(7, "user@example.com"), Old::new());
        let reply = change(&gate, &mut store, |request| match request.method {
            "PATCH" => answer.clone(),
            _ => old.answer(request),
        });
        assert_eq!((reply.status, reason(&reply).as_str()), (status, why));
        assert_eq!(store.login(&gate, LOGIN, NOW).status, 200, "{why}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_that_only_the_other_backend_has_is_repeated() {
    let (gate, mut store, mut old) = (writing_back(), Store::with_user(7, "user@example.com"), Old::new());
    let before = store.clone();
    assert_eq!(change(&gate, &mut store, |request| old.answer(request)).status, 200);
    // As if the database had failed after the other backend had stored it.
    let mut store = before;
    assert_eq!(change(&gate, &mut store, |request| old.answer(request)).status, 200);
    assert_eq!(old.asked, ["PATCH /me/password", "PATCH /me/password", "POST /login"]);
    assert_eq!(store.login(&gate, "username=user%40example.com&password=another%20one", NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_password_by_mail_goes_to_both() {
    let mail =
        Vars { password_recovery: Some("on".into()), frontend_host: Some("https://app.example".into()), ..vars() };
    let gate = quick_gate_with(SECRET, Vars { write_back: Some("on".into()), ..mail });
    for (status, stored) in [(200, 200), (500, 502)] {
        let (mut store, mut links) = (Store::with_user(7, "user@example.com"), Vec::new());
        let request = Request::new("POST", "http://localhost/password-recovery/user@example.com");
        run(gate.handle(request, NOW), |question| match question {
            Question::SendMail(mail) => {
                links.push(mail.link.clone());
                Answer::Done
            }
            question => store.answer(question, b""),
        });
        let token = links[0].split_once("token=").expect("it has a token").1;
        let body = format!(r#"{{"token": "{token}", "new_password": "another one"}}"#);
        let mut request = Request::new("POST", "http://localhost/reset-password");
        request.content_type = Some("application/json".to_owned());
        let mut sent = Vec::new();
        let reply = run(gate.handle(request, NOW), |question| match question {
            Question::Upstream(request) => {
                sent.push(request.clone());
                answered(status, "")
            }
            question => store.answer(question, body.as_bytes()),
        });
        assert_eq!(reply.status, stored);
        let login = store.login(&gate, "username=user%40example.com&password=another%20one", NOW).status;
        assert_eq!(login, if stored == 200 { 200 } else { 403 });
        let sent = &sent[0];
        assert_eq!(
            (sent.method, sent.url.as_str(), &sent.authorization),
            ("POST", "https://old.example/reset-password", &None)
        );
        // As FastAPI's template reads it: `sub` is the address.
        let body: Value = serde_json::from_str(&sent.body).expect("it is JSON");
        assert_eq!(body["new_password"], "another one");
        let token = body["token"].as_str().expect("it is a text");
        let key = Key::secret(Algorithm::HS256, SECRET.as_bytes()).expect("it is long enough");
        let ring = Arc::new(KeyRing::new(vec![key]).expect("it is one key"));
        let claims = tokens::verify(token.to_owned(), ring, Rules::default(), NOW).done().expect("it asks no host");
        let claims = claims.expect("the token is valid");
        assert_eq!(
            (claims.get("sub"), claims.get("exp")),
            (Some(&"user@example.com".into()), Some(&(NOW + 300).into()))
        );
    }
}

fn shadowing(more: Vars) -> Gate {
    quick_gate_with(SECRET, Vars { shadow: Some("on".into()), ..more })
}

/// What the two backends answer to the same request.
fn compare(gate: &Gate, store: &mut Store, old: &mut Old, request: &UpstreamRequest) -> Comparison {
    let theirs = old.reply(request);
    with_answer(gate, store, request, theirs.status, &theirs.body, |request| old.answer(request))
}

fn with_answer(
    gate: &Gate,
    store: &mut Store,
    request: &UpstreamRequest,
    status: u16,
    body: &str,
    mut upstream: impl FnMut(&UpstreamRequest) -> Answer,
) -> Comparison {
    let mut head = Request::new(request.method, &request.url.replace(UPSTREAM, "http://localhost"));
    head.content_type = request.content_type.map(str::to_owned);
    head.authorization.clone_from(&request.authorization);
    let theirs = UpstreamReply { status, body: body.into() };
    run(gate.compare(head, request.body.as_bytes().to_vec(), theirs, NOW), |question| match question {
        Question::Upstream(request) => upstream(request),
        question => store.answer(question, b""),
    })
}

fn login(form: &str) -> UpstreamRequest {
    UpstreamRequest {
        method: "POST",
        url: format!("{UPSTREAM}/login"),
        content_type: Some(FORM),
        authorization: None,
        body: form.to_owned().into(),
        at_most: 0,
    }
}

fn me(token: &str) -> UpstreamRequest {
    let (url, authorization) = (format!("{UPSTREAM}/me"), Some(format!("Bearer {token}")));
    UpstreamRequest { method: "GET", url, content_type: None, authorization, body: String::new().into(), at_most: 0 }
}

fn agreed(status: u16, refusal: Option<&'static str>) -> Comparison {
    Comparison { agreement: Agreement::Agreed, status, difference: None, refusal: refusal.map(Into::into) }
}

fn disagreed(status: u16, difference: Difference, refusal: Option<&'static str>) -> Comparison {
    Comparison { agreement: Agreement::Disagreed, difference: Some(difference), ..agreed(status, refusal) }
}

fn skipped(status: u16, refusal: &'static str) -> Comparison {
    Comparison { agreement: Agreement::Skipped, ..agreed(status, Some(refusal)) }
}

#[wasm_bindgen_test(unsupported = test)]
fn all_requests_are_handed_on_with_shadow() {
    let paths = "/login=/api/v1/login/access-token, /me=/api/v1/users/me";
    let gate = shadowing(Vars {
        upstream: Some("https://old.example:8443/".into()),
        upstream_paths: Some(paths.into()),
        ..vars()
    });
    let to = |method: &str, url: &str, prefix: &str| {
        let request = Request { prefix: prefix.to_owned(), ..Request::new(method, url) };
        gate.hand_on(&request).map(|to| (to.url, to.is_compared))
    };
    for (method, url, prefix, handed_on, is_compared) in [
        (
            "POST",
            "https://new.example/login?a=%20b#c",
            "",
            "https://old.example:8443/api/v1/login/access-token?a=%20b",
            true,
        ),
        ("GET", "https://new.example/me", "", "https://old.example:8443/api/v1/users/me", true),
        ("GET", "https://new.example/auth/me", "/auth", "https://old.example:8443/api/v1/users/me", true),
        ("GET", "https://new.example/auth/orders", "/auth", "https://old.example:8443/orders", false),
        ("HEAD", "https://new.example/me", "", "https://old.example:8443/api/v1/users/me", false),
        ("PATCH", "https://new.example/me/password", "", "https://old.example:8443/me/password", false),
        ("GET", "https://new.example//else.example/%2e?x", "", "https://old.example:8443//else.example/%2e?x", false),
        ("GET", "https://new.example", "", "https://old.example:8443/", false),
    ] {
        assert_eq!(to(method, url, prefix), Some((handed_on.to_owned(), is_compared)), "{method} {url}");
    }
    assert_eq!(to("GET", "https://new.example/orders", "/auth"), None);
    // What follows the prefix must not become a part of the host.
    for url in [
        "/auth%2f@else.example/x",
        "/auth%2F.else.example/x",
        "/auth@else.example",
        "/auth.else.example",
        "/auth%2flogin",
        "/aut",
        "/auth%",
    ] {
        assert_eq!(to("GET", &format!("https://new.example{url}"), "/auth"), None, "{url}");
    }
    for (url, prefix) in [
        ("/%61uth/orders", "/auth"),
        ("/auth/orders", "/auth/"),
        ("/a%75th/orders", "/%61uth"),
        ("/orders", "/"),
        ("/a%25/orders", "/a%25"),
        ("/a%/orders", "/a%25"),
        ("/%e6%97%a5/orders", "/日"),
        ("/日/orders", "/%E6%97%A5"),
    ] {
        let handed_on = Some(("https://old.example:8443/orders".to_owned(), false));
        assert_eq!(to("GET", &format!("https://new.example{url}"), prefix), handed_on, "{url}");
    }
    assert_eq!(quick_gate_with(SECRET, vars()).hand_on(&Request::new("GET", "https://new.example/me")), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn two_backends_with_the_same_users_agree() {
    let (gate, mut store, mut old) = (shadowing(vars()), Store::with_user(7, "User@example.com"), Old::new());
    let before = format!("{:?}", store.users.0);
    let mut compared = |request: &UpstreamRequest| compare(&gate, &mut store, &mut old, request);
    assert_eq!(compared(&login(LOGIN)), agreed(200, None));
    assert_eq!(compared(&login(WRONG)), agreed(403, Some("wrong-password")));
    assert_eq!(compared(&login("username=no%40example.com&password=x")), agreed(403, Some("unknown-user")));
    assert_eq!(compared(&login("username=x")), agreed(422, Some("body-unprocessable")));
    assert_eq!(compared(&me("a.b.c")), agreed(401, Some("malformed")));
    let token = member(&old.reply(&login(LOGIN)), "access_token");
    assert_eq!(compare(&gate, &mut store, &mut old, &me(&token)), agreed(200, None));
    assert_eq!(format!("{:?}", store.users.0), before);
}

#[wasm_bindgen_test(unsupported = test)]
fn each_difference_has_its_name() {
    let more = Vars { access_token_expire_minutes: Some("60".into()), ..Vars::default() };
    let token = |secret: &str, id: i64, more: Vars| {
        let mut store = Store::with_user(id, "user@example.com");
        store.login(&quick_gate_with(secret, more), LOGIN, NOW).body
    };
    let role = Vars { jwt_claims: Some(r#"{"role": "admin"}"#.into()), ..Vars::default() };
    for (status, body, difference) in [
        (403, r#"{"detail":"Invalid Credentials"}"#.to_owned(), Difference::Status),
        (200, "<html>".to_owned(), Difference::Body),
        (200, r#"{"access_token": "a.b.c"}"#.to_owned(), Difference::Token),
        (200, token("another secret, also of 32 bytes or more", 7, Vars::default()), Difference::Token),
        (200, token(SECRET, 8, Vars::default()), Difference::User),
        (200, token(SECRET, 7, role), Difference::Claims),
        (200, token(SECRET, 7, more), Difference::Lifetime),
    ] {
        let (gate, mut store) = (shadowing(vars()), Store::with_user(7, "user@example.com"));
        let compared = with_answer(&gate, &mut store, &login(LOGIN), status, &body, |_| panic!("it is not asked"));
        assert_eq!(compared, disagreed(200, difference, None), "{difference:?}");
    }
    let (gate, mut store) = (shadowing(vars()), Store::with_user(7, "user@example.com"));
    let mut refused = |body| with_answer(&gate, &mut store, &login(WRONG), 403, body, |_| panic!("it is not asked"));
    assert_eq!(refused(r#"{"detail": "No"}"#), disagreed(403, Difference::Body, Some("wrong-password")));
    let own = member(&Store::with_user(7, "user@example.com").login(&gate, LOGIN, NOW), "access_token");
    for (body, difference) in [
        (r#"{"id": 8, "email": "user@example.com", "created_at": "2021-08-29T00:00:00Z"}"#, Difference::User),
        (r#"{"id": 7, "email": "USER@example.com", "created_at": "2021-08-29T00:00:00Z"}"#, Difference::Body),
        ("[]", Difference::Body),
    ] {
        let compared = with_answer(&gate, &mut store, &me(&own), 200, body, |_| panic!("it is not asked"));
        assert_eq!(compared, disagreed(200, difference, None), "{body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_comparison_changes_nothing() {
    let more = Vars {
        lockout: Some("on".into()),
        rehash: Some("on".into()),
        audit: Some("on".into()),
        refresh_token_expire_minutes: Some("60".into()),
        ..vars()
    };
    let (gate, mut store) = (shadowing(more), Store::with_user(7, "user@example.com"));
    let mut asked = Vec::new();
    for form in [LOGIN, WRONG, "username=no%40example.com&password=x"] {
        let head = Request { content_type: Some(FORM.into()), ..Request::new("POST", "http://localhost/login") };
        let theirs = UpstreamReply { status: 403, body: b"{}".to_vec() };
        run(gate.compare(head, form.into(), theirs, NOW), |question| {
            asked.push(format!("{question:?}"));
            store.answer(question, b"")
        });
    }
    asked.sort();
    asked.dedup();
    assert_eq!(asked, ["UserByEmail", "Work"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_comparison_counts_as_a_login_for_the_rate_limit() {
    let (gate, mut store) = (shadowing(Vars { rate_limit: Some("on".into()), ..vars() }), Store::default());
    let head = Request { content_type: Some(FORM.into()), ..Request::new("POST", "http://localhost/login") };
    let theirs = UpstreamReply { status: 403, body: b"{}".to_vec() };
    let compared = run(gate.compare(head, LOGIN.into(), theirs, NOW), |question| match question {
        Question::Limit(_) => Answer::WithinLimit(false),
        question => store.answer(question, b""),
    });
    assert_eq!(compared, skipped(429, "rate-limited"));
}

#[wasm_bindgen_test(unsupported = test)]
fn users_move_while_the_other_backend_answers() {
    let gate = shadowing(Vars { trickle: Some("on".into()), ..vars() });
    let (mut store, mut old) = (Store::default(), Old::new());
    let mut compared = |store: &mut Store, form: &str| compare(&gate, store, &mut old, &login(form));
    let stored =
        |refusal| Comparison { agreement: Agreement::Stored, ..disagreed(403, Difference::Status, Some(refusal)) };
    assert_eq!(compared(&mut store, LOGIN), stored("unknown-user"));
    assert_eq!(compared(&mut store, LOGIN), agreed(200, None));
    assert_eq!(store.users.0[0].id, 7.into());
    // A password that was changed there is stored here.
    store.users.0[0].password = bcrypt::hash_with_salt("earlier", 4, [3; 16]).expect("4 is allowed").to_string();
    assert_eq!(compared(&mut store, LOGIN), stored("wrong-password"));
    assert_eq!(compared(&mut store, LOGIN), agreed(200, None));
    // One that is wrong there, too, is not.
    assert_eq!(compared(&mut store, WRONG), agreed(403, Some("wrong-password")));
    // Nor is the id of another user here.
    let mut store = Store::with_user(7, "somebody@else.example");
    assert_eq!(compared(&mut store, LOGIN), disagreed(403, Difference::Status, Some("unknown-user")));
    assert_eq!(store.users.0.len(), 1);
    // The address of another user here is not that one's.
    let mut store = Store::with_user(8, "user@example.com");
    store.users.0[0].password = bcrypt::hash_with_salt("earlier", 4, [3; 16]).expect("4 is allowed").to_string();
    assert_eq!(compared(&mut store, LOGIN), disagreed(403, Difference::Status, Some("wrong-password")));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_whose_token_is_not_ours_teaches_nothing() {
    let gate = shadowing(Vars { trickle: Some("on".into()), ..vars() });
    let mut theirs = Store::with_user(7, "user@example.com");
    let token =
        theirs.login(&quick_gate_with("another secret, also of 32 bytes or more", Vars::default()), LOGIN, NOW).body;
    for body in [token.as_str(), r#"{"access_token": "a.b.c"}"#, "<html>"] {
        let mut store = Store::default();
        let compared = with_answer(&gate, &mut store, &login(LOGIN), 200, body, |_| answered(200, body));
        let nonsense = skipped(403, "upstream-answer");
        let expected =
            if body == "<html>" { nonsense } else { disagreed(200, Difference::Token, Some("unknown-user")) };
        assert_eq!(
            compared,
            Comparison { status: compared.status, refusal: compared.refusal.clone(), ..expected },
            "{body}"
        );
        assert!(store.users.0.is_empty());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_late_comparison_does_not_bring_an_old_password_back() {
    let gate = shadowing(Vars { trickle: Some("on".into()), ..vars() });
    let (mut store, mut old) = (Store::with_user(7, "User@example.com"), Old::new());
    // The answer to compare is older than the new password, which both have by now.
    let earlier = old.reply(&login(LOGIN));
    let hash = bcrypt::hash_with_salt("another one", 4, [3; 16]).expect("4 is allowed").to_string();
    for users in [&mut store.users, &mut old.store.users] {
        users.0[0].password.clone_from(&hash);
    }
    let compared = with_answer(&gate, &mut store, &login(LOGIN), 200, &earlier.body, |request| old.answer(request));
    assert_eq!(compared, disagreed(403, Difference::Status, Some("wrong-password")));
    assert_eq!(store.users.0[0].password, hash);
    // Nor does it replace a hash that changes while the other backend is asked.
    let mut store = Store::with_user(7, "user@example.com");
    let before = bcrypt::hash_with_salt("before", 4, [3; 16]).expect("4 is allowed").to_string();
    store.users.0[0].password = before;
    let (mut old, changed) = (Old::new(), hash.clone());
    let head = Request { content_type: Some(FORM.into()), ..Request::new("POST", "http://localhost/login") };
    let theirs = UpstreamReply { status: 200, body: earlier.body.into_bytes() };
    run(gate.compare(head, LOGIN.into(), theirs, NOW), |question| match question {
        Question::Upstream(request) => {
            store.users.0[0].password.clone_from(&changed);
            old.answer(request)
        }
        question => store.answer(question, b""),
    });
    assert_eq!(store.users.0[0].password, hash);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_backend_that_answers_200_to_everything_stores_no_password() {
    let gate = shadowing(Vars { write_back: Some("on".into()), ..vars() });
    let mut store = Store::with_user(7, "User@example.com");
    let token = member(&store.login(&quick_gate_with(SECRET, Vars::default()), LOGIN, NOW), "access_token");
    let change = UpstreamRequest {
        method: "PATCH",
        url: format!("{UPSTREAM}/me/password"),
        content_type: Some("application/json"),
        body: CHANGE.replace("secret", "guessed").into(),
        ..me(&token)
    };
    let compared = with_answer(&gate, &mut store, &change, 200, "<html>", |_| panic!("it is not asked"));
    assert_eq!(compared, disagreed(400, Difference::Status, Some("wrong-password")));
    assert_eq!(store.login(&gate, LOGIN, NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_of_the_other_backend_is_stored_with_write_back() {
    let gate = shadowing(Vars { write_back: Some("on".into()), ..vars() });
    let (mut store, mut old) = (Store::with_user(7, "User@example.com"), Old::new());
    let token = member(&old.reply(&login(LOGIN)), "access_token");
    let change = UpstreamRequest {
        method: "PATCH",
        url: format!("{UPSTREAM}/me/password"),
        content_type: Some("application/json"),
        body: CHANGE.to_owned().into(),
        ..me(&token)
    };
    assert!(gate.hand_on(&Request::new("PATCH", "http://localhost/me/password")).is_some_and(|to| to.is_compared));
    assert_eq!(with_answer(&gate, &mut store, &change, 400, "{}", |_| panic!("it is not asked")), agreed(400, None));
    assert_eq!(store.login(&gate, LOGIN, NOW).status, 200);
    assert_eq!(compare(&gate, &mut store, &mut old, &change).agreement, Agreement::Stored);
    assert_eq!(store.login(&gate, "username=user%40example.com&password=another%20one", NOW).status, 200);
    // A later one is not replaced by a comparison that comes late.
    old.store.users.0[0].password =
        bcrypt::hash_with_salt("a third one", 4, [3; 16]).expect("4 is allowed").to_string();
    let before = store.users.0[0].password.clone();
    let late = UpstreamRequest {
        body: r#"{"current_password": "another one", "new_password": "the second one"}"#.to_owned().into(),
        ..change.clone()
    };
    let compared = with_answer(&gate, &mut store, &late, 200, "{}", |request| old.answer(request));
    assert_eq!((compared.agreement, &store.users.0[0].password), (Agreement::Skipped, &before));
    // Without a token of a user it is nobody's.
    let anonymous = UpstreamRequest { authorization: None, ..change };
    let compared = with_answer(&gate, &mut store, &anonymous, 200, "{}", |_| panic!("it is not asked"));
    assert_eq!(compared, disagreed(401, Difference::Status, Some("no-token")));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_settings_of_a_move_are_checked() {
    let error = |more: Vars| {
        let vars = Vars { secret_key: Some(SECRET.into()), ..more };
        Settings::try_from(vars).expect_err("a setting is wrong").setting
    };
    let on = || Some("on".into());
    for (more, setting) in [
        (Vars { upstream: Some("http://old.example".into()), ..Vars::default() }, "UPSTREAM"),
        (Vars { upstream: Some("http://localhost:8000".into()), ..Vars::default() }, "UPSTREAM"),
        (Vars { upstream: Some("https://user:password@old.example".into()), ..Vars::default() }, "UPSTREAM"),
        (Vars { upstream: Some("https://old.example/?a".into()), ..Vars::default() }, "UPSTREAM"),
        (Vars { upstream: Some("https://".into()), ..Vars::default() }, "UPSTREAM"),
        (Vars { upstream: Some("old.example".into()), ..Vars::default() }, "UPSTREAM"),
        (Vars { shadow: on(), ..Vars::default() }, "SHADOW"),
        (Vars { trickle: on(), ..Vars::default() }, "TRICKLE"),
        (Vars { write_back: on(), upstream: Some(" ".into()), ..Vars::default() }, "WRITE_BACK"),
        (Vars { shadow: Some("yes".into()), ..vars() }, "SHADOW"),
        (Vars { upstream_paths: Some("/orders=/api/orders".into()), ..vars() }, "UPSTREAM_PATHS"),
        (Vars { upstream_paths: Some("/me".into()), ..vars() }, "UPSTREAM_PATHS"),
        (Vars { upstream_paths: Some("/me=https://else.example".into()), ..vars() }, "UPSTREAM_PATHS"),
        (Vars { upstream_paths: Some("/me=/users/me?a".into()), ..vars() }, "UPSTREAM_PATHS"),
        (Vars { trickle: on(), registration: Some("open".into()), ..vars() }, "REGISTRATION"),
        (Vars { write_back: on(), registration: Some("invitation".into()), ..vars() }, "REGISTRATION"),
        (Vars { trickle: on(), account_deletion: on(), ..vars() }, "ACCOUNT_DELETION"),
        (
            Vars {
                trickle: on(),
                email_verification: Some("required".into()),
                frontend_host: Some("https://app.example".into()),
                ..vars()
            },
            "EMAIL_VERIFICATION",
        ),
    ] {
        assert_eq!(error(more), setting);
    }
    assert_eq!(
        quick_gate_with(SECRET, vars()).settings().upstream.as_ref().map(|upstream| upstream.url.as_str()),
        Some(UPSTREAM)
    );
}
