//! The claims: `user_id` and `exp`, as FastAPI's tutorial issues them, and whatever else a token carries.

use super::{Rules, TokenRefusal};
use crate::{json::Json, limits::SAFE_INTEGER_MAX};

/// The claims of a token that was found good, or is to be issued.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    pub(super) user_id: Option<UserId>,
    pub(super) members: Json,
    /// The text that they were read from, so that nobody has to write it again.
    pub(super) text: Option<String>,
}

/// The id of a user: an integer that every JSON reader keeps exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId(i64);

impl UserId {
    /// # Errors
    /// [`TokenRefusal::Claim`] for `user_id` outside plus or minus 2^53 - 1 (RFC 7493 2.2).
    pub fn new(id: i64) -> Result<Self, TokenRefusal> {
        let safe = (-SAFE_INTEGER_MAX..=SAFE_INTEGER_MAX).contains(&id);
        safe.then_some(Self(id)).ok_or(TokenRefusal::Claim(USER_ID.into()))
    }

    /// The id as a number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// An integer; in `sub` the same as a text, for a `sub` is one (RFC 7519 4.1.2).
    pub(super) fn to_claim(self, name: &str) -> Json {
        if name == SUB { Json::String(self.0.to_string()) } else { Json::Integer(self.0.to_string()) }
    }

    pub(super) fn from_claim(payload: &Json, name: &str) -> Option<Self> {
        let id = match payload.get(name)? {
            // One spelling of each number, so that one user has one `sub`.
            Json::String(text) if name == SUB => text.parse().ok().filter(|id: &i64| id.to_string() == *text),
            number => number.as_i64(),
        };
        Self::new(id?).ok()
    }
}

impl Claims {
    /// Claims for this user that expire at `exp`, in seconds since 1970 (RFC 7519 4.1.4), with the names, the issuer and the
    /// audience of the rules.
    #[must_use]
    pub fn new(user_id: UserId, exp: u64, rules: &Rules) -> Self {
        let claims = Self { user_id: Some(user_id), members: Json::Object(Vec::new()), text: None };
        let claims = claims
            .with(&rules.user_id_claim, user_id.to_claim(&rules.user_id_claim))
            .with(EXP, Json::Integer(exp.to_string()));
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
    pub fn user_id(&self) -> Option<UserId> {
        self.user_id
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
