//! Times in claims.

use super::TokenRefusal;
use crate::json::Json;

/// RFC 7519 2: a JSON number of seconds since 1970, whole or not; of one that is not, the whole seconds count.
pub(crate) fn numeric_date(payload: &Json, claim: &'static str) -> Result<Option<i64>, TokenRefusal> {
    match payload.get(claim) {
        None => Ok(None),
        Some(Json::Integer(number)) => Ok(Some(whole(number))),
        Some(Json::Float(number)) if whole(number) < i64::MAX => Ok(Some(whole(number))),
        Some(_) => Err(TokenRefusal::Claim(claim.into())),
    }
}

/// The whole part of a JSON number, at most what an `i64` holds.
fn whole(number: &str) -> i64 {
    if let Ok(whole) = number.parse() {
        return whole;
    }
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
