//! What the claims of a token must be (RFC 7519 4.1).

use super::{
    Claims, TokenRefusal,
    claims::{AUD, EXP, IAT, ISS, NBF, SUB, USER_ID, user_of},
    numeric_date::numeric_date,
};
use crate::{json::Json, user::UserId};

/// What is asked of claims whose signature was found good.
///
/// ```
/// use edgegate::token::Rules;
///
/// let rules = Rules { audience: Some("https://api.example".into()), leeway_seconds: 30, ..Rules::default() };
/// assert_eq!((rules.user_id_claim.as_str(), rules.required.as_slice()), ("user_id", ["exp".to_owned()].as_slice()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The claim that holds the user's id: `user_id`.
    pub user_id_claim: String,
    /// What `iss` must be.
    pub issuer: Option<String>,
    /// What `aud` must be, or name among others. Without it, a token for an audience is refused.
    pub audience: Option<String>,
    /// By how much the clocks of issuer and verifier may differ, in seconds.
    pub leeway_seconds: u32,
    /// How old a token may be by its `iat`, in seconds; then `iat` is required.
    pub max_age_seconds: Option<u32>,
    /// The claims that must be there: `exp`.
    pub required: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            user_id_claim: USER_ID.to_owned(),
            issuer: None,
            audience: None,
            leeway_seconds: 0,
            max_age_seconds: None,
            required: vec![EXP.to_owned()],
        }
    }
}

impl Rules {
    /// Whether a claim of this name is decided by the rules, or by when a token is issued.
    pub(crate) fn reserves(&self, name: &str) -> bool {
        [EXP, IAT, NBF, ISS, AUD].contains(&name) || name == self.user_id_claim
    }

    /// Whether the claimed id is this user's. In `sub`, where every id is a text, the spelling decides.
    pub(crate) fn names(&self, claimed: &UserId, id: &UserId) -> bool {
        claimed == id || (self.user_id_claim == SUB && claimed.to_string() == id.to_string())
    }

    /// The claims of a token of ours, with the user whose it is.
    pub(crate) fn check_ours(&self, payload: Json, now: u64) -> Result<Claims, TokenRefusal> {
        let claims = self.check(payload, now)?;
        let user_id = user_of(claims.as_json(), &self.user_id_claim);
        let user_id = user_id.ok_or_else(|| TokenRefusal::Claim(self.user_id_claim.clone().into()))?;
        Ok(Claims { user_id: Some(user_id), ..claims })
    }

    /// The claims of anybody's token.
    pub(crate) fn check(&self, payload: Json, now: u64) -> Result<Claims, TokenRefusal> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let leeway = i64::from(self.leeway_seconds);
        let missing = |name: &&String| payload.get(name).is_none_or(|value| matches!(value, Json::Null));
        if let Some(name) = self.required.iter().find(missing) {
            return Err(TokenRefusal::Claim(name.clone().into()));
        }
        // RFC 7519 4.1.4: "on or after" the time, so a token that expires now has expired.
        if numeric_date(&payload, EXP)?.is_some_and(|exp| exp.saturating_add(leeway) <= now) {
            return Err(TokenRefusal::Expired);
        }
        if numeric_date(&payload, NBF)?.is_some_and(|nbf| nbf > now.saturating_add(leeway)) {
            return Err(TokenRefusal::NotYetValid);
        }
        if let Some(max_age) = self.max_age_seconds {
            let iat = numeric_date(&payload, IAT)?.ok_or_else(|| TokenRefusal::Claim(IAT.into()))?;
            if now.saturating_sub(iat) > i64::from(max_age).saturating_add(leeway) {
                return Err(TokenRefusal::TooOld);
            }
        }
        if self.issuer.is_some() && payload.get(ISS).and_then(Json::as_str) != self.issuer.as_deref() {
            return Err(TokenRefusal::Claim(ISS.into()));
        }
        self.check_audience(payload.get(AUD))?;
        Ok(Claims { user_id: None, members: payload, text: None })
    }

    /// RFC 7519 4.1.3: whoever does not find itself in the audience must refuse.
    fn check_audience(&self, audience: Option<&Json>) -> Result<(), TokenRefusal> {
        let found = match (audience, self.audience.as_deref()) {
            (None, None) => true,
            (Some(Json::String(named)), Some(ours)) => named == ours,
            (Some(Json::Array(named)), Some(ours)) => named.iter().any(|one| one.as_str() == Some(ours)),
            _ => false,
        };
        if found { Ok(()) } else { Err(TokenRefusal::Claim(AUD.into())) }
    }
}
