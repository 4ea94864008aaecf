//! Answers about the request and from a user store.

use wasm_bindgen::prelude::*;

use super::Turn;
use crate::{
    host::{Answer, Ended, UpstreamReply, UserAtLogin},
    row::InvalidRow,
    token::strict_json,
    wasm::{value, verdict::Failure},
};

const NOT_COUNTED: Answer = Answer::InvalidRow(InvalidRow { column: "failures" });

#[wasm_bindgen]
impl Turn {
    /// Answers `body`.
    #[wasm_bindgen(js_name = answerBody, unchecked_return_type = "Question | Outcome")]
    pub fn answer_body(&mut self, body: Vec<u8>) -> Result<JsValue, JsValue> {
        self.answer(Answer::Body(body))
    }

    /// Answers `limit`: whether the request is within the limits.
    #[wasm_bindgen(js_name = answerWithinLimit, unchecked_return_type = "Question | Outcome")]
    pub fn answer_within_limit(&mut self, within: bool) -> Result<JsValue, JsValue> {
        self.answer(Answer::WithinLimit(within))
    }

    /// Answers `userByEmail`, `userById` and `insertUser` with a row, or with `null`.
    #[wasm_bindgen(js_name = answerUser, unchecked_return_type = "Question | Outcome")]
    pub fn answer_user(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown")] row: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.answer(value::user_row(row).map_or_else(Answer::InvalidRow, Answer::User))
    }

    /// Answers `userAtLogin` with a row or `null`, and the row of the attempts or `null`.
    #[wasm_bindgen(js_name = answerUserAtLogin, unchecked_return_type = "Question | Outcome")]
    pub fn answer_user_at_login(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown")] row: JsValue,
        #[wasm_bindgen(unchecked_param_type = "unknown")] state: JsValue,
    ) -> Result<JsValue, JsValue> {
        let found = value::user_row(row).and_then(|user| Ok(UserAtLogin { user, state: value::login_state(state)? }));
        self.answer(found.map_or_else(Answer::InvalidRow, |found| Answer::UserAtLogin(Box::new(found))))
    }

    /// Answers `countLogin` with the failures.
    #[wasm_bindgen(js_name = answerCounted, unchecked_return_type = "Question | Outcome")]
    pub fn answer_counted(&mut self, failures: f64) -> Result<JsValue, JsValue> {
        self.answer(value::integer(failures).map_or(NOT_COUNTED, Answer::Counted))
    }

    /// Answers `claims` with a JSON object; throws a `Failure` for another text.
    #[wasm_bindgen(js_name = answerClaims, unchecked_return_type = "Question | Outcome")]
    pub fn answer_claims(&mut self, claims: &str) -> Result<JsValue, JsValue> {
        let claims = strict_json::object(claims).map_err(|_| value::throw(Failure::claims()))?;
        self.answer(Answer::Claims(claims))
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

    /// Answers `insertSession`, `deleteSession` and others that change a row: whether there was one to change.
    #[wasm_bindgen(js_name = answerChanged, unchecked_return_type = "Question | Outcome")]
    pub fn answer_changed(&mut self, changed: bool) -> Result<JsValue, JsValue> {
        self.answer(Answer::Changed(changed))
    }

    /// Answers `pwnedPasswords` with the body of the response.
    #[wasm_bindgen(js_name = answerPwnedPasswords, unchecked_return_type = "Question | Outcome")]
    pub fn answer_pwned_passwords(&mut self, range: Vec<u8>) -> Result<JsValue, JsValue> {
        self.answer(Answer::PwnedPasswords(range))
    }

    /// Answers `upstream` with the status and the body.
    #[wasm_bindgen(js_name = answerUpstream, unchecked_return_type = "Question | Outcome")]
    pub fn answer_upstream(&mut self, status: u16, body: Vec<u8>) -> Result<JsValue, JsValue> {
        self.answer(Answer::Upstream(UpstreamReply { status, body }))
    }

    /// Answers `storeMailToken` with the address to send the mail to, or nothing.
    #[wasm_bindgen(js_name = answerAddress, unchecked_return_type = "Question | Outcome")]
    pub fn answer_address(&mut self, address: Option<String>) -> Result<JsValue, JsValue> {
        self.answer(Answer::Address(address))
    }

    /// Answers `sessions` with an array of rows.
    #[wasm_bindgen(js_name = answerSessions, unchecked_return_type = "Question | Outcome")]
    pub fn answer_sessions(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "unknown[]")] rows: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.answer(value::sessions(rows).map_or_else(Answer::InvalidRow, Answer::Sessions))
    }

    /// Answers `body` and `upstream`: it did not arrive in time.
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
}
