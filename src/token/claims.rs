//! The claims: `user_id` and `exp`, as FastAPI's tutorial issues them, and whatever else a token carries.

use super::TokenRefusal;
use crate::{json::Json, limits::SAFE_INTEGER_MAX};

/// The claims of a token that was found good, or is to be issued.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    user_id: UserId,
    members: Vec<(String, Json)>,
}

/// The `user_id` claim: an integer that every JSON reader keeps exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId(i64);

impl UserId {
    /// # Errors
    /// [`TokenRefusal::Claim`] for `user_id` outside plus or minus 2^53 - 1 (RFC 7493 2.2).
    pub fn new(id: i64) -> Result<Self, TokenRefusal> {
        let safe = (-SAFE_INTEGER_MAX..=SAFE_INTEGER_MAX).contains(&id);
        safe.then_some(Self(id)).ok_or(TokenRefusal::Claim(USER_ID))
    }

    /// The id as a number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl Claims {
    /// Claims for this user that expire at `exp`, in seconds since 1970 (RFC 7519 4.1.4).
    #[must_use]
    pub fn new(user_id: UserId, exp: u64) -> Self {
        let members = vec![
            (USER_ID.to_owned(), Json::Integer(user_id.0.to_string())),
            (EXP.to_owned(), Json::Integer(exp.to_string())),
        ];
        Self { user_id, members }
    }

    /// The user whose token it is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// All claims, in the token's order.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Object(self.members.clone())
    }

    /// Reads the payload of a token whose signature was found good.
    pub(super) fn read(payload: Json, now: u64) -> Result<Self, TokenRefusal> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        match numeric_date(&payload, EXP)? {
            Some(exp) if exp > now => {}
            // RFC 7519 4.1.4: "on or after" the time, so a token that expires now has expired.
            Some(_) => return Err(TokenRefusal::Expired),
            None => return Err(TokenRefusal::Claim(EXP)),
        }
        if numeric_date(&payload, NBF)?.is_some_and(|nbf| nbf > now) {
            return Err(TokenRefusal::NotYetValid);
        }
        // RFC 7519 4.1.3: whoever does not find itself in the audience must refuse, and nobody is configured here.
        if payload.get(AUD).is_some() {
            return Err(TokenRefusal::Claim(AUD));
        }
        let user_id = payload.get(USER_ID).and_then(Json::as_i64).ok_or(TokenRefusal::Claim(USER_ID))?;
        let user_id = UserId::new(user_id)?;
        match payload {
            Json::Object(members) => Ok(Self { user_id, members }),
            _ => Err(TokenRefusal::Malformed),
        }
    }
}

const USER_ID: &str = "user_id";
const EXP: &str = "exp";
const NBF: &str = "nbf";
const AUD: &str = "aud";

/// RFC 7519 2: a JSON number of seconds since 1970, whole or not; of one that is not, the whole seconds count.
fn numeric_date(payload: &Json, claim: &'static str) -> Result<Option<i64>, TokenRefusal> {
    match payload.get(claim) {
        None => Ok(None),
        Some(Json::Integer(number)) => Ok(Some(whole(number))),
        Some(Json::Float(number)) if whole(number) < i64::MAX => Ok(Some(whole(number))),
        Some(_) => Err(TokenRefusal::Claim(claim)),
    }
}

/// The whole part of a JSON number, at most what an `i64` holds.
fn whole(number: &str) -> i64 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = integer.trim_start_matches('-');
    let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let places = i64::try_from(digits.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    // A number of more than 19 digits fills an `i64` to the brim; leading zeros, as in 0.001e3, do not count.
    let magnitude = digits
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat(b'0'))
        .take(usize::try_from(places).unwrap_or(0).min(digits.len().saturating_add(fraction.len()).saturating_add(19)))
        .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0'))));
    if integer.starts_with('-') { magnitude.saturating_neg() } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn the_whole_part_is_exact() {
        for (number, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.999", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("17000000000E-1", 1_700_000_000),
            ("0.0017e+12", 1_700_000_000),
            ("1e-400", 0),
            ("0e999999999999999999999", 0),
            ("1e999999999999999999999", i64::MAX),
            ("99999999999999999999", i64::MAX),
            ("-1.5", -1),
            ("-1e99", -i64::MAX),
        ] {
            assert_eq!(whole(number), seconds, "{number}");
        }
    }
}
