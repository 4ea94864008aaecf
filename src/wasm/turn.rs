//! The state machine, as JavaScript drives it.

use wasm_bindgen::prelude::*;

use super::{integer, text, throw, verdict::Outcome};
use crate::{
    host::{Answer, JwkSet, Question, Step},
    token::{SignatureCheck, SigningJob, TokenRefusal},
    user::UserRow,
};

/// One run of the state machine. Its step is JSON text: a question, told by its `ask`, or what it came to. Every answer leads
/// to the next step.
#[wasm_bindgen]
pub struct Turn(pub(super) Option<Step<Outcome>>);

#[wasm_bindgen]
impl Turn {
    /// Where it stands.
    pub fn step(&self) -> String {
        match &self.0 {
            Some(Step::Ask(question, _)) => text::question(question),
            Some(Step::Done(outcome)) => text::outcome(outcome),
            None => String::new(),
        }
    }

    /// Answers `body`.
    #[wasm_bindgen(js_name = answerBody)]
    pub fn answer_body(&mut self, body: Vec<u8>) -> String {
        self.answer(Answer::Body(body))
    }

    /// Answers `userByEmail`, `userById` and `insertUser` with a row.
    #[wasm_bindgen(js_name = answerUser)]
    pub fn answer_user(
        &mut self,
        id: f64,
        email: String,
        password: String,
        created_at: String,
        tokens_valid_after: Option<f64>,
    ) -> Result<String, JsValue> {
        let id = integer(id).ok_or_else(|| throw(TokenRefusal::Claim("user_id".into())))?;
        let tokens_valid_after = tokens_valid_after.and_then(integer);
        Ok(self.answer(Answer::User(Some(UserRow {
            id: id.into(),
            email,
            password,
            created_at,
            tokens_valid_after,
            columns: serde_json::Map::new(),
        }))))
    }

    /// Answers `userByEmail`, `userById` and `insertUser`: there is none.
    #[wasm_bindgen(js_name = answerNobody)]
    pub fn answer_nobody(&mut self) -> String {
        self.answer(Answer::User(None))
    }

    /// What `checkSignature` and `sign` are about: the bytes that were signed, or are to be.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn message(&self) -> Vec<u8> {
        match &self.0 {
            Some(Step::Ask(Question::CheckSignature(SignatureCheck { message, .. }), _)) => message.as_bytes().to_vec(),
            Some(Step::Ask(Question::Sign(SigningJob { message, .. }), _)) => message.as_bytes().to_vec(),
            _ => Vec::new(),
        }
    }

    /// What `checkSignature` is about.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn signature(&self) -> Vec<u8> {
        match &self.0 {
            Some(Step::Ask(Question::CheckSignature(check), _)) => check.signature.clone(),
            _ => Vec::new(),
        }
    }

    /// What the key of `checkSignature` and `sign` is imported from, a JWK.
    pub fn jwk(&self) -> String {
        match &self.0 {
            Some(Step::Ask(Question::CheckSignature(check), _)) => check.jwk.clone(),
            Some(Step::Ask(Question::Sign(job), _)) => job.jwk.as_str().to_owned(),
            _ => String::new(),
        }
    }

    /// Answers `checkSignature`.
    #[wasm_bindgen(js_name = answerHolds)]
    pub fn answer_holds(&mut self, holds: bool) -> String {
        self.answer(Answer::Holds(holds))
    }

    /// Answers `sign`.
    #[wasm_bindgen(js_name = answerSignature)]
    pub fn answer_signature(&mut self, signature: Vec<u8>) -> String {
        self.answer(Answer::Signature(signature))
    }

    /// Answers `jwkSet`.
    #[wasm_bindgen(js_name = answerJwkSet)]
    pub fn answer_jwk_set(&mut self, body: Vec<u8>, cache_control: Option<String>, age: Option<String>) -> String {
        self.answer(Answer::JwkSet(JwkSet { body, cache_control, age }))
    }

    /// Answers `rotateSession` with the user whose session it is, or with nobody.
    #[wasm_bindgen(js_name = answerRotated)]
    pub fn answer_rotated(&mut self, user_id: Option<f64>) -> String {
        self.answer(Answer::Rotated(user_id.and_then(integer).map(Into::into)))
    }

    /// Answers what wants something done: the store has been told.
    #[wasm_bindgen(js_name = answerDone)]
    pub fn answer_done(&mut self) -> String {
        self.answer(Answer::Done)
    }

    /// Answers `work`: there is too much to do.
    #[wasm_bindgen(js_name = answerBusy)]
    pub fn answer_busy(&mut self) {
        self.go_on(Answer::Busy);
    }

    /// Answers any question: the store cannot tell now.
    #[wasm_bindgen(js_name = answerUnavailable)]
    pub fn answer_unavailable(&mut self) -> String {
        self.answer(Answer::Unavailable)
    }

    fn answer(&mut self, answer: Answer) -> String {
        self.go_on(answer);
        self.step()
    }

    pub(super) fn go_on(&mut self, answer: Answer) {
        self.0 = self.0.take().map(|step| match step {
            Step::Ask(_, pending) => pending.answer(answer),
            done @ Step::Done(_) => done,
        });
    }

    pub(super) fn new<T: 'static>(step: Step<T>, form: fn(T) -> Outcome) -> Self {
        Self(Some(step.map(form)))
    }
}
