//! Answers about stored hashes of other schemes than bcrypt.

use wasm_bindgen::prelude::*;

use super::Turn;
use crate::{
    host::{Answer, Question, Step},
    password::SchemeJob,
};

#[wasm_bindgen]
impl Turn {
    /// The password that `verify` and `hash` are about.
    pub fn password(&self) -> String {
        self.scheme_job().map(SchemeJob::password).unwrap_or_default().to_owned()
    }

    /// The stored text that `verify` is about.
    #[wasm_bindgen(js_name = storedHash)]
    pub fn stored_hash(&self) -> String {
        self.scheme_job().map(SchemeJob::stored).unwrap_or_default().to_owned()
    }

    /// Answers `verify`: whether the password is right, or nothing if the stored text cannot be read.
    #[wasm_bindgen(js_name = answerVerified, unchecked_return_type = "Question | Outcome")]
    pub fn answer_verified(&mut self, is_right: Option<bool>) -> Result<JsValue, JsValue> {
        self.answer(is_right.map_or(Answer::Unreadable, Answer::Verified))
    }

    /// Answers `hash` with the text to store.
    #[wasm_bindgen(js_name = answerHashed, unchecked_return_type = "Question | Outcome")]
    pub fn answer_hashed(&mut self, stored: String) -> Result<JsValue, JsValue> {
        self.answer(Answer::Hashed(stored))
    }
}

impl Turn {
    fn scheme_job(&self) -> Option<&SchemeJob> {
        match &self.0 {
            Some(Step::Ask(Question::Verify { job } | Question::Hash { job }, _)) => Some(job),
            _ => None,
        }
    }
}
