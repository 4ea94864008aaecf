//! Sends every recorded request to the Worker.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use testkit::{
    fixture::{self, Answer, Case},
    http,
};

use crate::workers::Workers;

/// Requests that do not reach the Worker's code unchanged, with the reason.
const EXCEPTIONS: [(&str, &str); 6] = [
    ("routing: GET /", "the page"),
    ("routing: GET /index.html", "the page"),
    ("routing: GET //", "the page"),
    ("routing: POST / with a body", "the page"),
    ("me: two Authorization lines, the first empty", "workerd drops the empty one"),
    ("cors: an empty origin", "workerd drops it"),
];

#[test]
fn every_recorded_request_is_answered_as_recorded() -> Result<()> {
    let workers = &*Workers::lock()?;
    check(workers.good.addr(), &fixture::without_cors()?, 5)?;
    check(workers.cors.addr(), &fixture::load(fixture::CORS)?, 1)
}

/// Sends the cases, of which this many are [`EXCEPTIONS`].
fn check(addr: SocketAddr, cases: &[Case], exceptions: usize) -> Result<()> {
    let base = format!("http://{addr}");
    let (mut asked, mut differences) = (0, Vec::new());
    for case in cases {
        if EXCEPTIONS.iter().any(|(name, _)| *name == case.name) {
            continue;
        }
        asked += 1;
        let expected = case.expected()?;
        match http::send(addr, &case.request.to_http()?).and_then(|response| Answer::from_http(&response, &base)) {
            Ok(answer) if answer == *expected => {}
            Ok(answer) => differences.push(format!("{}\n  expected {expected:?}\n  answered {answer:?}", case.name)),
            Err(error) => differences.push(format!("{}\n  {error:#}", case.name)),
        }
    }
    ensure!(asked + exceptions == cases.len() && asked > 40, "{asked} of {} were asked", cases.len());
    ensure!(differences.is_empty(), "{} of {asked} differ:\n{}", differences.len(), differences.join("\n"));
    println!("{asked} recorded requests; {exceptions} never reach the Worker");
    Ok(())
}
