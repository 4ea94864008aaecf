//! `cargo xtask contract record`: sends every request of `tests/contract` to the real FastAPI and records its
//! responses.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use testkit::{
    fixture::{self, Answer, Case},
    http,
};

use self::reference::Reference;

mod differences;
pub(crate) mod reference;

/// Records every fixture file and updates the list of differences in `tests/contract/README.md`.
pub(crate) fn record() -> Result<()> {
    let mut files = fixture::FILES.iter().map(|file| Ok((*file, fixture::load(file)?))).collect::<Result<Vec<_>>>()?;
    let mut names = HashSet::new();
    for case in files.iter().flat_map(|(_, cases)| cases) {
        ensure!(names.insert(case.name.clone()), "two cases are named `{}`", case.name);
    }

    reference::install()?;
    reference::record_document()?;
    let (cors, others): (Vec<_>, Vec<_>) = files.iter_mut().partition(|(file, _)| *file == fixture::CORS);
    ask(others.into_iter().flat_map(|(_, cases)| cases).collect(), "")?;
    ask(cors.into_iter().flat_map(|(_, cases)| cases).collect(), fixture::CORS_ORIGINS)?;

    let cases = files.iter().flat_map(|(_, cases)| cases);
    let wrong: Vec<String> = cases.filter_map(|case| Some(format!("`{}`: {}", case.name, fault(case)?))).collect();
    // Written even if a case is wrong: the author of a `better` entry needs the recorded response.
    for (file, cases) in &files {
        fixture::save(file, cases)?;
        let better = cases.iter().filter(|case| case.better.is_some()).count();
        println!("{file}: {} cases, {better} deliberate differences", cases.len());
    }
    differences::write(&files)?;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Records the answers of an app with these origins.
fn ask(mut cases: Vec<&mut Case>, cors_origins: &str) -> Result<()> {
    println!("sending {} requests", cases.len());
    let mut asked = requests(&cases)?;
    for (case, answer) in cases.iter_mut().zip(answers(&asked, cors_origins)?) {
        case.answer = Some(answer);
    }
    println!("sending them again in reverse order");
    asked.reverse();
    for (case, again) in cases.iter().rev().zip(answers(&asked, cors_origins)?) {
        let first = case.answer.as_ref();
        ensure!(first == Some(&again), "`{}` depends on another case: {first:?}, then {again:?}", case.name);
    }
    Ok(())
}

/// The requests, with the names of their cases.
fn requests(cases: &[&mut Case]) -> Result<Vec<(String, http::Request)>> {
    cases.iter().map(|case| Ok((case.name.clone(), case.request.to_http()?))).collect()
}

/// The responses of a newly started reference app, in this order.
fn answers(requests: &[(String, http::Request)], cors_origins: &str) -> Result<Vec<Answer>> {
    let reference = Reference::start(&fixture::seed()?, cors_origins)?;
    let base = format!("http://{}", reference.addr());
    let ask = |(name, request): &(String, http::Request)| {
        let response = http::send(reference.addr(), request).with_context(|| format!("in `{name}`"))?;
        Answer::from_http(&response, &base).with_context(|| format!("in `{name}`"))
    };
    requests.iter().map(ask).collect()
}

/// The error in a recorded case, if any.
fn fault(case: &Case) -> Option<&'static str> {
    let Some(answer) = &case.answer else { return Some("it has no recorded response") };
    match &case.better {
        None if answer.status >= 500 => Some("FastAPI fails: add the response of edgegate as `better`"),
        Some(better) if better.answer == *answer => Some("`better` equals the recorded response: remove it"),
        Some(better) if better.why.trim().is_empty() => Some("`better` has no `why`"),
        _ => None,
    }
}
