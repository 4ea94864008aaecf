//! `GET /openapi.json`.

use std::collections::BTreeSet;

use crate::support::{NOW, SECRET, gate_with};
use edgegate::{Gate, Reply, Request, Vars};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

fn ask(gate: &Gate, method: &str, url: &str, prefix: &str) -> Reply {
    let request = Request { prefix: prefix.into(), ..Request::new(method, url) };
    gate.handle(request, NOW).done().expect("nothing is asked")
}

fn docs(more: Vars) -> Gate {
    gate_with(SECRET, Vars { docs: Some("on".into()), ..more })
}

fn document(more: Vars) -> Value {
    let reply = ask(&docs(more), "GET", "http://localhost/openapi.json", "");
    assert_eq!(reply.status, 200);
    serde_json::from_str(&reply.body).expect("it is JSON")
}

fn with_sessions() -> Vars {
    Vars { refresh_token_expire_minutes: Some("60".into()), ..Vars::default() }
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_setting_switches_it_on() {
    let reply = ask(&gate_with(SECRET, Vars::default()), "GET", "http://localhost/openapi.json", "");
    assert_eq!((reply.status, reply.body.as_str()), (404, r#"{"detail":"Not Found"}"#));
    let off = gate_with(SECRET, Vars { docs: Some("off".into()), ..Vars::default() });
    assert!(!off.owns(&Request::new("GET", "http://localhost/openapi.json")));
    assert!(docs(Vars::default()).owns(&Request::new("GET", "http://localhost/openapi.json")));
}

#[wasm_bindgen_test(unsupported = test)]
fn it_is_answered_as_a_route_of_starlette() {
    let gate = docs(Vars { access_log: Some("on".into()), ..Vars::default() });
    let get = ask(&gate, "GET", "http://localhost/openapi.json", "");
    assert_eq!(get.headers, [("content-type", "application/json".to_owned())]);
    assert_eq!(get.summary.as_ref().expect("ACCESS_LOG is on").route, Some("/openapi.json"));
    // A server sends no body to it.
    let head = ask(&gate, "HEAD", "http://localhost/openapi.json", "");
    assert_eq!((head.status, head.headers), (200, get.headers));
    let post = ask(&gate, "POST", "http://localhost/openapi.json", "");
    assert_eq!((post.status, post.body.as_str()), (405, r#"{"detail":"Method Not Allowed"}"#));
    assert!(post.headers.contains(&("allow", "GET, HEAD".to_owned())), "{:?}", post.headers);
    let slash = ask(&gate, "GET", "http://localhost/openapi.json/", "");
    assert!(slash.headers.contains(&("location", "http://localhost/openapi.json".to_owned())), "{:?}", slash.headers);
}

#[wasm_bindgen_test(unsupported = test)]
fn below_a_path_it_names_the_server() {
    let gate = docs(Vars::default());
    let server = |url: &str, prefix: &str| {
        let reply = ask(&gate, "GET", url, prefix);
        let document: Value = serde_json::from_str(&reply.body).expect("it is JSON");
        let token_url =
            &document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]["tokenUrl"];
        (document["servers"].clone(), token_url.clone())
    };
    assert_eq!(server("http://localhost/openapi.json", ""), (Value::Null, json!("login")));
    for prefix in ["/auth", "/auth/"] {
        let below = server("http://localhost/auth/openapi.json", prefix);
        assert_eq!(below, (json!([{ "url": "/auth" }]), json!("/auth/login")));
    }
    // Two slashes would be another host, which would get the passwords.
    let below = server("http://localhost//evil.example/openapi.json", "//evil.example");
    assert_eq!(below, (json!([{ "url": "/evil.example" }]), json!("/evil.example/login")));
    // What stands in JSON, in a URL or in a template of OpenAPI for something else is encoded.
    let below = server("http://localhost/%22%5C%7Bü/openapi.json", "/\"\\{ü");
    assert_eq!(below, (json!([{ "url": "/%22%5C%7B%C3%BC" }]), json!("/%22%5C%7B%C3%BC/login")));
}

#[wasm_bindgen_test(unsupported = test)]
fn it_describes_the_bodies_of_these_settings() {
    let schema = |document: &Value, name: &str| document["components"]["schemas"][name].clone();
    let names =
        |schema: &Value| schema["properties"].as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());

    let bare = document(Vars::default());
    let login = schema(&bare, "Body_login_login_post");
    assert_eq!(login["required"], json!(["username", "password"]));
    assert_eq!(login["properties"]["grant_type"]["anyOf"][0]["pattern"], "^password$");
    assert_eq!(login["properties"]["refresh_token"], Value::Null);
    assert_eq!(schema(&bare, "Token")["required"], json!(["access_token", "token_type"]));
    assert_eq!(schema(&bare, "UserIn")["required"], json!(["email", "password"]));

    let sessions = document(with_sessions());
    let login = schema(&sessions, "Body_login_login_post");
    assert_eq!(login["required"], Value::Null, "a refresh has neither");
    assert_eq!(login["properties"]["grant_type"]["anyOf"][0]["pattern"], "^(password|refresh_token)$");
    assert_eq!(login["properties"]["refresh_token"]["title"], "Refresh Token");
    let token = schema(&sessions, "Token");
    assert_eq!(token["required"], json!(["access_token", "token_type", "expires_in", "refresh_token"]));
    assert_eq!(schema(&sessions, "Body_revoke_revoke_post")["required"], json!(["token"]));

    let cookies = document(Vars { token_cookie: Some("on".into()), ..with_sessions() });
    assert_eq!(schema(&cookies, "Body_revoke_revoke_post")["required"], Value::Null, "the cookie has it");
    let logout = &cookies["paths"]["/logout"]["post"];
    assert_eq!((&logout["security"], &logout["responses"]["401"]), (&Value::Null, &Value::Null));
    let revocation = document(Vars { revocation: Some("on".into()), ..Vars::default() });
    assert_eq!(revocation["paths"]["/logout"]["post"]["security"], json!([{ "OAuth2PasswordBearer": [] }]));

    let invited = document(Vars { registration: Some("invitation".into()), ..Vars::default() });
    assert_eq!(schema(&invited, "UserIn")["required"], json!(["email", "password", "invitation"]));
    assert_eq!(names(&schema(&bare, "UserIn")), Some(vec!["email".into(), "password".into()]));
}

/// Values that no document may have, and settings that change none.
#[wasm_bindgen_test(unsupported = test)]
fn it_tells_no_other_setting() {
    let text = |more: Vars| ask(&docs(more), "GET", "http://localhost/openapi.json", "").body;
    let more = Vars {
        algorithm: Some("HS256".into()),
        access_token_expire_minutes: Some("17".into()),
        bcrypt_cost: Some("13".into()),
        password_min_length: Some("19".into()),
        user_id_claim: Some("sub".into()),
        jwt_issuer: Some("https://issuer.example".into()),
        jwt_audience: Some("audience".into()),
        jwt_claims: Some(r#"{"tier":"gold"}"#.into()),
        project_name: Some("project".into()),
        frontend_host: Some("https://app.example.com".into()),
        cors_origins: Some("https://cors.example".into()),
        lockout: Some("on".into()),
        audit: Some("on".into()),
        server_timing: Some("on".into()),
        rehash: Some("on".into()),
        upstream: Some("https://old.example".into()),
        ..Vars::default()
    };
    assert_eq!(text(more), text(Vars::default()));
    assert!(!text(Vars::default()).contains(SECRET));
}

const REAL: &str = include_str!("../contract/openapi.json");
const README: &str = include_str!("../contract/README.md");

/// A difference, and what it is: `added`, `left out` or `changed`.
type Difference = (Vec<String>, &'static str);

#[wasm_bindgen_test(unsupported = test)]
fn each_difference_from_fastapi_is_listed_with_its_reason() {
    let mut found = Vec::new();
    let real: Value = serde_json::from_str(REAL).expect("it is JSON");
    compare(&real, &document(Vars::default()), &mut Vec::new(), &mut found);
    let rows: Vec<[&str; 3]> = README
        .lines()
        .skip_while(|line| *line != "| place | difference | reason |")
        .skip(2)
        .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect::<Vec<_>>().try_into().ok())
        .collect();
    let is_of = |row: &[&str; 3], (place, what): &Difference| {
        let pattern: Vec<&str> = row[0].trim_matches('`').split(" > ").collect();
        row[1] == *what
            && pattern.len() == place.len()
            && pattern.iter().zip(place).all(|(pattern, part)| *pattern == "*" || pattern == part)
    };
    let unlisted: Vec<&Difference> = found.iter().filter(|found| !rows.iter().any(|row| is_of(row, found))).collect();
    assert!(unlisted.is_empty(), "not listed in tests/contract/README.md: {unlisted:#?}");
    let gone: BTreeSet<&str> =
        rows.iter().filter(|row| !found.iter().any(|found| is_of(row, found))).map(|row| row[0]).collect();
    assert!(gone.is_empty(), "listed in tests/contract/README.md, and no difference: {gone:#?}");
    assert!(!rows.is_empty() && rows.iter().all(|row| !row[2].is_empty()), "each row has a reason");
}

fn compare(theirs: &Value, ours: &Value, place: &mut Vec<String>, found: &mut Vec<Difference>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for name in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
                place.push(name.clone());
                match (theirs.get(name), ours.get(name)) {
                    (Some(theirs), Some(ours)) => compare(theirs, ours, place, found),
                    (None, _) => found.push((place.clone(), "added")),
                    (_, None) => found.push((place.clone(), "left out")),
                }
                place.pop();
            }
        }
        _ if theirs != ours => found.push((place.clone(), "changed")),
        _ => {}
    }
}
