//! The JavaScript surface: it converts, and decides nothing.
//!
//! Numbers, texts and bytes cross the boundary, nothing else. What has members crosses as JSON text (`wasm/text.rs`), and
//! `tsify` writes the TypeScript type of what `JSON.parse` makes of it.

pub mod signal;
mod text;
mod verdict;

use wasm_bindgen::prelude::*;

use crate::{
    ask::{Answer, Question, Step, UserRow},
    gate::Gate,
    limits::HASH_COST_DEFAULT,
    login::Credentials,
    password::{Cost, Hashed, Job, PasswordError, work_out},
    passwords,
    request::Request,
    settings::{Settings, Vars},
    token::TokenRefusal,
    wasm::verdict::{Failure, Outcome},
};

/// The gate, as JavaScript holds it.
#[wasm_bindgen(js_name = Gate)]
pub struct JsGate(Gate);

#[wasm_bindgen(js_class = Gate)]
impl JsGate {
    /// Asks `variable` for each setting by its name; throws a `Failure` that names the wrong one.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "(name: string) => string | undefined")] variable: &js_sys::Function,
    ) -> Result<JsGate, JsValue> {
        let vars = Vars::read(|name| variable.call1(&JsValue::UNDEFINED, &name.into()).ok()?.as_string());
        Settings::try_from(vars).map(|settings| Self(Gate::new(settings))).map_err(throw)
    }

    /// Answers a request; `now` is in seconds since 1970.
    pub fn handle(
        &self,
        method: String,
        url: String,
        content_type: Option<String>,
        authorization: Option<String>,
        now: f64,
    ) -> Turn {
        let request = Request { method, url, content_type, authorization };
        Turn::new(self.0.handle(request, seconds(now)), Outcome::Reply)
    }

    /// Logs in without HTTP.
    pub fn login(&self, username: &str, password: &str, now: f64) -> Turn {
        let step = self.0.login(Credentials::new(username, password), seconds(now));
        Turn::new(step, |result| Outcome::Login(result.into()))
    }

    /// The user whose token this `Authorization` header carries.
    #[wasm_bindgen(js_name = currentUser)]
    pub fn current_user(&self, authorization: Option<String>, now: f64) -> Turn {
        let step = self.0.current_user(authorization, seconds(now));
        Turn::new(step, |result| Outcome::User(result.into()))
    }

    /// A token for this user.
    #[wasm_bindgen(js_name = issueToken)]
    pub fn issue_token(&self, user_id: f64, now: f64) -> Result<String, JsValue> {
        let id = integer(user_id).ok_or_else(|| throw(TokenRefusal::Claim("user_id")))?;
        self.0.issue_token(id, seconds(now)).map(|token| token.access_token).map_err(throw)
    }

    /// The claims as JSON text, which begins with `{`, or the reason why the token does not hold, a stable code.
    #[wasm_bindgen(js_name = verifyToken)]
    pub fn verify_token(&self, token: &str, now: f64) -> String {
        match self.0.verify_token(token, seconds(now)) {
            Ok(claims) => claims.to_json().to_string(),
            Err(refusal) => refusal.code().to_owned(),
        }
    }
}

/// One run of the state machine. Its step is JSON text: a question, told by its `ask`, or what it came to. Every answer leads
/// to the next step.
#[wasm_bindgen]
pub struct Turn(Option<Step<Outcome>>);

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
    ) -> Result<String, JsValue> {
        let id = integer(id).ok_or_else(|| throw(TokenRefusal::Claim("user_id")))?;
        Ok(self.answer(Answer::User(Some(UserRow { id, email, password, created_at }))))
    }

    /// Answers `userByEmail`, `userById` and `insertUser`: there is none.
    #[wasm_bindgen(js_name = answerNobody)]
    pub fn answer_nobody(&mut self) -> String {
        self.answer(Answer::User(None))
    }

    /// Answers `replaceHash`: the store has been told.
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

    fn go_on(&mut self, answer: Answer) {
        self.0 = self.0.take().map(|step| match step {
            Step::Ask(_, pending) => pending.answer(answer),
            done @ Step::Done(_) => done,
        });
    }

    fn new<T: 'static>(step: Step<T>, form: fn(T) -> Outcome) -> Self {
        Self(Some(step.map(form)))
    }
}

/// Hashes a new password; without a cost, at 12.
#[wasm_bindgen(js_name = hashPassword)]
pub fn hash_password(password: &str, cost: Option<f64>) -> Result<Turn, JsValue> {
    let cost = cost.map_or(Some(HASH_COST_DEFAULT), |cost| u32::try_from(integer(cost)?).ok());
    let cost = cost.ok_or(PasswordError::Cost).and_then(Cost::new).map_err(throw)?;
    Ok(Turn::new(passwords::hash(password, cost), |result| Outcome::Hash(result.into())))
}

/// Whether this is the password of this stored hash.
#[wasm_bindgen(js_name = verifyPassword)]
pub fn verify_password(password: &str, hash: &str) -> Turn {
    Turn::new(passwords::verify(password, hash), |result| Outcome::Password(result.into()))
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

fn throw(failure: impl Into<Failure>) -> JsValue {
    text::failure(&failure.into()).into()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and a clock is far from it"
)]
fn seconds(now: f64) -> u64 {
    now as u64
}

#[expect(clippy::cast_possible_truncation, reason = "`as` is exact for whole numbers within i64")]
fn integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0).then_some(number as i64)
}
