//! NumericDate claims (RFC 7519 2).

use serde_json::{Map, Value};

use super::TokenRefusal;

/// Reads a number of seconds since 1970. Fractions are cut; a value outside `i64` saturates.
pub(crate) fn numeric_date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, TokenRefusal> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    let Value::Number(number) = claim else { return Err(TokenRefusal::Claim(name.into())) };
    Ok(Some(match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => seconds,
        (None, Some(seconds)) => saturated(seconds),
        (None, None) => return Err(TokenRefusal::Claim(name.into())),
    }))
}

#[expect(clippy::cast_possible_truncation, reason = "`as` cuts the fraction off and saturates")]
fn saturated(seconds: f64) -> i64 {
    seconds as i64
}

#[cfg(test)]
mod tests {
    use super::numeric_date;
    use crate::token::strict_json;

    #[test]
    fn the_whole_part_is_exact() {
        for (number, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.999", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("17000000000E-1", 1_700_000_000),
            ("0.0017e+12", 1_700_000_000),
            ("9007199254740993", 9_007_199_254_740_993),
            ("1e-400", 0),
            ("18446744073709551615", i64::MAX),
            ("99999999999999999999", i64::MAX),
            ("1e300", i64::MAX),
            ("-1.5", -1),
            ("-1e99", i64::MIN),
        ] {
            let claims = strict_json::object(&format!(r#"{{"exp":{number}}}"#)).unwrap();
            assert_eq!(numeric_date(&claims, "exp"), Ok(Some(seconds)), "{number}");
        }
    }
}
