//! Sends every recorded request to the core.

use edgegate::{Answer, Question, Request, UserRow};
use testkit::{
    fixture::{self, Case, Seed},
    http,
};

use crate::support::{Users, quick_gate, run};

/// After the expiry of the tokens recorded as expired, and before that of the others.
const NOW: u64 = 1_800_000_000;

const BASE: &str = "http://edge.test";

#[test]
fn every_recorded_request_is_answered_as_recorded() {
    let seed = fixture::seed().expect("the seed is readable");
    let cases: Vec<_> = fixture::FILES.iter().flat_map(|file| fixture::load(file).expect("readable")).collect();
    assert!(cases.len() > 100, "only {} cases", cases.len());
    let differences: Vec<_> = cases.iter().filter_map(|case| difference(&seed, case)).collect();
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

fn difference(seed: &Seed, case: &Case) -> Option<String> {
    let expected = case.expected().expect("every case is recorded");
    let answer = fixture::Answer::from_http(&ask(seed, case), BASE).expect("the answer is a text");
    (answer != *expected).then(|| format!("{}\n  expected {expected:?}\n  answered {answer:?}", case.name))
}

fn ask(seed: &Seed, case: &Case) -> http::Response {
    let wire = case.request.to_http().expect("the request is well-formed");
    let mut request = Request::new(&wire.method, &format!("{BASE}{}", wire.path));
    request.content_type = header(&wire, "content-type");
    request.authorization = header(&wire, "authorization");
    let mut users = Users(seed.users.iter().map(row).collect());
    let body = wire.body.unwrap_or_default();
    let reply = run(quick_gate(&seed.secret_key).handle(request, NOW), |question| match question {
        Question::Body { .. } => Answer::Body(body.clone()),
        _ => users.answer(question, &[]),
    });
    let head = wire.method == "HEAD";
    http::Response {
        status: reply.status,
        headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: if head { Vec::new() } else { reply.body.into_bytes() },
    }
}

/// In the format of servers and `Headers`: trimmed, and equal header lines joined.
fn header(request: &http::Request, name: &str) -> Option<String> {
    let lines = request.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    lines.map(|(_, value)| value.trim().to_owned()).reduce(|joined, value| joined + ", " + &value)
}

fn row(user: &fixture::User) -> UserRow {
    UserRow {
        id: user.id.into(),
        email: user.email.clone(),
        password: user.password.clone(),
        created_at: user.created_at.clone(),
        token_version: None,
        columns: serde_json::Map::new(),
    }
}
