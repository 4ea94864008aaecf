//! The names of the settings in the environment.

pub(super) const SECRET_KEY: &str = "SECRET_KEY";
pub(super) const ACCOUNT_DELETION: &str = "ACCOUNT_DELETION";
pub(super) const ALGORITHM: &str = "ALGORITHM";
pub(super) const JWT_KEYS: &str = "JWT_KEYS";
pub(super) const ACCESS_TOKEN_EXPIRE_MINUTES: &str = "ACCESS_TOKEN_EXPIRE_MINUTES";
pub(super) const BCRYPT_COST: &str = "BCRYPT_COST";
pub(super) const BODY_TIMEOUT_SECONDS: &str = "BODY_TIMEOUT_SECONDS";
pub(super) const COMMON_PASSWORDS: &str = "COMMON_PASSWORDS";
pub(super) const PWNED_PASSWORDS: &str = "PWNED_PASSWORDS";
pub(super) const CORS_ORIGINS: &str = "CORS_ORIGINS";
pub(super) const PASSWORD_CHANGE: &str = "PASSWORD_CHANGE";
pub(super) const PASSWORD_SCHEME: &str = "PASSWORD_SCHEME";
pub(super) const HASH_MIX: &str = "HASH_MIX";
pub(super) const PASSWORD_MIN_LENGTH: &str = "PASSWORD_MIN_LENGTH";
pub(super) const LOCKOUT: &str = "LOCKOUT";
pub(super) const ACCESS_LOG: &str = "ACCESS_LOG";
pub(super) const AUDIT: &str = "AUDIT";
pub(super) const SERVER_TIMING: &str = "SERVER_TIMING";
pub(super) const RATE_LIMIT: &str = "RATE_LIMIT";
pub(super) const REHASH: &str = "REHASH";
pub(super) const REGISTRATION: &str = "REGISTRATION";
pub(super) const USER_ID_CLAIM: &str = "USER_ID_CLAIM";
pub(super) const DOCS: &str = "DOCS";
pub(super) const EMAIL_RESET_TOKEN_EXPIRE_HOURS: &str = "EMAIL_RESET_TOKEN_EXPIRE_HOURS";
pub(super) const EMAIL_VERIFICATION: &str = "EMAIL_VERIFICATION";
pub(super) const FRONTEND_HOST: &str = "FRONTEND_HOST";
pub(super) const PASSWORD_RECOVERY: &str = "PASSWORD_RECOVERY";
pub(super) const PROJECT_NAME: &str = "PROJECT_NAME";
pub(super) const JWT_ISSUER: &str = "JWT_ISSUER";
pub(super) const JWT_AUDIENCE: &str = "JWT_AUDIENCE";
pub(super) const JWT_LEEWAY_SECONDS: &str = "JWT_LEEWAY_SECONDS";
pub(super) const JWT_MAX_AGE_SECONDS: &str = "JWT_MAX_AGE_SECONDS";
pub(super) const JWT_REQUIRED_CLAIMS: &str = "JWT_REQUIRED_CLAIMS";
pub(super) const JWT_EXP: &str = "JWT_EXP";
pub(super) const JWT_CLAIMS: &str = "JWT_CLAIMS";
pub(super) const JWKS_URL: &str = "JWKS_URL";
pub(super) const JWKS_ISSUER: &str = "JWKS_ISSUER";
pub(super) const JWKS_AUDIENCE: &str = "JWKS_AUDIENCE";
pub(super) const REVOCATION: &str = "REVOCATION";
pub(super) const REFRESH_TOKEN_EXPIRE_MINUTES: &str = "REFRESH_TOKEN_EXPIRE_MINUTES";
pub(super) const REFRESH_TOKEN_MAX_DAYS: &str = "REFRESH_TOKEN_MAX_DAYS";
pub(super) const TOKEN_COOKIE: &str = "TOKEN_COOKIE";
pub(super) const UPSTREAM: &str = "UPSTREAM";
pub(super) const UPSTREAM_PATHS: &str = "UPSTREAM_PATHS";
pub(super) const SHADOW: &str = "SHADOW";
pub(super) const TRICKLE: &str = "TRICKLE";
pub(super) const WRITE_BACK: &str = "WRITE_BACK";

