//! Passwords without a user store, and bcrypt for several turns at once.

use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use super::{integer, signal, turn::Turn, value::throw, verdict::Outcome};
use crate::{
    host::{Answer, Question, Step, passwords},
    limits::HASH_COST_DEFAULT,
    password::{Cost, Hashed, Job, PasswordError, work_out},
};

/// Hashes a new password; without a cost, at 12.
#[wasm_bindgen(js_name = hashPassword)]
pub fn hash_password(password: String, cost: Option<f64>) -> Result<Turn, JsValue> {
    let password = Zeroizing::new(password);
    let cost = cost.map_or(Some(HASH_COST_DEFAULT), |cost| u32::try_from(integer(cost)?).ok());
    let cost = cost.ok_or(PasswordError::Cost).and_then(Cost::new).map_err(throw)?;
    Ok(Turn::new(passwords::hash(&password, cost), |result| Outcome::Hash(result.into())))
}

/// Whether this is the password of this stored hash.
#[wasm_bindgen(js_name = verifyPassword)]
pub fn verify_password(password: String, hash: &str) -> Turn {
    let password = Zeroizing::new(password);
    Turn::new(passwords::verify(&password, hash), |result| Outcome::Password(result.into()))
}

/// Turns that wait for work, worked out side by side.
#[wasm_bindgen]
#[derive(Default)]
pub struct Batch {
    jobs: Vec<Job>,
    results: Option<std::vec::IntoIter<Hashed>>,
}

#[wasm_bindgen]
impl Batch {
    /// An empty batch.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Batch {
        Batch::default()
    }

    /// Adds what the turn waits for; says how many hashes the batch now has.
    pub fn add(&mut self, turn: &Turn) -> usize {
        if let Some(Step::Ask(Question::Work { jobs, .. }, _)) = &turn.0 {
            self.jobs.extend_from_slice(jobs);
        }
        self.jobs.len()
    }

    /// Works it all out.
    pub fn run(&mut self) {
        self.results = work_out(&self.jobs, &signal::is_stopped).ok().map(Vec::into_iter);
    }

    /// Gives the turns their answers, in the order in which they were added.
    pub fn give(&mut self, turn: &mut Turn) {
        let Some(Step::Ask(Question::Work { jobs, .. }, _)) = &turn.0 else { return };
        let answer = match &mut self.results {
            Some(results) => Answer::Worked(results.by_ref().take(jobs.len()).collect()),
            None => Answer::Busy,
        };
        turn.go_on(answer);
    }
}
