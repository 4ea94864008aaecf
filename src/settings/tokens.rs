//! The settings about tokens: keys, claims and an identity provider.

use serde_json::{Map, Value};

use super::{
    Vars,
    name::{
        ALGORITHM, JWKS_AUDIENCE, JWKS_ISSUER, JWKS_URL, JWT_CLAIMS, JWT_EXP, JWT_KEYS, JWT_LEEWAY_SECONDS,
        JWT_MAX_AGE_SECONDS, SECRET_KEY, USER_ID_CLAIM,
    },
    value::{SettingsError, integer, optional_integer, switch, text},
};
use crate::{
    limits::LEEWAY_MAX_SECONDS,
    token::{Algorithm, Key, KeyError, KeyRing, Provider, Rules, strict_json},
};

/// The keys of `JWT_KEYS`, and after them `SECRET_KEY`, as a key without `kid`.
pub(super) fn ring(vars: &Vars) -> Result<KeyRing, SettingsError> {
    let wrong_set = |error: KeyError| SettingsError::new(JWT_KEYS, format!("cannot be used: {error}"));
    let set: Option<KeyRing> = text(vars.jwt_keys.as_deref()).map(|set| set.parse().map_err(wrong_set)).transpose()?;
    match (set, vars.secret_key.as_deref().unwrap_or_default()) {
        (Some(set), "") => Ok(set),
        (Some(set), secret) => set.with(secret_key(secret, vars)?).map_err(wrong_set),
        (None, "") => Err(SettingsError::new(SECRET_KEY, format!("is missing: {REMEDY}"))),
        (None, secret) => KeyRing::new(vec![secret_key(secret, vars)?]).map_err(wrong_set),
    }
}

const REMEDY: &str = "`openssl rand -hex 32` makes one, `wrangler secret put SECRET_KEY` sets it for a Worker";

fn secret_key(secret: &str, vars: &Vars) -> Result<Key, SettingsError> {
    let algorithm = match vars.algorithm.as_deref().unwrap_or("HS256") {
        "HS256" => Algorithm::HS256,
        "HS384" => Algorithm::HS384,
        "HS512" => Algorithm::HS512,
        _ => {
            return Err(SettingsError::new(
                ALGORITHM,
                "is none of HS256, HS384 and HS512; keys of other algorithms are set by JWT_KEYS",
            ));
        }
    };
    Key::secret(algorithm, secret.as_bytes())
        .map_err(|error| SettingsError::new(SECRET_KEY, format!("cannot be used: {error}; {REMEDY}")))
}

/// The rules that the gate's own tokens are issued by and must meet.
pub(super) fn rules(vars: &Vars) -> Result<Rules, SettingsError> {
    let default = Rules::default();
    let required = text(vars.jwt_required_claims.as_deref());
    let user_id_claim = text(vars.user_id_claim.as_deref()).unwrap_or(&default.user_id_claim);
    if default.reserves(user_id_claim) && user_id_claim != default.user_id_claim {
        return Err(SettingsError::new(USER_ID_CLAIM, "names a claim that another setting decides"));
    }
    Ok(Rules {
        user_id_claim: user_id_claim.to_owned(),
        issuer: text(vars.jwt_issuer.as_deref()).map(str::to_owned),
        audience: text(vars.jwt_audience.as_deref()).map(str::to_owned),
        leeway_seconds: leeway(vars)?,
        max_age_seconds: optional_integer(JWT_MAX_AGE_SECONDS, vars.jwt_max_age_seconds.as_deref(), &(1..=u32::MAX))?,
        required: required.map_or(default.required, |names| {
            names.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }),
        // Not a part of the list: a list without `exp` must not accept tokens that never expire.
        exp_required: !switch(JWT_EXP, vars.jwt_exp.as_deref(), ["required", "optional"])?,
    })
}

fn leeway(vars: &Vars) -> Result<u32, SettingsError> {
    integer(JWT_LEEWAY_SECONDS, vars.jwt_leeway_seconds.as_deref(), 0, &(0..=LEEWAY_MAX_SECONDS))
}

/// Further claims of the gate's own tokens.
pub(super) fn extra_claims(vars: &Vars, rules: &Rules) -> Result<Map<String, Value>, SettingsError> {
    let Some(claims) = text(vars.jwt_claims.as_deref()) else { return Ok(Map::new()) };
    let members = strict_json::object(claims)
        .map_err(|_| SettingsError::new(JWT_CLAIMS, "is not a JSON object with each name once"))?;
    match members.keys().any(|name| rules.reserves(name)) {
        true => Err(SettingsError::new(JWT_CLAIMS, "names a claim that another setting decides")),
        false => Ok(members),
    }
}

/// The identity provider: its keys, its issuer and its audience are set together or not at all.
pub(super) fn provider(vars: &Vars, ours: &Rules) -> Result<Option<Provider>, SettingsError> {
    let Some(jwks_url) = text(vars.jwks_url.as_deref()) else { return Ok(None) };
    let is_https = jwks_url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    if !is_https || jwks_url.len() == 8 {
        return Err(SettingsError::new(JWKS_URL, "is not an https: URL"));
    }
    let (issuer, audience) = (text(vars.jwks_issuer.as_deref()), text(vars.jwks_audience.as_deref()));
    if issuer.is_none() || issuer == ours.issuer.as_deref() {
        return Err(SettingsError::new(
            JWKS_ISSUER,
            "is missing, or the same as JWT_ISSUER: it tells the provider's tokens from ours",
        ));
    }
    if audience.is_none() {
        return Err(SettingsError::new(JWKS_AUDIENCE, "is missing: a provider's tokens are for many (RFC 8725 3.9)"));
    }
    let rules = Rules {
        issuer: issuer.map(str::to_owned),
        audience: audience.map(str::to_owned),
        leeway_seconds: leeway(vars)?,
        ..Rules::default()
    };
    Ok(Some(Provider { jwks_url: jwks_url.to_owned(), rules }))
}
