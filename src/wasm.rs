//! The JavaScript surface: it converts, and decides nothing.
//!
//! Values cross the boundary through `serde-wasm-bindgen`, and `tsify` writes their TypeScript types from the Rust ones.

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::{
    ask::{Answer, Question, Step, UserRow},
    gate::Gate,
    limits::HASH_COST_DEFAULT,
    login::Credentials,
    password::{self, Cost, HashError, PasswordError},
    refusal::Refusal,
    reply::Reply,
    request::Request,
    settings::{Settings, SettingsError, Vars},
    token::{AccessToken, TokenRefusal},
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

    /// Whether the token holds, and what it says.
    #[wasm_bindgen(js_name = verifyToken)]
    pub fn verify_token(&self, token: &str, now: f64) -> Result<Ts<TokenVerdict>, JsValue> {
        to_ts(&match self.0.verify_token(token, seconds(now)) {
            Ok(claims) => TokenVerdict::Accepted { claims: claims.to_json().to_string() },
            Err(refusal) => TokenVerdict::Refused { reason: refusal.code() },
        })
    }
}

/// One run of the state machine: while there is a question, answer it; then take the outcome.
#[wasm_bindgen]
pub struct Turn(Option<Step<Outcome>>);

#[wasm_bindgen]
impl Turn {
    /// The open question, if there is one.
    pub fn question(&self) -> Result<Option<Ts<Question>>, JsValue> {
        match &self.0 {
            Some(Step::Ask(question, _)) => to_ts(question).map(Some),
            Some(Step::Done(_)) | None => Ok(None),
        }
    }

    /// Answers `body`.
    #[wasm_bindgen(js_name = answerBody)]
    pub fn answer_body(&mut self, body: Vec<u8>) {
        self.answer(Answer::Body(body));
    }

    /// Answers `userByEmail`, `userById` and `insertUser` with a row.
    #[wasm_bindgen(js_name = answerUser)]
    pub fn answer_user(&mut self, id: f64, email: String, password: String, created_at: String) -> Result<(), JsValue> {
        let id = integer(id).ok_or_else(|| throw(TokenRefusal::Claim("user_id")))?;
        self.answer(Answer::User(Some(UserRow { id, email, password, created_at })));
        Ok(())
    }

    /// Answers `userByEmail`, `userById` and `insertUser`: there is none.
    #[wasm_bindgen(js_name = answerNobody)]
    pub fn answer_nobody(&mut self) {
        self.answer(Answer::User(None));
    }

    /// Answers any question: the store cannot tell now.
    #[wasm_bindgen(js_name = answerUnavailable)]
    pub fn answer_unavailable(&mut self) {
        self.answer(Answer::Unavailable);
    }

    /// What it came to; nothing while a question is open.
    pub fn outcome(&self) -> Result<Option<Ts<Outcome>>, JsValue> {
        match &self.0 {
            Some(Step::Done(outcome)) => to_ts(outcome).map(Some),
            Some(Step::Ask(..)) | None => Ok(None),
        }
    }

    fn answer(&mut self, answer: Answer) {
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
pub fn hash_password(password: &str, cost: Option<f64>) -> Result<String, JsValue> {
    let cost = cost.map_or(Some(HASH_COST_DEFAULT), |cost| u32::try_from(integer(cost)?).ok());
    let cost = cost.ok_or(PasswordError::Cost).and_then(Cost::new).map_err(throw)?;
    password::hash(password, cost).map_err(throw)
}

/// Whether this is the password of this stored hash.
#[wasm_bindgen(js_name = verifyPassword)]
pub fn verify_password(password: &str, hash: &str) -> Result<bool, JsValue> {
    password::verify(password, hash).map_err(throw)
}

/// What a turn comes to.
#[derive(Serialize, Tsify)]
#[serde(untagged)]
pub enum Outcome {
    /// Of `Gate.handle`.
    Reply(Reply),
    /// Of `Gate.login`.
    Login(LoginVerdict),
    /// Of `Gate.currentUser`.
    User(UserVerdict),
}

/// Whether a login was let in.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum LoginVerdict {
    /// With this token (RFC 6749 5.1).
    Accepted {
        /// The token.
        access_token: String,
        /// `bearer`.
        token_type: &'static str,
    },
    /// For this reason, a stable code; keep it from the client.
    Refused {
        /// The code.
        reason: &'static str,
    },
}

/// Whose token it is.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum UserVerdict {
    /// This user's.
    Accepted {
        /// The user.
        user: User,
    },
    /// Nobody's, for this reason, a stable code; keep it from the client.
    Refused {
        /// The code.
        reason: &'static str,
    },
}

/// Whether a token holds.
#[derive(Serialize, Tsify)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum TokenVerdict {
    /// It holds, and says this.
    Accepted {
        /// Its claims, as JSON text.
        claims: String,
    },
    /// It does not, for this reason, a stable code; keep it from the client.
    Refused {
        /// The code.
        reason: &'static str,
    },
}

/// A user, without the password hash.
#[derive(Serialize, Tsify)]
pub struct User {
    /// The primary key.
    pub id: i64,
    /// The e-mail address, as stored.
    pub email: String,
    /// When the row was made.
    pub created_at: String,
}

/// What is thrown for a bad call.
#[derive(Serialize, Tsify)]
pub struct Failure {
    /// A stable code to match on.
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl From<Result<AccessToken, Refusal>> for LoginVerdict {
    fn from(result: Result<AccessToken, Refusal>) -> Self {
        match result {
            Ok(AccessToken { access_token, token_type }) => Self::Accepted { access_token, token_type },
            Err(refusal) => Self::Refused { reason: refusal.code() },
        }
    }
}

impl From<Result<UserRow, Refusal>> for UserVerdict {
    fn from(result: Result<UserRow, Refusal>) -> Self {
        match result {
            Ok(UserRow { id, email, created_at, .. }) => Self::Accepted { user: User { id, email, created_at } },
            Err(refusal) => Self::Refused { reason: refusal.code() },
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self { code: "setting", message: error.to_string() }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        Self { code: refusal.code(), message: refusal.to_string() }
    }
}

fn throw(failure: impl Into<Failure>) -> JsValue {
    to_ts(&failure.into()).map_or_else(|error| error, |failure| failure.into())
}

fn to_ts<T: Serialize + Tsify>(value: &T) -> Result<Ts<T>, JsValue> {
    value.into_ts().map_err(|error| JsError::new(&error.to_string()).into())
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
