//! The rules for the claims of a token (RFC 7519 4.1).

use serde_json::Value;

use super::{
    Claims, TokenRefusal,
    claims::{AUD, EXP, IAT, ISS, JTI, NBF, SUB, TOKEN_VERSION, USER_ID, claim_of},
    jws::Object,
    numeric_date::numeric_date,
};
use crate::user::UserId;

/// The rules for claims. They apply after the signature is verified.
///
/// ```
/// use edgegate::token::Rules;
///
/// let rules = Rules { audience: Some("https://api.example".into()), leeway_seconds: 30, ..Rules::default() };
/// assert_eq!((rules.user_id_claim.as_str(), rules.exp_required), ("user_id", true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The claim that contains the user's id; `user_id` by default.
    pub user_id_claim: String,
    /// The required `iss`.
    pub issuer: Option<String>,
    /// The required `aud`, or one of several (RFC 7519 4.1.3). Without it, a token with an `aud` is refused.
    pub audience: Option<String>,
    /// Allowed clock difference between issuer and verifier, in seconds.
    pub leeway_seconds: u32,
    /// Maximum age of a token by its `iat`, in seconds. If set, `iat` is required.
    pub max_age_seconds: Option<u32>,
    /// Further required claims; none by default.
    pub required: Vec<String>,
    /// Whether `exp` is required, whatever `required` contains; true by default. A token without `exp` never expires.
    pub exp_required: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            user_id_claim: USER_ID.to_owned(),
            issuer: None,
            audience: None,
            leeway_seconds: 0,
            max_age_seconds: None,
            required: Vec::new(),
            exp_required: true,
        }
    }
}

impl Claims {
    /// Creates claims for this user that expire at `exp`, in seconds since 1970 (RFC 7519 4.1.4), with the claim names,
    /// the issuer and the audience of the rules.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// let rules = Rules { user_id_claim: "sub".into(), issuer: Some("https://id.example".into()), ..Rules::default() };
    /// let claims = Claims::new(7, 1_700_000_000, &rules);
    /// assert_eq!(claims.text(), r#"{"sub":"7","exp":1700000000,"iss":"https://id.example"}"#);
    /// ```
    #[must_use]
    pub fn new(user_id: impl Into<UserId>, exp: u64, rules: &Rules) -> Self {
        let user_id = user_id.into();
        let claims = rules.claims_of(&user_id, exp);
        claims.into_iter().fold(Self::of(user_id), |claims, (name, value)| claims.with(name, value))
    }
}

impl Rules {
    /// The claims that the rules determine, in the order of FastAPI: the user id and `exp` come first.
    pub(crate) fn claims_of(&self, user_id: &UserId, exp: u64) -> Vec<(&str, Value)> {
        let mut claims = vec![(self.user_id_claim.as_str(), claim_of(user_id, &self.user_id_claim)), (EXP, exp.into())];
        claims.extend(self.issuer.as_deref().map(|issuer| (ISS, issuer.into())));
        claims.extend(self.audience.as_deref().map(|audience| (AUD, audience.into())));
        claims
    }

    /// Whether the rules or the time of issue determine a claim of this name.
    pub(crate) fn reserves(&self, name: &str) -> bool {
        [EXP, IAT, NBF, ISS, AUD, TOKEN_VERSION].contains(&name) || name == self.user_id_claim
    }

    /// Whether the claimed id is this user's id. `sub` is always a string, so the texts are compared there.
    pub(crate) fn names(&self, claimed: &UserId, id: &UserId) -> bool {
        claimed == id || (self.user_id_claim == SUB && claimed.to_string() == id.to_string())
    }

    /// Checks the claims of a token that must name a user.
    pub(super) fn check_with_user(&self, payload: Object, now: u64) -> Result<Claims, TokenRefusal> {
        let claims = self.check(payload, now)?.of_user(&self.user_id_claim);
        claims.ok_or_else(|| TokenRefusal::Claim(self.user_id_claim.clone().into()))
    }

    /// Checks the claims of a token.
    pub(super) fn check(&self, Object { members, text }: Object, now: u64) -> Result<Claims, TokenRefusal> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let leeway = i64::from(self.leeway_seconds);
        let is_missing = |name: &str| members.get(name).is_none_or(Value::is_null);
        if self.exp_required && is_missing(EXP) {
            return Err(TokenRefusal::Claim(EXP.into()));
        }
        if let Some(name) = self.required.iter().find(|name| is_missing(name)) {
            return Err(TokenRefusal::Claim(name.clone().into()));
        }
        // RFC 7519 4.1.4: "on or after" the time, so a token that expires now has expired.
        if numeric_date(&members, EXP)?.is_some_and(|exp| exp.saturating_add(leeway) <= now) {
            return Err(TokenRefusal::Expired);
        }
        if numeric_date(&members, NBF)?.is_some_and(|nbf| nbf > now.saturating_add(leeway)) {
            return Err(TokenRefusal::NotYetValid);
        }
        // PyJWT refuses these, too (RFC 7519 4.1.2, 4.1.7). A numeric `sub` that names the user is one of an older backend.
        let is_text = |name: &str| members.get(name).is_none_or(Value::is_string);
        if let Some(name) = [SUB, JTI].into_iter().find(|name| !is_text(name) && *name != self.user_id_claim) {
            return Err(TokenRefusal::Claim(name.into()));
        }
        // An `iat` must be a number even where no rule needs it (RFC 7519 4.1.6). It may be in the future.
        let iat = numeric_date(&members, IAT)?;
        if let Some(max_age) = self.max_age_seconds {
            let iat = iat.ok_or(TokenRefusal::Claim(IAT.into()))?;
            if now.saturating_sub(iat) > i64::from(max_age).saturating_add(leeway) {
                return Err(TokenRefusal::TooOld);
            }
        }
        if self.issuer.is_some() && members.get(ISS).and_then(Value::as_str) != self.issuer.as_deref() {
            return Err(TokenRefusal::Claim(ISS.into()));
        }
        self.check_audience(members.get(AUD))?;
        Ok(Claims::read(members, text))
    }

    /// RFC 7519 4.1.3: a verifier that is not in the audience must refuse.
    fn check_audience(&self, audience: Option<&Value>) -> Result<(), TokenRefusal> {
        let found = match (audience, self.audience.as_deref()) {
            (None, None) => true,
            (Some(Value::String(named)), Some(ours)) => named == ours,
            (Some(Value::Array(named)), Some(ours)) => named.iter().any(|one| one.as_str() == Some(ours)),
            _ => false,
        };
        if found { Ok(()) } else { Err(TokenRefusal::Claim(AUD.into())) }
    }
}
