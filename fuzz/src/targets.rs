//! The targets.

use std::sync::LazyLock;

use edgegate::{
    Answer, Gate, Question, Refusal, Reply, Request, Settings, Step, UserRow, Vars,
    host::{Ended, Rotated, passwords},
    token::KeyRing,
};
use serde_json::{Map, Value, json};

const NOW: u64 = 1_700_000_000;

/// With everything on, so that every path can be reached.
static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let on = || Some("on".into());
    let vars = Vars {
        secret_key: Some("a secret of the fuzzer, 32 bytes or more".into()),
        registration: Some("open".into()),
        refresh_token_expire_minutes: Some("60".into()),
        revocation: on(),
        token_cookie: on(),
        rehash: on(),
        cors_origins: Some("https://app.example.com".into()),
        ..Vars::default()
    };
    Gate::new(Settings::try_from(vars).unwrap_or_else(|error| panic!("{error}")))
});

/// The one token that is accepted.
static VALID: LazyLock<String> = LazyLock::new(|| match GATE.issue_token(7, &json!({ "role": "user" }), NOW).done() {
    Some(Ok(token)) => token,
    other => panic!("a secret signs at once: {other:?}"),
});

fn user() -> UserRow {
    UserRow {
        id: 7.into(),
        email: "ada@example.com".to_owned(),
        password: "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW".to_owned(),
        created_at: "2026-11-24T12:00:00Z".to_owned(),
        token_version: Some(0),
        is_active: true,
        email_verified: true,
        columns: Map::new(),
    }
}

/// Answers until the end; `Work` costs nothing, and is refused.
fn finish<T: 'static>(mut step: Step<T>, mut answer: impl FnMut(&Question) -> Answer) -> T {
    for _ in 0..64 {
        step = match step {
            Step::Done(done) => return done,
            Step::Ask(question, pending) => pending.answer(answer(&question), NOW),
        };
    }
    panic!("it asks without end")
}

fn by_store(question: &Question, body: &[u8]) -> Answer {
    match question {
        Question::Body { .. } => Answer::Body(body.to_vec()),
        Question::Limit(_) => Answer::WithinLimit(true),
        Question::UserByEmail { .. } | Question::UserById { .. } => Answer::User(Some(user())),
        Question::InsertUser { .. } => Answer::User(None),
        Question::Work { .. } => Answer::Busy,
        Question::Sessions { .. } => Answer::Sessions(Vec::new()),
        Question::RotateSession(_) => Answer::Rotated(None),
        Question::EndSession(_) => Answer::Ended(Ended::Unknown),
        Question::InsertSession(_) | Question::DeleteSession { .. } => Answer::Changed(true),
        _ => Answer::Done,
    }
}

fn check(reply: &Reply) {
    const STATUSES: [u16; 15] = [200, 201, 204, 307, 400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 503];
    assert!(STATUSES.contains(&reply.status) || reply.status == 500, "{reply:?}");
    let is_json = reply.headers.contains(&("content-type", "application/json".to_owned()));
    assert!(!is_json || serde_json::from_str::<Value>(&reply.body).is_ok(), "{}", reply.body);
    for (name, value) in &reply.headers {
        assert!(!value.contains(['\r', '\n', '\0']), "{name}: {value:?}");
    }
}

fn post(path: &str, content_type: &str, body: &[u8]) -> Reply {
    let mut request = Request::new("POST", &format!("https://login.example.com{path}"));
    request.content_type = Some(content_type.to_owned());
    let reply = finish(GATE.handle(request, NOW), |question| by_store(question, body));
    check(&reply);
    assert_ne!(reply.status, 500, "{}", reply.body);
    reply
}

pub(crate) const URLENCODED: &[&[u8]] = &[
    b"username=ada%40example.com&password=correct+horse",
    b"grant_type=password&username=a&password=b&scope=&client_id=x&client_secret=y",
    b"grant_type=refresh_token&refresh_token=a.b.c",
    b"username=%ff%C3%A9&password=%00;a=b&&=&",
];

pub(crate) fn urlencoded(data: &[u8]) {
    post("/login", "application/x-www-form-urlencoded", data);
    post("/revoke", "application/x-www-form-urlencoded; charset=latin-1", data);
}

