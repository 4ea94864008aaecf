//! Tokens in cookies, with `TOKEN_COOKIE=on`, and requests of other origins.

use crate::support::{NOW, SECRET, Store, gate_with, run};
use edgegate::{Answer, Gate, Question, Refusal, Reply, Request, Vars, token::TokenRefusal};
use wasm_bindgen_test::wasm_bindgen_test;

const FORM: &str = "username=user@example.com&password=secret";
const ORIGIN: &str = "https://app.example";

fn gate(revocation: bool, refresh: bool) -> Gate {
    gate_with(
        SECRET,
        Vars {
            token_cookie: Some("on".into()),
            revocation: revocation.then(|| "on".into()),
            refresh_token_expire_minutes: refresh.then(|| "60".into()),
            ..Vars::default()
        },
    )
}

fn request(method: &str, path: &str, cookie: &str) -> Request {
    let mut request = Request::new(method, &format!("{ORIGIN}{path}"));
    request.content_type = Some("application/x-www-form-urlencoded".to_owned());
    request.cookie = Some(cookie.to_owned());
    request
}

fn ask(gate: &Gate, store: &mut Store, request: Request, body: &str) -> Reply {
    run(gate.handle(request, NOW), |question| store.answer(question, body.as_bytes()))
}

fn cookies(reply: &Reply) -> Vec<&str> {
    reply.headers.iter().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.as_str()).collect()
}

/// What a browser sends back.
fn kept(reply: &Reply) -> String {
    cookies(reply).iter().filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}

