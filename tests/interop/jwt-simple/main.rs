//! jwt-simple: signs the claims with each key, and verifies each token. It has its own implementations of HMAC, SHA-2
//! and Ed25519.

use std::{env, fs, io};

use jwt_simple::{
    prelude::*,
    reexports::ct_codecs::Base64UrlSafeNoPadding,
};
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Job {
    claims: Map<String, Value>,
    keys: Vec<Value>,
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    key: Value,
}

type Custom = Map<String, Value>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let job: Job = serde_json::from_str(&fs::read_to_string(env::args().nth(1).ok_or("no job")?)?)?;
    let issued = job.keys.iter().map(|key| issue(&job.claims, key)).collect::<Result<Vec<_>, _>>()?;
    let verified: Vec<Value> = job.tokens.iter().map(verify).collect();
    serde_json::to_writer(io::stdout(), &json!({ "issued": issued, "verified": verified }))?;
    Ok(())
}

macro_rules! sign {
    ($key:ident, $jwk:expr, $claims:expr) => {
        $key::from_jwk($jwk)?.sign($claims)?
    };
}

fn issue(claims: &Custom, key: &Value) -> Result<String, Box<dyn std::error::Error>> {
    let mut custom = claims.clone();
    let exp = custom.remove("exp").and_then(|exp| exp.as_u64()).ok_or("no exp")?;
    let sub = custom.remove("sub").and_then(|sub| sub.as_str().map(str::to_owned));
    let mut claims = Claims::with_custom_claims(custom, Duration::from_secs(1));
    (claims.issued_at, claims.invalid_before) = (None, None);
    (claims.expires_at, claims.subject) = (Some(Duration::from_secs(exp)), sub);
    let jwk = &key.to_string();
    Ok(match key["alg"].as_str().unwrap_or_default() {
        "HS256" => HS256Key::from_bytes(&secret(key)).authenticate(claims)?,
        "HS384" => HS384Key::from_bytes(&secret(key)).authenticate(claims)?,
        "HS512" => HS512Key::from_bytes(&secret(key)).authenticate(claims)?,
        "EdDSA" => sign!(Ed25519KeyPair, jwk, claims),
        "RS256" => sign!(RS256KeyPair, jwk, claims),
        "RS384" => sign!(RS384KeyPair, jwk, claims),
        "RS512" => sign!(RS512KeyPair, jwk, claims),
        "PS256" => sign!(PS256KeyPair, jwk, claims),
        "PS384" => sign!(PS384KeyPair, jwk, claims),
        "PS512" => sign!(PS512KeyPair, jwk, claims),
        "ES256" => sign!(ES256KeyPair, jwk, claims),
        "ES384" => sign!(ES384KeyPair, jwk, claims),
        other => return Err(format!("it does not know {other}").into()),
    })
}

fn verify(Token { token, key }: &Token) -> Value {
    let verdict = match key["alg"].as_str().unwrap_or_default() {
        "HS256" => HS256Key::from_bytes(&secret(key)).verify_token::<Custom>(token, None),
        "HS384" => HS384Key::from_bytes(&secret(key)).verify_token(token, None),
        "HS512" => HS512Key::from_bytes(&secret(key)).verify_token(token, None),
        _ => Ed25519PublicKey::from_jwk(&key.to_string()).and_then(|key| key.verify_token(token, None)),
    };
    match verdict {
        Ok(claims) => json!(claims),
        Err(refusal) => json!(refusal.to_string()),
    }
}

fn secret(key: &Value) -> Vec<u8> {
    Base64UrlSafeNoPadding::decode_to_vec(key["k"].as_str().unwrap_or_default(), None).unwrap_or_default()
}
