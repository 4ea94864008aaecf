//! Pages of other origins: which requests of theirs are refused, and `CORS_ORIGINS`. The answers to preflights are recorded in
//! `tests/contract/cors.json`.

use crate::support::{NOW, SECRET, Store, gate_with, run};
use edgegate::{Gate, Reply, Request, Settings, Vars};
use wasm_bindgen_test::wasm_bindgen_test;

const FORM: &str = "username=user@example.com&password=secret";

fn gate(origins: &str, cookies: bool) -> Gate {
    let token_cookie = cookies.then(|| "on".into());
    gate_with(SECRET, Vars { cors_origins: Some(origins.into()), token_cookie, ..Vars::default() })
}

fn login(site: &str, origin: &str) -> Request {
    let mut request = Request::new("POST", "https://login.example.com/login");
    request.content_type = Some("application/x-www-form-urlencoded".to_owned());
    request.fetch_site = Some(site.to_owned());
    request.origin = Some(origin.to_owned());
    request
}

fn ask(gate: &Gate, request: Request) -> Reply {
    let mut store = Store::with_user(1, "user@example.com");
    run(gate.handle(request, NOW), |question| store.answer(question, FORM.as_bytes()))
}

fn header<'r>(reply: &'r Reply, name: &str) -> Vec<&'r str> {
    reply.headers.iter().filter(|(header, _)| *header == name).map(|(_, value)| value.as_str()).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_form_of_another_site_is_refused_before_its_body() {
    for origin in ["https://evil.example", "null"] {
        for path in ["/login", "/users"] {
            let request = Request { url: format!("https://login.example.com{path}"), ..login("cross-site", origin) };
            let reply = run(gate("", false).handle(request, NOW), |question| panic!("asks {question:?}"));
            assert_eq!((reply.status, reply.body.as_str()), (403, r#"{"detail":"Cross-site request"}"#), "{path}");
            assert_eq!(reply.event.map(|event| event.reason.into_owned()).as_deref(), Some("cross-site"));
        }
    }
    // Without cookies, other hosts of the same site are as good as apps.
    for site in ["same-origin", "same-site", "none"] {
        assert_eq!(ask(&gate("", false), login(site, "https://app.example.com")).status, 200, "{site}");
    }
    // What changes nothing is not refused: a page may link to it.
    let mut me = Request::new("GET", "https://login.example.com/me");
    me.fetch_site = Some("cross-site".to_owned());
    assert_eq!(ask(&gate("", false), me).status, 401);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_listed_origin_may_log_in_and_read_the_answer() {
    let origins = "https://app.example, https://other.example:8443";
    for cookies in [false, true] {
        for origin in ["https://app.example", "https://other.example:8443"] {
            let reply = ask(&gate(origins, cookies), login("cross-site", origin));
            assert_eq!((reply.status, header(&reply, "access-control-allow-origin")), (200, vec![origin]), "{cookies}");
            assert_eq!(header(&reply, "vary"), ["Origin"]);
        }
        for origin in ["https://app.example:8443", "https://sub.app.example", "http://app.example", "null", ""] {
            let reply = ask(&gate(origins, cookies), login("cross-site", origin));
            assert_eq!((reply.status, header(&reply, "access-control-allow-origin").len()), (403, 0), "{origin}");
        }
    }
    // Another host of the site may not set cookies unless it is listed.
    assert_eq!(ask(&gate("https://app.example.com", true), login("same-site", "https://app.example.com")).status, 200);
    assert_eq!(ask(&gate("https://app.example.com", true), login("same-site", "https://x.example.com")).status, 403);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_list_there_is_no_cors() {
    let reply = ask(&gate("", false), login("same-site", "https://app.example.com"));
    assert!(reply.headers.iter().all(|(name, _)| !name.starts_with("access-control") && *name != "vary"));
    let preflight =
        Request { method: "OPTIONS".into(), preflight_method: Some("POST".into()), ..login("", "https://a.b") };
    assert_eq!(ask(&gate("", false), preflight).status, 405);
}

#[wasm_bindgen_test(unsupported = test)]
fn only_origins_can_be_listed() {
    let settings = |origins: &str| {
        let secret_key = Some(SECRET.into());
        Settings::try_from(Vars { secret_key, cors_origins: Some(origins.into()), ..Vars::default() })
    };
    for (good, count) in [
        ("", 0),
        (" , ", 0),
        ("https://app.example.com", 1),
        ("https://a.example,http://localhost:5173 capacitor://localhost", 3),
        ("http://[::1]:8080, chrome-extension://abcdefghijklmnop", 2),
        ("https://xn--bcher-kva.example", 1),
    ] {
        assert_eq!(settings(good).expect(good).cors_origins.len(), count, "{good}");
    }
    for wrong in [
        "*",
        "null",
        "app.example.com",
        "https://",
        "://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "https://*.example.com",
        "https://user@app.example.com",
        "https://bücher.example",
        "https://good.example, bad",
    ] {
        let error = settings(wrong).map(|_| ()).expect_err(wrong);
        assert_eq!(error.setting, "CORS_ORIGINS", "{wrong}");
    }
}