fn reason(reply: &Reply) -> Option<&str> {
    reply.event.as_ref().map(|event| event.reason.as_ref())
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_sets_cookies_that_authenticate_until_the_logout() {
    let (gate, mut store) = (gate(true, true), Store::with_user(1, "user@example.com"));
    let login = ask(&gate, &mut store, request("POST", "/login", ""), FORM);
    let body: serde_json::Value = serde_json::from_str(&login.body).expect("JSON");
    let (access, refresh) = (body["access_token"].as_str(), body["refresh_token"].as_str());
    let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(
        cookies(&login),
        [
            format!("__Host-access_token={}; Max-Age=1800; {attributes}", access.expect("a token")),
            format!("__Host-refresh_token={}; Max-Age=3600; {attributes}", refresh.expect("a token")),
        ]
    );
    let jar = kept(&login);
    assert_eq!(ask(&gate, &mut store, request("GET", "/me", &jar), "").status, 200);
    assert_eq!(ask(&gate, &mut store, request("GET", "/me/sessions", &jar), "").status, 200);

    let refreshed = ask(&gate, &mut store, request("POST", "/login", &jar), "grant_type=refresh_token");
    assert_eq!((refreshed.status, cookies(&refreshed).len()), (200, 2));
    let jar = kept(&refreshed);
    let logout = ask(&gate, &mut store, request("POST", "/logout", &jar), "");
    let gone = ["__Host-access_token", "__Host-refresh_token"].map(|name| format!("{name}=; Max-Age=0; {attributes}"));
    assert_eq!((logout.status, cookies(&logout)), (204, gone.iter().map(String::as_str).collect()));
    assert_eq!(reason(&ask(&gate, &mut store, request("GET", "/me", &jar), "")), Some("revoked"));
    assert_eq!(store.sessions.len(), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_sessions_there_is_one_cookie_and_without_revocation_a_logout_deletes_it() {
    let (gate, mut store) = (gate(false, false), Store::with_user(1, "user@example.com"));
    let login = ask(&gate, &mut store, request("POST", "/login", ""), FORM);
    assert_eq!(cookies(&login).len(), 1);
    // A refresh token of other settings asks the store nothing.
    let jar = format!("{}; __Host-refresh_token=a.b.c", kept(&login));
    let logout = run(gate.handle(request("POST", "/logout", &jar), NOW), |question| panic!("asks {question:?}"));
    assert_eq!((logout.status, cookies(&logout).len()), (204, 2));
    assert_eq!(ask(&gate, &mut store, request("POST", "/login", &jar), "grant_type=refresh_token").status, 422);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_revocation_a_logout_ends_the_session_of_the_cookie() {
    for path in ["/logout", "/revoke"] {
        let (gate, mut store) = (gate(false, true), Store::with_user(1, "user@example.com"));
        let jar = kept(&ask(&gate, &mut store, request("POST", "/login", ""), FORM));
        assert_eq!(store.sessions.len(), 1);
        let reply = ask(&gate, &mut store, request("POST", path, &jar), "");
        assert!(matches!(reply.status, 200 | 204) && cookies(&reply).len() == 2, "{path}");
        assert_eq!(store.sessions.len(), 0, "{path}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_logout_ends_the_session_when_the_access_token_has_expired() {
    for (revocation, path) in [(true, "/logout"), (false, "/logout"), (true, "/revoke")] {
        let (gate, mut store) = (gate(revocation, true), Store::with_user(1, "user@example.com"));
        let jar = kept(&ask(&gate, &mut store, request("POST", "/login", ""), FORM));
        let (_, refresh) = jar.split_once("; ").expect("two cookies");
        let mut cross_site = request("POST", path, refresh);
        cross_site.origin = Some("https://evil.example".to_owned());
        assert_eq!(ask(&gate, &mut store, cross_site, "").status, 403, "{path}");
        assert_eq!(store.sessions.len(), 1, "{path}");
        let reply = ask(&gate, &mut store, request("POST", path, refresh), "");
        assert!(matches!(reply.status, 200 | 204) && cookies(&reply).len() == 2, "{path}");
        assert_eq!(store.sessions.len(), 0, "{path}");
    }
    let (gate, mut store) = (gate(true, true), Store::with_user(1, "user@example.com"));
    assert_eq!(ask(&gate, &mut store, request("POST", "/logout", ""), "").status, 401);
    let mut with_header = request("POST", "/logout", "__Host-refresh_token=a.b.c");
    with_header.authorization = Some("Bearer a.b.c".to_owned());
    assert_eq!(ask(&gate, &mut store, with_header, "").status, 401);
}

/// A subdomain can set cookies for this host, but none that a browser takes for one with the prefix `__Host-`.
#[wasm_bindgen_test(unsupported = test)]
fn a_cookie_of_a_subdomain_logs_nobody_in() {
    let (gate, mut store) = (gate(true, true), Store::with_user(1, "user@example.com"));
    let jar = kept(&ask(&gate, &mut store, request("POST", "/login", ""), FORM));
    let (access, refresh) = jar.split_once("; ").expect("two cookies");
    for before in ["x=a,", "x=a, ", "=", "x", "\u{a0}", "\u{85}", "\u{b}", "\u{2003}", "$Path=\""] {
        let tossed = request("GET", "/me", &[before, access].concat());
        assert_eq!(reason(&ask(&gate, &mut store, tossed, "")), Some("no-token"), "{before:?}");
        let tossed = request("POST", "/login", &[before, refresh].concat());
        assert_eq!(ask(&gate, &mut store, tossed, "grant_type=refresh_token").status, 422, "{before:?}");
    }
    for cookie in [access.to_ascii_lowercase(), access.to_ascii_uppercase(), access.replace("__Host-", "__Secure-")] {
        assert_eq!(reason(&ask(&gate, &mut store, request("GET", "/me", &cookie), "")), Some("no-token"), "{cookie}");
    }
    let token = access.trim_start_matches("__Host-access_token=");
    for value in
        [format!("\"{token}\""), format!("{token},x=y"), format!("{token} {token}"), format!("x, Bearer {token}")]
    {
        let cookie = format!("__Host-access_token={value}");
        assert_eq!(ask(&gate, &mut store, request("GET", "/me", &cookie), "").status, 401, "{value}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_page_of_another_origin_can_neither_use_a_cookie_nor_set_one() {
    let (gate, mut store) = (gate(true, true), Store::with_user(1, "user@example.com"));
    let jar = kept(&ask(&gate, &mut store, request("POST", "/login", ""), FORM));
    let id = store.sessions[0].id.clone();
    let routes = [
        ("POST", "/login".to_owned(), FORM),
        ("POST", "/login".to_owned(), "grant_type=refresh_token"),
        ("POST", "/logout".to_owned(), ""),
        ("POST", "/revoke".to_owned(), ""),
        ("DELETE", format!("/me/sessions/{id}"), ""),
    ];
    for (site, origin, refused) in [
        (Some("cross-site"), None, true),
        (Some("same-site"), None, true),
        (Some("same-site"), Some(ORIGIN), true),
        (Some("SAME-ORIGIN"), None, true),
        (Some(""), None, true),
        (None, Some("https://evil.example"), true),
        (None, Some("https://app.example.evil.example"), true),
        (None, Some("http://app.example"), true),
        (None, Some("https://app.example:8443"), true),
        (None, Some("https://sub.app.example"), true),
        (None, Some("null"), true),
        (None, Some(""), true),
        (None, Some(ORIGIN), false),
        (None, Some("HTTPS://APP.example"), false),
        (Some("same-origin"), Some("https://evil.example"), false),
        (Some("none"), None, false),
        (None, None, false),
    ] {
        for (method, path, body) in &routes {
            let mut request = request(method, path, &jar);
            (request.fetch_site, request.origin) = (site.map(str::to_owned), origin.map(str::to_owned));
            let mut store = store.clone();
            let before = store.sessions.len();
            let reply = ask(&gate, &mut store, request, body);
            let shown = format!("{method} {path} {body} from {site:?} {origin:?}");
            assert_eq!(reason(&reply) == Some("cross-site"), refused, "{shown}");
            if refused {
                assert_eq!((reply.status, reply.body.as_str()), (403, r#"{"detail":"Cross-site request"}"#), "{shown}");
                assert_eq!((cookies(&reply).len(), store.sessions.len()), (0, before), "{shown}");
            } else {
                assert!(reply.status < 300, "{shown}: {reply:?}");
            }
        }
    }
    let mut safe = request("GET", "/me", &jar);
    safe.fetch_site = Some("cross-site".to_owned());
    assert_eq!(ask(&gate, &mut store, safe, "").status, 200, "a navigation from a link");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_counts_and_then_no_cookie_does() {
    let (gate, mut store) = (gate(true, false), Store::with_user(1, "user@example.com"));
    let jar = kept(&ask(&gate, &mut store, request("POST", "/login", ""), FORM));
    let mut both = request("GET", "/me", &jar);
    both.authorization = Some("Bearer a.b.c".to_owned());
    assert_eq!(reason(&ask(&gate, &mut store, both.clone(), "")), Some("malformed"));
    both.authorization = Some("Basic YTpi".to_owned());
    assert_eq!(reason(&ask(&gate, &mut store, both, "")), Some("no-token"));
    // A script of another origin has the token itself, and no cookie is needed.
    let token = jar.trim_start_matches("__Host-access_token=");
    let mut script = request("POST", "/logout", "");
    script.authorization = Some(format!("Bearer {token}"));
    script.origin = Some("https://spa.example".to_owned());
    assert_eq!(ask(&gate, &mut store, script, "").status, 204);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_cookie_that_is_there_twice_is_refused() {
    let gate = gate(true, false);
    for cookie in
        ["__Host-access_token=a.b.c; __Host-access_token=a.b.c", "__Host-access_token=; __Host-access_token=x"]
    {
        let refused = gate.authorization(&request("GET", "/me", cookie));
        assert_eq!(refused, Err(Refusal::Token(TokenRefusal::Malformed)), "{cookie}");
    }
    let long = format!("__Host-access_token={}", "a".repeat(100_000));
    let reply = run(gate.handle(request("GET", "/me", &long), NOW), |question| panic!("asks {question:?}"));
    assert_eq!((reply.status, reason(&reply)), (401, Some("token-too-long")));
}

#[wasm_bindgen_test(unsupported = test)]
fn without_the_setting_cookies_are_neither_read_nor_set() {
    let vars =
        || Vars { revocation: Some("on".into()), refresh_token_expire_minutes: Some("60".into()), ..Vars::default() };
    let (gate, mut store) = (gate_with(SECRET, vars()), Store::with_user(1, "user@example.com"));
    let mut login = request("POST", "/login", "__Host-refresh_token=a.b.c");
    login.fetch_site = Some("same-site".to_owned());
    let login = ask(&gate, &mut store, login, FORM);
    assert_eq!((login.status, cookies(&login).len()), (200, 0));
    let body: serde_json::Value = serde_json::from_str(&login.body).expect("JSON");
    let jar = format!("__Host-access_token={}", body["access_token"].as_str().expect("a token"));
    assert_eq!(reason(&ask(&gate, &mut store, request("GET", "/me", &jar), "")), Some("no-token"));
    let refresh = format!("__Host-refresh_token={}", body["refresh_token"].as_str().expect("a token"));
    assert_eq!(ask(&gate, &mut store, request("POST", "/login", &refresh), "grant_type=refresh_token").status, 422);
    assert_eq!(ask(&gate, &mut store, request("POST", "/revoke", &refresh), "").status, 422);
    let never = gate_with(SECRET, Vars::default());
    assert_eq!(ask(&never, &mut store, request("POST", "/logout", &jar), "").status, 404);
}

#[wasm_bindgen_test(unsupported = test)]
fn routes_live_below_a_prefix() {
    let (gate, mut store) = (gate(false, true), Store::with_user(1, "user@example.com"));
    let below =
        |method: &str, path: &str, prefix: &str| Request { prefix: prefix.to_owned(), ..request(method, path, "") };
    for (path, prefix, status) in [
        ("/auth/login", "/auth", 200),
        ("/auth/login", "/auth/", 200),
        ("/a/b/login", "/a/b", 200),
        ("/login", "/auth", 404),
        ("/authlogin", "/auth", 404),
        ("/auth", "/auth", 404),
        ("/auth/auth/login", "/auth", 404),
        ("/login", "", 200),
    ] {
        assert_eq!(ask(&gate, &mut store, below("POST", path, prefix), FORM).status, status, "{path} {prefix}");
    }
    let slash = ask(&gate, &mut store, below("POST", "/auth/login/?a=b", "/auth"), FORM);
    assert_eq!(slash.status, 307);
    assert!(slash.headers.contains(&("location", format!("{ORIGIN}/auth/login?a=b"))));
    for (path, prefix) in
        [("/caf%C3%A9/login/", "/café"), ("/caf%C3%A9/login/", "/caf%C3%A9"), ("/caf%c3%a9/login/", "/caf%C3%A9")]
    {
        let slash = ask(&gate, &mut store, below("POST", path, prefix), FORM);
        assert!(slash.headers.contains(&("location", format!("{ORIGIN}/caf%C3%A9/login"))), "{path} {prefix}");
    }
    for (path, owned) in [
        ("/auth/login", true),
        ("/auth/login/", true),
        ("/auth/me/sessions/x", true),
        ("/auth/me/x", false),
        ("/auth", false),
        ("/login", false),
    ] {
        assert_eq!(gate.owns(&below("GET", path, "/auth")), owned, "{path}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_host_adds_claims_at_login_and_at_refresh() {
    let (gate, mut store) = (gate(true, true).with_host_claims(), Store::with_user(1, "user@example.com"));
    let mut asked = Vec::new();
    let mut with_claims = |store: &mut Store, form: &str, answer: Option<Answer>| {
        let mut answer = answer;
        run(gate.handle(request("POST", "/login", ""), NOW), |question| match question {
            Question::Claims { user } => {
                asked.push(user.email.clone());
                let role = serde_json::Map::from_iter([("role".to_owned(), "admin".into())]);
                answer.take().unwrap_or(Answer::Claims(role))
            }
            question => store.answer(question, form.as_bytes()),
        })
    };
    let role = |reply: &Reply| {
        let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        let token = body["access_token"].as_str().expect("a token").to_owned();
        let verified = gate.verify_token::<serde_json::Value>(token, NOW).done().expect("a secret asks no host");
        verified.expect("it is valid").claims["role"].clone()
    };
    let login = with_claims(&mut store, FORM, None);
    assert_eq!(role(&login), "admin");
    let body: serde_json::Value = serde_json::from_str(&login.body).expect("JSON");
    let form = format!("grant_type=refresh_token&refresh_token={}", body["refresh_token"].as_str().expect("a token"));
    assert_eq!(role(&with_claims(&mut store, &form, None)), "admin");
    let reserved = serde_json::Map::from_iter([("exp".to_owned(), 1.into())]);
    for (answer, status, why) in [
        (Answer::Unavailable, 503, "store-unavailable"),
        (Answer::Claims(reserved), 500, "unsigned:claim:exp"),
        (Answer::Done, 500, "internal"),
    ] {
        let reply = with_claims(&mut store, FORM, Some(answer));
        assert_eq!((reply.status, reason(&reply)), (status, Some(why)));
    }
    assert_eq!(with_claims(&mut store, "username=user@example.com&password=wrong", None).status, 403);
    assert_eq!(asked, ["user@example.com"; 5], "only of accepted logins");
}
