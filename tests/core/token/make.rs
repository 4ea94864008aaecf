//! Keys, rings and tokens for the tests, and a host that answers their questions about signatures.

use crate::support::{NOW, SECRET, run};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edgegate::{
    Gate, Settings, Vars,
    host::tokens,
    host::{Answer, Question},
    token::{Algorithm, Claims, Key, KeyError, KeyRing, Rules, TokenRefusal},
};
use std::sync::Arc;

pub(crate) const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// RFC 8037 A.1, with the private key.
pub(crate) const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7515 A.3.1.
pub(crate) const P256: &str = r#"{"kty":"EC","crv":"P-256","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// RFC 7515 A.2.1.
pub(crate) const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

/// Every algorithm.
pub(crate) const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::EdDSA,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

pub(crate) fn key(jwk: &str) -> Result<Key, KeyError> {
    jwk.parse()
}

/// The ring of these JWKs.
pub(crate) fn ring<const N: usize>(jwks: [&str; N]) -> Arc<KeyRing> {
    Arc::new(format!(r#"{{"keys":[{}]}}"#, jwks.join(",")).parse().expect("the keys are good"))
}

pub(crate) fn secret_ring(secret: &[u8]) -> Arc<KeyRing> {
    let key = Key::secret(Algorithm::HS256, secret).expect("the secret is long enough");
    Arc::new(KeyRing::new(vec![key]).expect("one key is a ring"))
}

/// The answer of a Rust host.
pub(crate) fn cryptography(question: &Question) -> Answer {
    match question {
        Question::CheckSignature(check) => Answer::Holds(check.holds()),
        Question::Sign(job) => job.signature().map_or(Answer::Unavailable, Answer::Signature),
        _ => panic!("a token needs nothing else"),
    }
}

/// The verdict of a gate with this ring and these rules.
pub(crate) fn verify_as(token: &str, ring: &Arc<KeyRing>, rules: Rules, now: u64) -> Result<Claims, TokenRefusal> {
    let vars = Vars { secret_key: Some(SECRET.into()), ..Vars::default() };
    let settings = Settings::try_from(vars).expect("the settings are good");
    let gate = Gate::new(Settings { ring: Arc::clone(ring), rules, ..settings });
    run(gate.verify(token.to_owned(), now), cryptography)
}

pub(crate) fn verify_by(token: &str, ring: &Arc<KeyRing>, now: u64) -> Result<Claims, TokenRefusal> {
    verify_as(token, ring, Rules::default(), now)
}

pub(crate) fn verify(token: &str) -> Result<Claims, TokenRefusal> {
    verify_by(token, &secret_ring(SECRET.as_bytes()), NOW)
}

pub(crate) fn issue(claims: Claims, ring: &Arc<KeyRing>) -> Result<String, TokenRefusal> {
    run(tokens::issue(claims, Arc::clone(ring)), cryptography)
}

/// Signs any header and payload, so that only their contents can be the reason for a refusal.
pub(crate) fn signed(header: &str, payload: &[u8]) -> String {
    signed_by(SECRET.as_bytes(), header, payload)
}

pub(crate) fn signed_by(secret: &[u8], header: &str, payload: &[u8]) -> String {
    use hmac::{KeyInit as _, Mac as _};
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).expect("HMAC takes every key");
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", base64url(signature))
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A payload that is valid at [`NOW`].
pub(crate) fn good() -> Vec<u8> {
    format!(r#"{{"user_id":1,"exp":{}}}"#, NOW + 1).into_bytes()
}
