//! The gate as JavaScript holds it, and what it does with tokens alone.

use std::borrow::Cow;

use serde_json::Map;
use wasm_bindgen::prelude::*;

use super::{
    clock,
    turn::Turn,
    value::{self, is_exact, throw},
    verdict::{Failure, Outcome},
};
use crate::{
    gate::Gate,
    settings::{self, Settings},
    token::{Check, Claims, Signing, TokenRefusal, strict_json},
    user::UserId,
};

/// The gate, as JavaScript holds it.
#[wasm_bindgen(js_name = Gate)]
pub struct JsGate(pub(super) Gate);

#[wasm_bindgen(js_class = Gate)]
impl JsGate {
    /// Takes an object with the settings by name; throws a `Failure` that names the invalid setting.
    #[wasm_bindgen(constructor)]
    /// `names` are all names of that object, with spaces in between.
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Vars")] vars: JsValue,
        names: &str,
        asks_claims: bool,
        tells_events: bool,
        other_schemes: bool,
    ) -> Result<JsGate, JsValue> {
        Settings::check_names(names.split(' ')).map_err(throw)?;
        let settings = Settings::try_from(value::vars(vars)?).map_err(throw)?;
        let settings = Settings { asks_claims, tells_events, other_schemes, ..settings };
        #[cfg(feature = "wasm")]
        let settings = Settings { unicode: super::unicode::UNICODE, ..settings };
        Ok(Self(Gate::new(settings)))
    }

    /// Issues a token for the user with this id, an integer or a text, with further claims as a JSON object. If the host
    /// has to sign: the number of the key, a colon, and the signing input. Without `minutes` the token lives as long as the settings
    /// say.
    #[wasm_bindgen(js_name = issueToken)]
    pub fn issue_token(
        &self,
        integer: f64,
        text: Option<String>,
        claims: Option<String>,
        minutes: Option<f64>,
    ) -> Result<String, JsValue> {
        let id = text.map(UserId::Text).or_else(|| value::integer_id(integer));
        let id = id.ok_or_else(|| throw(TokenRefusal::Claim("user_id".into())))?;
        let claims = claims.map_or_else(|| Ok(Map::new()), |claims| strict_json::object(&claims));
        let claims = claims.map_err(|_| throw(Failure::claims()))?;
        match self.with_lifetime(minutes)?.sign(&id, &claims, clock::now()).map_err(throw)? {
            Signing::Signed(token) => Ok(token),
            Signing::Unsigned(key, message) => Ok(numbered(key.number(), &message)),
        }
    }

    /// Verifies a token. Returns the verdict as JSON text, which starts with `{`, or the reason for the refusal, a
    /// stable code. If the host has to check the signature: the number of the key, a colon, and the result for a valid
    /// signature. If the host has to be asked more: an empty text; `verifyTokenInTurn` then verifies the token.
    #[wasm_bindgen(js_name = verifyToken)]
    pub fn verify_token(&self, token: &str) -> String {
        match self.0.check(token, clock::now()) {
            Check::Known(verdict) => verdict_text(verdict),
            Check::IfSigned { keys, claims, .. } => match keys.as_slice() {
                [key] => numbered(key.number(), &verdict_text(claims)),
                _ => String::new(),
            },
            Check::NeedsKeys => String::new(),
        }
    }

    /// Verifies a token by questions to the host.
    #[wasm_bindgen(js_name = verifyTokenInTurn)]
    pub fn verify_token_in_turn(&self, token: String) -> Turn {
        Turn::new(self.0.verify(token, clock::now()), |verdict| Outcome::Token(verdict_text(verdict)))
    }

    /// The JWK to import a key from; `private` includes the private member, for signing.
    pub fn jwk(&self, key: u32, private: bool) -> Option<String> {
        self.0.jwk(key, private).map(|jwk| jwk.as_str().to_owned())
    }
}

impl JsGate {
    /// The gate, with the lifetime of a call. What is no number of minutes is out of range.
    pub(super) fn with_lifetime(&self, minutes: Option<f64>) -> Result<Cow<'_, Gate>, JsValue> {
        let Some(minutes) = minutes else { return Ok(Cow::Borrowed(&self.0)) };
        let minutes = value::integer(minutes).and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or_default();
        self.0.with_lifetime(minutes).map(Cow::Owned).map_err(throw)
    }
}

/// The names of the settings.
#[wasm_bindgen(js_name = settingNames)]
pub fn setting_names() -> Vec<String> {
    settings::NAMES.map(str::to_owned).into()
}

/// The verdict with the claims as they came, or the reason, which does not start with `{`. An id that
/// JavaScript would round is refused.
fn verdict_text(verdict: Result<Claims, TokenRefusal>) -> String {
    match verdict {
        Ok(claims) if claims.user_id().is_none_or(is_exact) => {
            let head = match claims.user_id().map(serde_json::to_string) {
                Some(Ok(id)) => [r#"{"outcome":"accepted","issuer":"own","userId":"#, &id].concat(),
                _ => r#"{"outcome":"accepted","issuer":"provider""#.to_owned(),
            };
            [&head, r#","claims":"#, &claims.into_text(), "}"].concat()
        }
        Ok(_) => TokenRefusal::Claim("user_id".into()).code().into_owned(),
        Err(refusal) => refusal.code().into_owned(),
    }
}

fn numbered(key: u32, text: &str) -> String {
    [&key.to_string(), ":", text].concat()
}