/// All of them.
pub(crate) const NAMES: [&str; 47] = [
    SECRET_KEY,
    ACCOUNT_DELETION,
    ALGORITHM,
    JWT_KEYS,
    ACCESS_TOKEN_EXPIRE_MINUTES,
    BCRYPT_COST,
    BODY_TIMEOUT_SECONDS,
    COMMON_PASSWORDS,
    PWNED_PASSWORDS,
    CORS_ORIGINS,
    DOCS,
    EMAIL_RESET_TOKEN_EXPIRE_HOURS,
    EMAIL_VERIFICATION,
    FRONTEND_HOST,
    PASSWORD_CHANGE,
    PASSWORD_RECOVERY,
    PROJECT_NAME,
    PASSWORD_SCHEME,
    HASH_MIX,
    PASSWORD_MIN_LENGTH,
    LOCKOUT,
    ACCESS_LOG,
    AUDIT,
    SERVER_TIMING,
    RATE_LIMIT,
    REHASH,
    REGISTRATION,
    USER_ID_CLAIM,
    JWT_ISSUER,
    JWT_AUDIENCE,
    JWT_LEEWAY_SECONDS,
    JWT_MAX_AGE_SECONDS,
    JWT_REQUIRED_CLAIMS,
    JWT_EXP,
    JWT_CLAIMS,
    JWKS_URL,
    JWKS_ISSUER,
    JWKS_AUDIENCE,
    REVOCATION,
    REFRESH_TOKEN_EXPIRE_MINUTES,
    REFRESH_TOKEN_MAX_DAYS,
    TOKEN_COOKIE,
    UPSTREAM,
    UPSTREAM_PATHS,
    SHADOW,
    TRICKLE,
    WRITE_BACK,
];

/// The setting that is probably meant by this name of the environment.
///
/// Short names are too near to other words, and two names that are both there are two things.
pub(super) fn meant_by(given: &str, all: &[&str]) -> Option<&'static str> {
    let is_near = |name: &&str| {
        let distance = if name.len() > 12 { 2 } else { 1 };
        name.len() > 8
            && given.len().abs_diff(name.len()) <= distance
            && differences(&given.to_ascii_uppercase(), name) <= distance
    };
    match NAMES.contains(&given) {
        true => None,
        false => NAMES.into_iter().filter(|name| !all.contains(name)).find(is_near),
    }
}

/// How many characters have to be inserted, deleted, replaced or swapped with their neighbour.
fn differences(one: &str, other: &str) -> usize {
    strsim::osa_distance(one, other)
}

#[cfg(test)]
mod tests {
    use super::{NAMES, meant_by};

    #[test]
    fn a_misspelt_setting_is_found() {
        for (given, meant) in [
            ("SECRET_KEYS", "SECRET_KEY"),
            ("SECERT_KEY", "SECRET_KEY"),
            ("secret_key", "SECRET_KEY"),
            ("ACCESS_TOKEN_EXPIRES_MINUTES", "ACCESS_TOKEN_EXPIRE_MINUTES"),
            ("ACCESS_TOKEN_EXPIRE_MINS", ""),
            ("REFRESH_TOKEN_EXPIRE_MINUTE", "REFRESH_TOKEN_EXPIRE_MINUTES"),
            ("BCRYPTCOST", "BCRYPT_COST"),
            ("REVOKATION", "REVOCATION"),
            ("TOKEN_COOKIES", "TOKEN_COOKIE"),
            // Short, or another thing.
            ("JWT_KEY", ""),
            ("REHASHED", ""),
            ("JWT_EXPIRY", ""),
            ("STRIPE_SECRET_KEY", ""),
            ("SECRET", ""),
            ("PATH", ""),
            ("", ""),
        ] {
            assert_eq!(meant_by(given, &[given]), Some(meant).filter(|meant| !meant.is_empty()), "{given}");
        }
        assert_eq!(meant_by("SECRET_KEYS", &["SECRET_KEYS", "SECRET_KEY"]), None);
        for name in NAMES {
            assert_eq!(meant_by(name, &[name]), None);
        }
    }
}
