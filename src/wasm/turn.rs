//! The state machine, driven by JavaScript.

use wasm_bindgen::prelude::*;

use super::{
    clock,
    value::{self, to_js},
    verdict::Outcome,
};
use crate::host::{Answer, Ended, JwkSet, Question, Step};

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

    /// Answers `body`.
    #[wasm_bindgen(js_name = answerBody, unchecked_return_type = "Question | Outcome")]
    pub fn answer_body(&mut self, body: Vec<u8>) -> Result<JsValue, JsValue> {
        self.answer(Answer::Body(body))
    }

    /// Answers `userByEmail`, `userById` and `insertUser` with a row, or with `null`.
    #[wasm_bindgen(js_name = answerUser, unchecked_return_type = "Question | Outcome")]
    pub fn answer_user(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown")] row: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.answer(value::user_row(row).map_or_else(Answer::InvalidRow, Answer::User))
    }

    /// What `checkSignature` and `sign` are about: the bytes that were signed, or are to be.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn message(&self) -> Vec<u8> {
        match &self.0 {
            Some(Step::Ask(Question::CheckSignature(check), _)) => check.message.as_bytes().to_vec(),
            Some(Step::Ask(Question::Sign(job), _)) => job.message.as_bytes().to_vec(),
            _ => Vec::new(),
        }
    }

    /// The signature that `checkSignature` is about.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn signature(&self) -> Vec<u8> {
        match &self.0 {
            Some(Step::Ask(Question::CheckSignature(check), _)) => check.signature.clone(),
            _ => Vec::new(),
        }
    }

    /// The key of `checkSignature` or `sign`, as the text of a JWK.
    pub fn jwk(&self) -> String {
        match &self.0 {
            Some(Step::Ask(Question::CheckSignature(check), _)) => {
                serde_json::to_string(&check.jwk).unwrap_or_default()
            }
            Some(Step::Ask(Question::Sign(job), _)) => job.jwk.as_str().to_owned(),
            _ => String::new(),
        }
    }

    /// Answers `checkSignature`.
    #[wasm_bindgen(js_name = answerHolds, unchecked_return_type = "Question | Outcome")]
    pub fn answer_holds(&mut self, holds: bool) -> Result<JsValue, JsValue> {
        self.answer(Answer::Holds(holds))
    }

    /// Answers `sign`.
    #[wasm_bindgen(js_name = answerSignature, unchecked_return_type = "Question | Outcome")]
    pub fn answer_signature(&mut self, signature: Vec<u8>) -> Result<JsValue, JsValue> {
        self.answer(Answer::Signature(signature))
    }

    /// Answers `jwkSet`.
    #[wasm_bindgen(js_name = answerJwkSet, unchecked_return_type = "Question | Outcome")]
    pub fn answer_jwk_set(
        &mut self,
        body: Vec<u8>,
        cache_control: Option<String>,
        age: Option<String>,
    ) -> Result<JsValue, JsValue> {
        self.answer(Answer::JwkSet(JwkSet { body, cache_control, age }))
    }

    /// Answers `rotateSession` with `user_id`, `sealed` and, if it was wanted, `token_version`, or with `null`.
    #[wasm_bindgen(js_name = answerRotated, unchecked_return_type = "Question | Outcome")]
    pub fn answer_rotated(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown")] row: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.answer(value::rotated(row).map_or_else(Answer::InvalidRow, Answer::Rotated))
    }

    /// Answers `endSession`: whether the session had expired, or `undefined` when there is none.
    #[wasm_bindgen(js_name = answerEnded, unchecked_return_type = "Question | Outcome")]
    pub fn answer_ended(&mut self, expired: Option<bool>) -> Result<JsValue, JsValue> {
        self.answer(Answer::Ended(match expired {
            None => Ended::Unknown,
            Some(true) => Ended::Expired,
            Some(false) => Ended::Reused,
        }))
    }

    /// Answers `insertSession` and `deleteSession`: whether there was a row to change.
    #[wasm_bindgen(js_name = answerChanged, unchecked_return_type = "Question | Outcome")]
    pub fn answer_changed(&mut self, changed: bool) -> Result<JsValue, JsValue> {
        self.answer(Answer::Changed(changed))
    }

    /// Answers `sessions` with an array of rows.
    #[wasm_bindgen(js_name = answerSessions, unchecked_return_type = "Question | Outcome")]
    pub fn answer_sessions(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown[]")] rows: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.answer(value::sessions(rows).map_or_else(Answer::InvalidRow, Answer::Sessions))
    }

    /// Answers `body`: it did not arrive in time.
    #[wasm_bindgen(js_name = answerTimedOut, unchecked_return_type = "Question | Outcome")]
    pub fn answer_timed_out(&mut self) -> Result<JsValue, JsValue> {
        self.answer(Answer::TimedOut)
    }

    /// Answers `body`: the client has closed the request.
    #[wasm_bindgen(js_name = answerClosed, unchecked_return_type = "Question | Outcome")]
    pub fn answer_closed(&mut self) -> Result<JsValue, JsValue> {
        self.answer(Answer::Closed)
    }

    /// Answers a question that changes the store: it is done.
    #[wasm_bindgen(js_name = answerDone, unchecked_return_type = "Question | Outcome")]
    pub fn answer_done(&mut self) -> Result<JsValue, JsValue> {
        self.answer(Answer::Done)
    }

    /// Answers `work`: the queue is full, or the work was stopped.
    #[wasm_bindgen(js_name = answerBusy)]
    pub fn answer_busy(&mut self) {
        self.go_on(Answer::Busy);
    }

    /// Answers any question: it cannot be answered now.
    #[wasm_bindgen(js_name = answerUnavailable, unchecked_return_type = "Question | Outcome")]
    pub fn answer_unavailable(&mut self) -> Result<JsValue, JsValue> {
        self.answer(Answer::Unavailable)
    }

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
