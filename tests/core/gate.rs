//! The gate as seen by a host: questions, answers, replies.

use crate::support::{NOW, SECRET, Users, gate, gate_with, login, me, post, quick_gate, rehashing_gate, row, run};
use edgegate::{
    Credentials, Gate, Refusal, Request, Settings, UserRow, Vars,
    host::{Answer, Question, Step},
    http::Level,
    token::{AccessToken, Refresh, TokenRefusal},
};
use wasm_bindgen_test::wasm_bindgen_test;

/// `secret` at cost 4.
fn one_user() -> Users {
    let hash = bcrypt::hash_with_salt("secret", 4, [3; 16]).expect("4 is allowed").to_string();
    Users::with(&[(1, "User@Example.com", &hash)])
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_gives_a_token_that_shows_the_user() {
    let (gate, mut users) = (gate(SECRET), one_user());
    let reply = login(&gate, &mut users, "username=user@example.COM&password=secret");
    assert_eq!(reply.status, 200, "{}", reply.body);
    let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(body["token_type"], "bearer");
    let bearer = format!("Bearer {}", body["access_token"].as_str().expect("a text"));
    let reply = me(&gate, &mut users, Some(&bearer), NOW);
    assert_eq!(reply.body, r#"{"id":1,"email":"User@Example.com","created_at":"2021-08-29T00:00:00Z"}"#);
    assert_eq!(me(&gate, &mut users, Some(&bearer), NOW + 30 * 60).status, 401, "30 minutes later");
    users.0.clear();
    assert_eq!(me(&gate, &mut users, Some(&bearer), NOW).status, 401, "the user is gone");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_user_can_log_in() {
    let (gate, mut users) = (gate(SECRET), one_user());
    let json = "application/json";
    let reply = post(&gate, &mut users, "/users", json, r#"{"email":" New@Example.com ","password":"pa ss"}"#);
    assert_eq!((reply.status, reply.rounds), (201, 1 << 10), "{}", reply.body);
    assert!(reply.body.starts_with(r#"{"id":2,"email":"New@example.com","created_at":""#), "{}", reply.body);
    assert_eq!(login(&gate, &mut users, "username=+new@example.com&password=pa+ss").status, 200);
    let reply = post(&gate, &mut users, "/users", json, r#"{"email":"NEW@example.com","password":"x"}"#);
    assert_eq!((reply.status, reply.body.as_str()), (409, r#"{"detail":"Email already registered"}"#));
}

#[wasm_bindgen_test(unsupported = test)]
fn registration_is_closed_unless_it_is_opened() {
    let vars = Vars { secret_key: Some(SECRET.into()), ..Vars::default() };
    let gate = Gate::new(Settings::try_from(vars).expect("the settings are good"));
    match gate.handle(Request::new("POST", "http://localhost/users"), NOW) {
        Step::Done(reply) => {
            assert_eq!((reply.status, reply.body.as_str()), (403, r#"{"detail":"Registration is closed"}"#));
        }
        Step::Ask(..) => panic!("nothing is asked when registration is closed"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_long_body_is_refused_and_a_body_is_asked_for_only_where_one_is_read() {
    let (gate, mut users) = (gate(SECRET), one_user());
    let form = |filler: usize| format!("username=user@example.com&password=secret&filler={}", "x".repeat(filler));
    let head = form(0).len();
    assert_eq!(login(&gate, &mut users, &form(16 * 1024 - head)).status, 200);
    let reply = login(&gate, &mut users, &form(16 * 1024 - head + 1));
    assert_eq!((reply.status, reply.body.as_str()), (413, r#"{"detail":"Request Entity Too Large"}"#));
    for (method, path, status) in
        [("GET", "/login", 405), ("POST", "/", 404), ("POST", "/me", 405), ("POST", "/login/", 307)]
    {
        match gate.handle(Request::new(method, &format!("http://localhost{path}")), NOW) {
            Step::Done(reply) => assert_eq!(reply.status, status, "{method} {path}"),
            Step::Ask(..) => panic!("{method} {path} asks"),
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_url_inside_a_path_does_not_change_the_route() {
    let gate = gate(SECRET);
    for path in ["/x:///login", "/x://y/login", "/:///login", "//x://y/login"] {
        for origin in ["http://localhost", ""] {
            match gate.handle(Request::new("POST", &[origin, path].concat()), NOW) {
                Step::Done(reply) => assert_eq!(reply.status, 404, "{origin}{path}"),
                Step::Ask(..) => panic!("{origin}{path} asks"),
            }
        }
    }
    assert!(matches!(
        gate.handle(Request::new("POST", "/login?next=x://y/"), NOW),
        Step::Ask(Question::Body { .. }, _)
    ));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_store_that_fails_is_503_and_a_wrong_answer_500() {
    let gate = gate(SECRET);
    let request = || {
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some("application/x-www-form-urlencoded".to_owned());
        request
    };
    let body = || Answer::Body(b"username=a@b.c&password=x".to_vec());
    let reply = run(gate.handle(request(), NOW), |question| match question {
        Question::Body { .. } => body(),
        _ => Answer::Unavailable,
    });
    assert_eq!((reply.status, reply.body.as_str()), (503, r#"{"detail":"Service Unavailable"}"#));
    assert!(reply.headers.contains(&("retry-after", "2".to_owned())));
    let reply = run(gate.handle(request(), NOW), |_| body());
    assert_eq!((reply.status, reply.body.as_str()), (500, r#"{"detail":"Internal Server Error"}"#));
    assert_eq!(reply.event.map(|event| (event.level, event.reason)), Some((Level::Error, "internal".into())));
}

#[wasm_bindgen_test(unsupported = test)]
fn too_much_to_do_is_503_and_nothing_more_is_asked() {
    let (gate, mut users) = (gate(SECRET), one_user());
    let mut request = Request::new("POST", "http://localhost/login");
    request.content_type = Some("application/x-www-form-urlencoded".to_owned());
    let mut asked = 0;
    let reply = run(gate.handle(request, NOW), |question| match question {
        Question::Work { .. } => {
            asked += 1;
            Answer::Busy
        }
        _ => users.answer(question, b"username=user@example.com&password=secret"),
    });
    assert_eq!((reply.status, reply.body.as_str(), asked), (503, r#"{"detail":"Service Unavailable"}"#, 1));
    assert!(reply.headers.contains(&("retry-after", "2".to_owned())));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_log_has_the_reason_that_the_client_does_not_get() {
    let (gate, mut users) = (quick_gate(SECRET), one_user());
    users.0.push(row(2, "corrupt@example.com", "corrupt"));
    for (form, reason) in [
        ("username=nobody@example.com&password=x", "unknown-user"),
        ("username=user@example.com&password=x", "wrong-password"),
        ("username=corrupt@example.com&password=x", "hash-malformed"),
    ] {
        let reply = login(&gate, &mut users, form);
        assert_eq!(reply.event.map(|event| event.reason).as_deref(), Some(reason));
        assert_eq!(reply.body, r#"{"detail":"Invalid Credentials"}"#);
    }
    for (authorization, reason) in [(None, "no-token"), (Some("Basic x"), "no-token"), (Some("Bearer x"), "malformed")]
    {
        let reply = me(&gate, &mut users, authorization, NOW);
        assert_eq!(reply.event.map(|event| event.reason).as_deref(), Some(reason));
        assert_eq!(reply.body, r#"{"detail":"Could not validate credentials"}"#);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn without_http_it_is_the_same_gate() {
    let (gate, mut users) = (quick_gate(SECRET), one_user());
    let mut try_with = |username: &str, password: &str| {
        run(gate.login(Credentials::new(username, password), NOW), |question| users.answer(question, b""))
    };
    let token = try_with("user@example.com", "secret").unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(try_with("user@example.com", "other").err(), Some(Refusal::WrongPassword));
    assert_eq!(try_with("", "").err(), Some(Refusal::UnknownUser));
    let user = run(gate.current_user(Some(format!("bearer {}", token.access_token)), NOW), |question| {
        users.answer(question, b"")
    });
    assert_eq!(user.map(|user| user.id).ok(), Some(1.into()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wrong_setting_is_named_and_its_value_is_not() {
    let with = |change: fn(&mut Vars)| {
        let mut vars = Vars { secret_key: Some(SECRET.into()), ..Vars::default() };
        change(&mut vars);
        Settings::try_from(vars).map(|_| ()).map_err(|error| (error.setting, error.to_string()))
    };
    assert_eq!(with(|_| {}), Ok(()));
    for (change, setting) in [
        ((|vars| vars.secret_key = None) as fn(&mut Vars), "SECRET_KEY"),
        (|vars| vars.secret_key = Some("hunter2-hunter2-hunter2-hunter2".into()), "SECRET_KEY"),
        (|vars| vars.algorithm = Some("hunter2".into()), "ALGORITHM"),
        (|vars| vars.bcrypt_cost = Some("9".into()), "BCRYPT_COST"),
        (|vars| vars.bcrypt_cost = Some("15".into()), "BCRYPT_COST"),
        (|vars| vars.bcrypt_cost = Some("hunter2".into()), "BCRYPT_COST"),
        (|vars| vars.access_token_expire_minutes = Some("0".into()), "ACCESS_TOKEN_EXPIRE_MINUTES"),
        (|vars| vars.registration = Some("hunter2".into()), "REGISTRATION"),
        (|vars| vars.rehash = Some("hunter2".into()), "REHASH"),
    ] {
        let (named, message) = with(change).expect_err(setting);
        assert_eq!(named, setting);
        assert!(message.starts_with(setting) && !message.contains("hunter2"), "{message}");
    }
}

/// A text id keeps its exact spelling from the row to the token and back. Another spelling is another user.
#[wasm_bindgen_test(unsupported = test)]
fn a_users_id_may_be_a_text() {
    let (gate, mut users) = (gate(SECRET), Users::default());
    let uuid = "0F8fad5b-d9cb-469f-a165-70867728950e";
    let hash = bcrypt::hash_with_salt("secret", 4, [3; 16]).expect("4 is allowed").to_string();
    users.0.push(UserRow { id: uuid.into(), ..row(1, "user@example.com", &hash) });
    let reply = login(&gate, &mut users, "username=user@example.com&password=secret");
    let token = serde_json::from_str::<serde_json::Value>(&reply.body).expect("JSON")["access_token"].clone();
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    let shown = me(&gate, &mut users, Some(&bearer), NOW).body;
    assert!(shown.starts_with(&format!(r#"{{"id":"{uuid}","email":"#)), "{shown}");
    // A store that ignores the letter case of ids returns another user's row.
    let folded = UserRow { id: uuid.to_lowercase().as_str().into(), ..users.0[0].clone() };
    let answer = |question: &Question| match question {
        Question::UserById { .. } => Answer::User(Some(folded.clone())),
        _ => panic!("nothing else is asked"),
    };
    let refused = run(gate.current_user(Some(bearer), NOW), answer);
    assert_eq!(refused.err(), Some(Refusal::UserGone));
}

/// `sub` is a text, so the ids are compared as texts there, and only there.
#[wasm_bindgen_test(unsupported = test)]
fn a_row_of_another_id_is_no_user_of_the_token() {
    for (claim, returned, is_user) in
        [("user_id", "7", false), ("user_id", "8", false), ("sub", "7", true), ("sub", "8", false)]
    {
        let gate = gate_with(SECRET, Vars { user_id_claim: Some(claim.into()), ..Vars::default() });
        let token = run(gate.issue_token(7, &serde_json::json!({}), NOW), |_| Answer::Unavailable).expect("it signs");
        let user = run(gate.current_user(Some(format!("Bearer {token}")), NOW), |_| {
            Answer::User(Some(UserRow { id: returned.into(), ..row(1, "user@example.com", "") }))
        });
        assert_eq!(user.is_ok(), is_user, "{claim} {returned}");
    }
}

/// The body of a request may arrive long after its head: rules use the time of the last answer.
#[wasm_bindgen_test(unsupported = test)]
fn the_time_is_that_of_the_last_answer() {
    let (gate, mut users) = (gate(SECRET), one_user());
    let mut request = Request::new("POST", "http://localhost/login");
    request.content_type = Some("application/x-www-form-urlencoded".to_owned());
    let mut step = gate.handle(request, NOW);
    let reply = loop {
        step = match step {
            Step::Done(reply) => break reply,
            Step::Ask(question, pending) => {
                let answer = users.answer(&question, b"username=user@example.com&password=secret");
                pending.answer(answer, NOW + 500)
            }
        };
    };
    let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    let bearer = format!("Bearer {}", body["access_token"].as_str().expect("a token"));
    assert_eq!(me(&gate, &mut users, Some(&bearer), NOW + 500 + 30 * 60 - 1).status, 200);
    assert_eq!(me(&gate, &mut users, Some(&bearer), NOW + 500 + 30 * 60).status, 401);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_does_not_arrive_is_408() {
    for (setting, seconds) in [(None, 10), (Some("3"), 3)] {
        let gate = gate_with(SECRET, Vars { body_timeout_seconds: setting.map(Into::into), ..Vars::default() });
        for path in ["/login", "/users"] {
            let mut asked = Vec::new();
            let request = Request::new("POST", &format!("http://localhost{path}"));
            let reply = run(gate.handle(request, NOW), |question| {
                let Question::Body { within_seconds, .. } = question else { panic!("{question:?}") };
                asked.push(*within_seconds);
                Answer::TimedOut
            });
            assert_eq!((reply.status, reply.body.as_str()), (408, r#"{"detail":"Request Timeout"}"#));
            assert_eq!((asked, reply.rounds), (vec![seconds], 0));
        }
    }
}

/// No error of the service: FastAPI's response, and a note in the log.
#[wasm_bindgen_test(unsupported = test)]
fn a_request_that_the_client_closes_is_no_error() {
    let gate = gate_with(SECRET, Vars { refresh_token_expire_minutes: Some("10".into()), ..Vars::default() });
    for path in ["/login", "/users", "/revoke"] {
        let request = Request::new("POST", &format!("http://localhost{path}"));
        let reply = run(gate.handle(request, NOW), |_| Answer::Closed);
        let body = r#"{"detail":"There was an error parsing the body"}"#;
        assert_eq!((reply.status, reply.body.as_str(), reply.rounds), (400, body, 0));
        let event = reply.event.expect("it is logged");
        assert_eq!((event.level, event.reason.as_ref()), (Level::Info, "client-closed"));
    }
}

/// `é` is two bytes: characters count.
#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_has_a_minimum_length() {
    let settings = |length: Option<&str>| Vars {
        secret_key: Some(SECRET.into()),
        registration: Some("open".into()),
        bcrypt_cost: Some("10".into()),
        password_min_length: length.map(Into::into),
        ..Vars::default()
    };
    for (setting, characters, message) in [
        (None, 8, "String should have at least 8 characters"),
        (Some("1"), 1, "String should have at least 1 character"),
        (Some("64"), 64, "String should have at least 64 characters"),
    ] {
        let gate = Gate::new(Settings::try_from(settings(setting)).expect("the settings are good"));
        let register = |password: &str| {
            let body = serde_json::json!({ "email": "a@example.com", "password": password }).to_string();
            post(&gate, &mut Users::default(), "/users", "application/json", &body)
        };
        let short = "é".repeat(characters.min(36) - 1) + &"x".repeat(characters - characters.min(36));
        let reply = register(&short);
        let input = if short.is_empty() { "" } else { "**********" };
        let expected = format!(
            r#"{{"detail":[{{"type":"string_too_short","loc":["body","password"],"msg":"{message}","input":"{input}","ctx":{{"min_length":{characters}}}}}]}}"#
        );
        assert_eq!((reply.status, reply.body, reply.rounds), (422, expected, 0));
        assert_eq!(register(&"x".repeat(characters)).status, 201, "{setting:?}");
    }
    for wrong in ["0", "65", "-1", "hunter2"] {
        let error = Settings::try_from(settings(Some(wrong))).map(|_| ()).expect_err(wrong);
        assert_eq!(error.to_string(), "PASSWORD_MIN_LENGTH is not a whole number from 1 to 64");
    }
}

/// What a store cannot hold is not looked up.
#[wasm_bindgen_test(unsupported = test)]
fn a_name_that_cannot_be_stored_is_not_looked_up() {
    let (gate, mut users) = (quick_gate(SECRET), one_user());
    let long = |length: usize| "x".repeat(length);
    // Normalization replaces each of these characters by two.
    let longer_in_nfc = format!("{}@example.com", "\u{1d15e}".repeat(60));
    for (name, looked_up) in [
        (long(254), true),
        (long(255), false),
        (longer_in_nfc, false),
        (String::new(), false),
        (" \t ".into(), false),
        ("a\0b".into(), false),
        ("\0".into(), false),
    ] {
        let mut asked = Vec::new();
        let refused = run(gate.login(Credentials::new(&name, "secret"), NOW), |question| {
            asked.push(format!("{question:?}"));
            users.answer(question, b"")
        });
        assert_eq!(refused.err(), Some(Refusal::UnknownUser), "{name:?}");
        assert_eq!(asked, if looked_up { vec!["UserByEmail", "Work"] } else { vec!["Work"] }, "{name:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_password_has_at_most_4096_characters() {
    let hash = bcrypt::hash_with_salt("é".repeat(36), 4, [3; 16]).expect("4 is allowed").to_string();
    let mut users = Users::with(&[(1, "user@example.com", &hash)]);
    let gate = quick_gate(SECRET);
    for (length, refusal) in [(4096, None), (4097, Some(Refusal::OverlongPassword))] {
        let login = gate.login(Credentials::new("user@example.com", &"é".repeat(length)), NOW);
        assert_eq!(run(login, |question| users.answer(question, b"")).err(), refusal, "{length}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_log_says_why_no_token_was_signed() {
    let key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let vars = Vars { jwt_keys: Some(format!(r#"{{"keys":[{key}]}}"#).into()), ..Vars::default() };
    let public = Gate::new(Settings::try_from(vars).expect("the settings are good"));
    let further = |name: &str, value: serde_json::Value| serde_json::Map::from_iter([(name.to_owned(), value)]);
    for (gate, claims, reason) in [
        (public, further("role", "admin".into()), TokenRefusal::Key),
        (gate(SECRET), further("exp", 1.into()), TokenRefusal::Claim("exp".into())),
        (gate(SECRET), further("role", "x".repeat(10_000).into()), TokenRefusal::TooLong),
    ] {
        let login =
            gate.login_with_claims(Credentials::new("user@example.com", "secret"), move |_| claims.clone(), NOW);
        let refused = run(login, |question| one_user().answer(question, b"")).err();
        assert_eq!(refused, Some(Refusal::Unsigned(reason)));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn debug_shows_the_kind_only() {
    let (gate, mut users) = (quick_gate(SECRET), one_user());
    let mut step = gate.login(Credentials::new("user@example.com", "secret"), NOW);
    let mut shown = String::new();
    while let Step::Ask(question, pending) = step {
        let answer = users.answer(&question, b"");
        shown += &format!("{question:?} {answer:?} {pending:?}; ");
        step = pending.answer(answer, NOW);
    }
    assert_eq!(shown, "UserByEmail User(Some) Pending { .. }; Work Worked Pending { .. }; ");
    let refresh = Some(Refresh { refresh_token: "secret".into(), expires_in: 1800 });
    let token = AccessToken { access_token: "secret".into(), token_type: "bearer", refresh };
    assert_eq!(format!("{token:?}"), "AccessToken { refresh: Some(Refresh { expires_in: 1800, .. }), .. }");
}

/// Each kind of refused login asks the same questions, and for one piece of work.
#[wasm_bindgen_test(unsupported = test)]
fn every_refused_login_asks_the_same_questions() {
    let hash = |cost| bcrypt::hash_with_salt("right", cost, [1; 16]).expect("the cost is allowed").to_string();
    let mut users = Users::with(&[
        (1, "ten@example.com", &hash(10)),
        (2, "four@example.com", &hash(4)),
        (3, "corrupt@example.com", "corrupt"),
    ]);
    for gate in [quick_gate(SECRET), rehashing_gate(SECRET)] {
        for name in ["nobody", "ten", "four", "corrupt"] {
            let login = gate.login(Credentials::new(&format!("{name}@example.com"), "wrong"), NOW);
            let mut asked = Vec::new();
            let refused = run(login, |question| {
                asked.push(format!("{question:?}"));
                users.answer(question, b"")
            });
            assert!(refused.is_err(), "{name}");
            assert_eq!(asked, ["UserByEmail", "Work"], "{name}");
        }
    }
}