pub(crate) const MULTIPART: &[&[u8]] = &[
    b"--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada@example.com\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--\r\n",
    b"--b\r\ncontent-disposition: form-data; name=password; filename*=utf-8''a%20b\r\ncontent-type: text/plain; charset=utf-16\r\n\r\n\xff\r\n--b--",
];

pub(crate) fn multipart(data: &[u8]) {
    post("/login", "multipart/form-data; boundary=b", data);
}

pub(crate) const JSON: &[&[u8]] = &[
    br#"{"email":"ada@example.com","password":"correct horse"}"#,
    br#"{"email":"\u00e9@example.com","password":"\ud83d\ude00","n":[1e5,-0.0,null,true]}"#,
    br#"{"email":1,"password":[{}]}"#,
];

pub(crate) fn json(data: &[u8]) {
    post("/users", "application/json", data);
}

pub(crate) const EMAIL: &[&[u8]] = &[
    b"ada@example.com",
    "a.b+c@b\u{fc}cher.example".as_bytes(),
    "\"quoted\"@[127.0.0.1]".as_bytes(),
    "Ada <ada@example.com>".as_bytes(),
    "e\u{301}@xn--bcher-kva.example".as_bytes(),
];

pub(crate) fn email(data: &[u8]) {
    let Ok(email) = str::from_utf8(data) else { return };
    let user = json!({ "email": email, "password": "correct horse" }).to_string();
    let reply = post("/users", "application/json", user.as_bytes());
    // The store says that the address is taken, or the work was refused.
    assert!(matches!(reply.status, 409 | 413 | 422 | 503), "{reply:?}");
}

pub(crate) const HEAD: &[&[u8]] = &[
    b"POST\nhttps://login.example.com/login?a=b#c\n\nBearer a.b.c\n__Host-access_token=a.b.c; x=y\nhttps://app.example.com\ncross-site\nPOST\nx-a, b\n/auth",
    b"OPTIONS\n/me/sessions/AAAAAAAAAAAAAAAAAAAAAA\n\nbearer  x\n__Host-refresh_token=\nnull\nsame-site\nGET\n\n",
    b"DELETE\nhttp://h/%6de/\n\n\n\n\n\n\n\n",
];

/// A field for each line.
pub(crate) fn head(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n').map(|line| line.replace(['\r', '\0'], ""));
    let mut field = || lines.next().filter(|line| !line.is_empty());
    let (method, url) = (field().unwrap_or_default(), field().unwrap_or_default());
    let mut request = Request::new(&method, &url);
    request.content_type = field();
    request.authorization = field();
    request.cookie = field();
    request.origin = field();
    request.fetch_site = field();
    request.preflight_method = field();
    request.preflight_headers = field();
    request.prefix = field().unwrap_or_default();
    request.address = field();
    let is_valid = [&request.authorization, &request.cookie]
        .iter()
        .any(|field| field.as_deref().is_some_and(|field| field.contains(VALID.as_str())));
    let _ = GATE.owns(&request);
    let is_me = request.path().as_deref() == Some("/me");
    let reply = finish(GATE.handle(request, NOW), |question| by_store(question, b"username=a&password=b"));
    check(&reply);
    assert!(!(is_me && reply.status == 200 && method == "GET") || is_valid, "{text:?}");
}

