//! Sends every recorded request to the core.

use edgegate::{Answer, Gate, Question, Request, UserRow, Vars};
use testkit::{
    fixture::{self, Case, Seed},
    http,
};

use crate::support::{Users, quick_gate_with, run};

/// After the expiry of the tokens recorded as expired, and before that of the others.
const NOW: u64 = 1_800_000_000;

const BASE: &str = "http://edge.test";

#[test]
fn every_recorded_request_is_answered_as_recorded() {
    let seed = fixture::seed().expect("the seed is readable");
    let files = fixture::FILES.map(|file| (file, fixture::load(file).expect("readable")));
    assert!(files.iter().all(|(_, cases)| cases.len() > 40), "only few cases");
    let differences = files.iter().flat_map(|(file, cases)| {
        let cors_origins = (*file == fixture::CORS).then(|| fixture::CORS_ORIGINS.into());
        let gate = quick_gate_with(&seed.secret_key, Vars { cors_origins, ..Vars::default() });
        cases.iter().filter_map(|case| difference(&gate, &seed, case)).collect::<Vec<_>>()
    });
    let differences: Vec<_> = differences.collect();
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

fn difference(gate: &Gate, seed: &Seed, case: &Case) -> Option<String> {
    let expected = case.expected().expect("every case is recorded");
    let answer = fixture::Answer::from_http(&ask(gate, seed, case), BASE).expect("the answer is a text");
    (answer != *expected).then(|| format!("{}\n  expected {expected:?}\n  answered {answer:?}", case.name))
}

fn ask(gate: &Gate, seed: &Seed, case: &Case) -> http::Response {
    let wire = case.request.to_http().expect("the request is well-formed");
    let mut request = Request::new(&wire.method, &format!("{BASE}{}", wire.path));
    request.content_type = wire.header("content-type");
    request.authorization = wire.header("authorization");
    request.origin = wire.header("origin");
    request.preflight_method = wire.header("access-control-request-method");
    request.preflight_headers = wire.header("access-control-request-headers");
    let mut users = Users(seed.users.iter().map(row).collect());
    let body = wire.body.unwrap_or_default();
    let reply = run(gate.handle(request, NOW), |question| match question {
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

fn row(user: &fixture::User) -> UserRow {
    UserRow::new(user.id, &user.email, &user.password, &user.created_at)
}
