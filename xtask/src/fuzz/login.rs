//! `cargo xtask fuzz login`: sends changed requests of `tests/contract` to the real FastAPI and to edgegate, and compares the answers.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use testkit::{
    fixture::{self, Case},
    http::Request,
    progress::seconds,
};

use self::{known::Known, mutate::Mutator, pair::Pair};
use crate::contract::reference;

mod change;
mod class;
mod edge;
mod known;
mod minimise;
mod mutate;
mod pair;
mod show;
mod token;

/// The name of the target.
pub(super) const NAME: &str = "login";

/// How often a line of progress is printed.
const PROGRESS_EVERY: Duration = Duration::from_secs(30);

/// What was found, by class.
#[derive(Debug, Default)]
struct Found {
    requests: u64,
    deliberate: BTreeMap<String, u64>,
    new: BTreeMap<String, u64>,
}

/// Runs the target.
///
/// # Errors
/// When FastAPI cannot be started, or an answer differs in a way that is not listed.
pub(super) fn run(minutes: u32, seed: u64) -> Result<()> {
    reference::install()?;
    let (cors, plain) = (Pair::start(fixture::CORS_ORIGINS)?, Pair::start("")?);
    let seeds = fixture::FILES.iter().map(|file| Ok((*file == fixture::CORS, fixture::load(file)?)));
    let seeds: Vec<(bool, Vec<Case>)> = seeds.collect::<Result<_>>()?;
    let pairs = |is_cors: bool| if is_cors { &cors } else { &plain };
    let known = Known::read(&seeds, pairs)?;

    let seeds =
        seeds.iter().flat_map(|(is_cors, cases)| cases.iter().map(|case| Ok((*is_cors, case.request.to_http()?))));
    let seeds: Vec<(bool, Request)> = seeds.collect::<Result<_>>()?;
    let secret = fixture::seed()?.secret_key;
    println!("{} recorded requests, {minutes} min of changes of them, seed {seed}", seeds.len());
    let (mut random, mut found) = (fastrand::Rng::with_seed(seed), Found::default());
    let (started, mut reported) = (Instant::now(), Instant::now());
    while started.elapsed() < Duration::from_secs(60 * u64::from(minutes)) {
        let (is_cors, request) = random.choice(&seeds).context("there are no recorded requests")?;
        let other = random.choice(&seeds).context("there are no recorded requests")?;
        let changed = Mutator { random: &mut random, other: &other.1, secret: &secret }.change(request);
        compare(pairs(*is_cors), &changed, &known, &mut found)?;
        if reported.elapsed() >= PROGRESS_EVERY {
            reported = Instant::now();
            println!("{}: {}", seconds(started.elapsed()), found.summary());
        }
    }
    println!("\n{}\n{}", found.summary(), found.list());
    ensure!(found.new.is_empty(), "{} kinds of differences are not listed in {}", found.new.len(), known::FILE);
    Ok(())
}

/// Sends one request, and prints the differences that are new.
fn compare(pair: &Pair, request: &Request, known: &Known, found: &mut Found) -> Result<()> {
    found.requests += 1;
    for class in pair.differences(request)? {
        if known.why(&class, request).is_some() {
            *found.deliberate.entry(class).or_default() += 1;
            continue;
        }
        let times = found.new.entry(class.clone()).or_default();
        *times += 1;
        if *times == 1 {
            let is_same = |candidate: &Request| {
                Ok(known.why(&class, candidate).is_none() && pair.differences(candidate)?.contains(&class))
            };
            let smallest = minimise::minimise(request, |value| token::without_a_claim(value, pair.secret()), is_same)?;
            println!("\nNEW {class}\n{}", show::both(pair, &smallest)?);
        }
    }
    Ok(())
}

impl Found {
    fn summary(&self) -> String {
        let deliberate: u64 = self.deliberate.values().sum();
        let new: u64 = self.new.values().sum();
        format!(
            "{} requests, {deliberate} deliberate differences of {} kinds, {new} others of {} kinds",
            self.requests,
            self.deliberate.len(),
            self.new.len()
        )
    }

    fn list(&self) -> String {
        let lines = |found: &BTreeMap<String, u64>| -> String {
            found.iter().map(|(class, times)| format!("  {times} x {class}\n")).collect()
        };
        format!("deliberate:\n{}new:\n{}", lines(&self.deliberate), lines(&self.new))
    }
}