pub(crate) const TOKEN: &[&[u8]] = &[
    b"",
    b".",
    b"eyJhbGciOiJub25lIn0.e30.",
    b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjo3fQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

/// The input is a token, and also a change of the valid one: what is at the first byte's place becomes the rest.
pub(crate) fn token(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    accepted_only_if_valid(text.clone().into_owned());
    let Some((at, rest)) = data.split_first() else { return };
    let at = usize::from(*at).min(VALID.len());
    let (before, after) = VALID.split_at_checked(at).unwrap_or((VALID.as_str(), ""));
    let rest = String::from_utf8_lossy(rest);
    accepted_only_if_valid([before, &rest, after.get(rest.len()..).unwrap_or_default()].concat());
    accepted_only_if_valid([before, &rest, after].concat());
}

fn accepted_only_if_valid(token: String) {
    let is_valid = token == *VALID;
    let verdict = GATE.verify(token, NOW).done();
    assert!(verdict.is_some_and(|verdict| verdict.is_ok() == is_valid));
}

pub(crate) const STORED_HASH: &[&[u8]] = &[
    b"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
    b"$2y$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
    b"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    b"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
];

pub(crate) fn stored_hash(data: &[u8]) {
    let stored = String::from_utf8_lossy(data);
    match passwords::verify("secret", &stored) {
        // A password is only checked against a hash of the right form and cost.
        Step::Ask(Question::Work { .. }, pending) => {
            assert!(stored.len() == 60 && stored.starts_with("$2"), "{stored:?}");
            assert_eq!(pending.answer(Answer::Busy, NOW).done(), Some(Err(Refusal::Busy)));
        }
        Step::Done(Err(Refusal::StoredHash(_))) => {}
        other => panic!("{other:?} for {stored:?}"),
    }
}

pub(crate) const JWK_SET: &[&[u8]] = &[
    br#"{"keys":[{"kty":"oct","alg":"HS256","kid":"a","k":"YSBzZWNyZXQgb2YgdGhlIGZ1enplciwgMzIgYnl0ZXMgb3IgbW9yZQ"}]}"#,
    br#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}"#,
    br#"{"keys":[{"kty":"EC","crv":"P-256","use":"sig","key_ops":["verify"],"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
];

/// Whatever a set has, no private member is published.
pub(crate) fn jwk_set(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let rings = [text.parse::<KeyRing>().ok(), KeyRing::from_provider(&text).ok()];
    for ring in rings.into_iter().flatten() {
        let published = serde_json::to_value(ring.public_jwk_set()).unwrap_or_default();
        let keys = published["keys"].as_array().cloned().unwrap_or_default();
        for member in ["d", "k", "p", "q", "dp", "dq", "qi", "oth"] {
            assert!(keys.iter().all(|key| key.get(member).is_none_or(Value::is_null)), "{published}");
        }
    }
}

pub(crate) const ANSWERS: &[&[u8]] = &[
    &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    &[0, 0, 1, 2, 7],
    &[1, 0, 1, 10, 4],
    &[2, 3, 3, 3],
    &[3, 0, 8, 2, 2, 4],
];

/// A host that answers each question with whatever the input says, fitting or not: a reply all the same, and a login only if the store
/// has the user and the session.
pub(crate) fn answers(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut next = || bytes.next().unwrap_or_default();
    let (method, path, body): (&str, &str, &[u8]) = match next() % 5 {
        0 => ("POST", "/login", b"username=ada%40example.com&password=secret"),
        1 => ("POST", "/users", br#"{"email":"new@example.com","password":"correct horse"}"#),
        2 => ("GET", "/me", b""),
        3 => ("POST", "/logout", b""),
        _ => ("GET", "/me/sessions", b""),
    };
    let mut request = Request::new(method, &format!("https://login.example.com{path}"));
    let is_json = path == "/users";
    request.content_type =
        Some(if is_json { "application/json" } else { "application/x-www-form-urlencoded" }.to_owned());
    request.authorization = Some(format!("Bearer {}", *VALID));
    let mut is_found = false;
    let reply = finish(GATE.handle(request, NOW), |question| {
        let answer = match next() % 17 {
            0 => Answer::Body(body.to_vec()),
            1 => Answer::WithinLimit(true),
            2 => Answer::User(Some(user())),
            3 => Answer::User(None),
            4 => Answer::Done,
            5 => Answer::Changed(next() % 2 == 0),
            6 => Answer::Rotated(Some(Rotated {
                user_id: 7.into(),
                sealed: "x".into(),
                token_version: None,
                is_active: true,
            })),
            7 => Answer::Ended(Ended::Reused),
            8 => match question {
                Question::Work { job } => job.work_out(&|| next_is_over()).map_or(Answer::Busy, Answer::Worked),
                _ => Answer::Busy,
            },
            9 => Answer::Sessions(Vec::new()),
            10 => Answer::Unavailable,
            11 => Answer::TimedOut,
            12 => Answer::Closed,
            13 => Answer::Claims(Map::new()),
            14 => Answer::Holds(true),
            15 => Answer::Signature(vec![0; 64]),
            _ => Answer::User(Some(UserRow { token_version: None, ..user() })),
        };
        is_found |= matches!(answer, Answer::User(Some(_)));
        answer
    });
    check(&reply);
    assert!(is_found || !matches!(reply.status, 200 | 201 | 204), "{reply:?}");
}

/// bcrypt at the configured cost takes too long for a fuzzer.
const fn next_is_over() -> bool {
    true
}
