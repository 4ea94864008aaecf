//! Answers of the platform: signatures, and the keys of an identity provider.

use wasm_bindgen::prelude::*;

use super::Turn;
use crate::host::{Answer, JwkSet, Question, Step};

#[wasm_bindgen]
impl Turn {
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

    /// Answers any question: it cannot be answered now.
    #[wasm_bindgen(js_name = answerUnavailable, unchecked_return_type = "Question | Outcome")]
    pub fn answer_unavailable(&mut self) -> Result<JsValue, JsValue> {
        self.answer(Answer::Unavailable)
    }
}
