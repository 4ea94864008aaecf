//! The claims: `user_id` and `exp`, as FastAPI's tutorial issues them, and whatever else a token carries.

use super::Rules;
use crate::{json::Json, user::UserId};

/// The claims of a token that was found good, or is to be issued.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    pub(super) user_id: Option<UserId>,
    pub(super) members: Json,
    /// The text that they were read from, so that nobody has to write it again.
    pub(super) text: Option<String>,
}

/// The claim of this name that names the user; in `sub` a text, for a `sub` is one (RFC 7519 4.1.2).
fn claim_of(user_id: &UserId, name: &str) -> Json {
    match user_id {
        UserId::Integer(id) if name != SUB => Json::Integer(id.to_string()),
        id => Json::String(id.to_string()),
    }
}

/// The user that the claim of this name names. In `sub`, the one spelling of an integer is that integer.
pub(super) fn user_of(payload: &Json, name: &str) -> Option<UserId> {
    let id = match payload.get(name)? {
        Json::String(text) => {
            let integer = text.parse().ok().filter(|id: &i64| name == SUB && id.to_string() == *text);
            integer.map_or_else(|| UserId::Text(text.clone()), UserId::Integer)
        }
        number => UserId::Integer(number.as_i64()?),
    };
    Some(id).filter(UserId::is_valid)
}

impl Claims {
    /// Claims for this user that expire at `exp`, in seconds since 1970 (RFC 7519 4.1.4), with the names, the issuer and the
    /// audience of the rules.
    #[must_use]
    pub fn new(user_id: impl Into<UserId>, exp: u64, rules: &Rules) -> Self {
        let user_id = user_id.into();
        let claim = claim_of(&user_id, &rules.user_id_claim);
        let claims = Self { user_id: Some(user_id), members: Json::Object(Vec::new()), text: None };
        let claims = claims.with(&rules.user_id_claim, claim).with(EXP, Json::Integer(exp.to_string()));
        let claims = rules.issuer.iter().fold(claims, |claims, issuer| claims.with(ISS, issuer.as_str().into()));
        rules.audience.iter().fold(claims, |claims, audience| claims.with(AUD, audience.as_str().into()))
    }

    /// The same claims with one more, unless one of that name is there.
    #[must_use]
    pub fn with(mut self, name: &str, value: Json) -> Self {
        if self.members.get(name).is_none()
            && let Json::Object(members) = &mut self.members
        {
            members.push((name.to_owned(), value));
            self.text = None;
        }
        self
    }

    pub(crate) fn read_from(self, text: String) -> Self {
        Self { text: Some(text), ..self }
    }

    /// The user whose token it is; nobody of ours, when an identity provider has issued it.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// The value of a claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members.get(name)
    }

    /// All claims, an object in the token's order.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.members
    }

    /// All claims as JSON text; of a token that was verified, as the token has it.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text.unwrap_or_else(|| self.members.to_string())
    }
}

pub(super) const USER_ID: &str = "user_id";
pub(super) const SUB: &str = "sub";
pub(super) const EXP: &str = "exp";
pub(super) const NBF: &str = "nbf";
/// When a token was made.
pub(crate) const IAT: &str = "iat";
pub(crate) const ISS: &str = "iss";
pub(super) const AUD: &str = "aud";
