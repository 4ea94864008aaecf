//! The state machine, driven by JavaScript.

#[cfg(feature = "wasm-token")]
mod platform;
#[cfg(feature = "wasm")]
mod scheme;
#[cfg(feature = "wasm")]
mod store;

use wasm_bindgen::prelude::*;

use super::{
    clock,
    value::{self, to_js},
    verdict::Outcome,
};
use crate::host::{Answer, Question, Step};

/// One run of the state machine. `step` is a question, with its kind in `ask`, or the outcome. Every answer returns the
/// next step.
#[wasm_bindgen]
pub struct Turn(pub(super) Option<Step<Outcome>>);

#[wasm_bindgen]
impl Turn {
    /// Returns the current step.
    #[wasm_bindgen(unchecked_return_type = "Question | Outcome")]
    pub fn step(&self) -> Result<JsValue, JsValue> {
        match &self.0 {
            Some(Step::Ask(question, _)) => to_js(question),
            Some(Step::Done(outcome)) => to_js(outcome),
            None => Ok(JsValue::UNDEFINED),
        }
    }
}

#[cfg(feature = "wasm")]
#[wasm_bindgen]
impl Turn {
    /// What `later` is about, as a turn of its own.
    pub fn later(&self) -> Turn {
        let step = match &self.0 {
            Some(Step::Ask(Question::Later { work }, _)) => work.begin(clock::now()),
            _ => None,
        };
        Self::new(step.unwrap_or(Step::Done(())), |()| Outcome::Done(Ok(()).into()))
    }
}

impl Turn {
    #[cfg(feature = "wasm-token")]
    fn answer(&mut self, answer: Answer) -> Result<JsValue, JsValue> {
        self.go_on(answer);
        self.step()
    }

    pub(super) fn go_on(&mut self, answer: Answer) {
        self.0 = self.0.take().map(|step| match step {
            Step::Ask(_, pending) => answer_inexact_id(pending.answer(answer, clock::now())),
            done @ Step::Done(_) => done,
        });
    }

    pub(super) fn new<T: 'static>(step: Step<T>, outcome: fn(T) -> Outcome) -> Self {
        Self(Some(answer_inexact_id(step.map(outcome))))
    }
}

/// A user whose id is not an exact JavaScript number cannot exist in a JavaScript store, so the question is answered
/// here.
fn answer_inexact_id(step: Step<Outcome>) -> Step<Outcome> {
    match step {
        Step::Ask(Question::UserById { ref id, .. }, pending) if !value::is_exact(id) => {
            pending.answer(Answer::User(None), clock::now())
        }
        step => step,
    }
}
