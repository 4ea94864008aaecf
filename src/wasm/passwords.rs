//! Passwords without a user store, and bcrypt for several turns together.

use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use super::{
    signal,
    turn::Turn,
    value::{integer, throw, to_js},
    verdict::{Outcome, PasswordVerdict},
};
use crate::{
    host::{Answer, Question, Step, passwords},
    limits::HASH_COST_DEFAULT,
    password::{Batch, Cost, HashError, Hashed, Job, PasswordError, work_out},
};

/// Hashes a new password; without a cost, at 12.
#[wasm_bindgen(js_name = hashPassword)]
pub fn hash_password(password: String, cost: Option<f64>) -> Result<Turn, JsValue> {
    let password = Zeroizing::new(password);
    Ok(Turn::new(passwords::hash(&password, checked(cost)?), |result| Outcome::Hash(result.into())))
}

/// Whether this is the password of this stored hash.
#[wasm_bindgen(js_name = verifyPassword)]
pub fn verify_password(password: String, hash: &str) -> Turn {
    let password = Zeroizing::new(password);
    Turn::new(passwords::verify(&password, hash), |result| Outcome::Password(result.into()))
}

/// A list of new passwords to hash.
#[wasm_bindgen]
pub struct HashList(Option<Batch<String, PasswordError>>);

#[wasm_bindgen]
impl HashList {
    /// Checks all passwords; throws a `Failure` for the first that cannot be hashed.
    #[wasm_bindgen(constructor)]
    pub fn new(passwords: Vec<String>, cost: Option<f64>) -> Result<HashList, JsValue> {
        let batch = Batch::hash(&Zeroizing::new(passwords), checked(cost)?);
        match batch.refusal() {
            Some(&refusal) => Err(throw(refusal)),
            None => Ok(Self(Some(batch))),
        }
    }

    /// Computes up to four hashes together; returns whether more remain.
    pub fn step(&mut self) -> bool {
        self.0.as_mut().is_some_and(|batch| batch.step(&signal::is_stopped))
    }

    /// The hashes; throws a `Failure` when the work was stopped.
    pub fn hashes(&mut self) -> Result<Vec<String>, JsValue> {
        let results = self.0.take().map(Batch::results).unwrap_or_default();
        results.into_iter().collect::<Result<_, _>>().map_err(throw)
    }
}

/// A list of passwords to verify, each against its stored hash.
#[wasm_bindgen]
pub struct VerifyList(Option<Batch<bool, HashError>>);

#[wasm_bindgen]
impl VerifyList {
    /// Reads all stored hashes.
    #[wasm_bindgen(constructor)]
    pub fn new(passwords: Vec<String>, hashes: Vec<String>) -> VerifyList {
        let passwords = Zeroizing::new(passwords);
        let pairs: Vec<_> = passwords.iter().zip(&hashes).collect();
        Self(Some(Batch::verify(&pairs)))
    }

    /// Verifies up to four passwords together; returns whether more remain.
    pub fn step(&mut self) -> bool {
        self.0.as_mut().is_some_and(|batch| batch.step(&signal::is_stopped))
    }

    /// A verdict for each.
    #[wasm_bindgen(unchecked_return_type = "PasswordVerdict[]")]
    pub fn verdicts(&mut self) -> Result<JsValue, JsValue> {
        let results = self.0.take().map(Batch::results).unwrap_or_default();
        let verdicts: Vec<_> = results.into_iter().map(PasswordVerdict::from).collect();
        to_js(&verdicts)
    }
}

/// The turns that wait for bcrypt, computed together.
#[wasm_bindgen]
#[derive(Default)]
pub struct Lanes {
    jobs: Vec<Job>,
    results: Option<std::vec::IntoIter<Hashed>>,
}

#[wasm_bindgen]
impl Lanes {
    /// Creates an empty group.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Lanes {
        Lanes::default()
    }

    /// Adds the jobs that the turn waits for; returns the number of hashes.
    pub fn add(&mut self, turn: &Turn) -> usize {
        if let Some(Step::Ask(Question::Work { job }, _)) = &turn.0 {
            self.jobs.push(job.clone());
        }
        self.jobs.len()
    }

    /// Computes all hashes.
    pub fn run(&mut self) {
        self.results = work_out(&self.jobs, &signal::is_stopped).ok().map(Vec::into_iter);
    }

    /// Answers a turn; call it in the order in which the turns were added.
    pub fn give(&mut self, turn: &mut Turn) {
        if let Some(Step::Ask(Question::Work { .. }, _)) = &turn.0 {
            turn.go_on(self.results.as_mut().and_then(Iterator::next).map_or(Answer::Busy, Answer::Worked));
        }
    }
}

#[wasm_bindgen]
impl Turn {
    /// Answers `work`: the queue is full, or the work was stopped.
    #[wasm_bindgen(js_name = answerBusy)]
    pub fn answer_busy(&mut self) {
        self.go_on(Answer::Busy);
    }
}

fn checked(cost: Option<f64>) -> Result<Cost, JsValue> {
    let cost = cost.map_or(Some(HASH_COST_DEFAULT), |cost| u32::try_from(integer(cost)?).ok());
    cost.ok_or(PasswordError::Cost).and_then(Cost::new).map_err(throw)
}
