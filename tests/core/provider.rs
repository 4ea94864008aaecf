//! An identity provider's tokens: the keys that verify them, and the number of requests for those keys.

mod freshness;
mod sets;

use crate::{
    support::{JWK_SET_MAX_BYTES, NOW, SECRET, Store, gate_with, run},
    token::make::{ED25519, base64url, cryptography, issue, ring, signed, signed_by},
};
use edgegate::{
    Gate, Settings, Vars,
    host::{Answer, JwkSet, Question, Step, tokens},
    token::{Claims, Rules, SigningJob, TokenRefusal},
};
use wasm_bindgen_test::wasm_bindgen_test;

const URL: &str = "https://id.example/jwks.json";
const ISSUER: &str = "https://id.example/";
const AUDIENCE: &str = "edge";

/// The expiry of the provider's tokens in these tests.
const EXP: u64 = NOW + 30 * 24 * 60 * 60;

fn vars() -> Vars {
    Vars {
        jwks_url: Some(URL.into()),
        jwks_issuer: Some(ISSUER.into()),
        jwks_audience: Some(AUDIENCE.into()),
        ..Vars::default()
    }
}

/// A host with an identity provider.
struct Idp {
    gate: Gate,
    /// The provider's response; `None` while it is down.
    answer: Option<JwkSet>,
    /// The number of requests to it.
    asked: usize,
}

impl Idp {
    fn new(body: &str) -> Self {
        Self { gate: gate_with(SECRET, vars()), answer: Some(set(body)), asked: 0 }
    }

    fn verify(&mut self, token: &str, now: u64) -> Result<Claims, TokenRefusal> {
        run(self.gate.verify(token.to_owned(), now), |question| match question {
            Question::JwkSet { url, at_most } => {
                assert_eq!((url.as_str(), *at_most), (URL, JWK_SET_MAX_BYTES));
                self.asked += 1;
                self.answer.clone().map_or(Answer::Unavailable, Answer::JwkSet)
            }
            question => cryptography(question),
        })
    }
}

/// A response without cache headers.
fn set(body: &str) -> JwkSet {
    JwkSet { body: body.into(), cache_control: None, age: None }
}

/// The provider's key with this `kid`.
fn jwk(kid: &str) -> String {
    ED25519.replacen('{', &format!(r#"{{"kid":"{kid}","#), 1)
}

/// Its public key, as the provider publishes it.
fn published(kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    serde_json::to_string(&ring([&keys.join(",")]).public_jwk_set()).expect("JSON")
}

/// A token of the provider, signed by its key with this `kid`.
fn token(kid: &str) -> String {
    token_for(kid, AUDIENCE, EXP)
}

fn token_for(kid: &str, audience: &str, exp: u64) -> String {
    let rules = Rules { issuer: Some(ISSUER.into()), audience: Some(audience.into()), ..Rules::default() };
    issue(Claims::new(1, exp, &rules), &ring([&jwk(kid)])).expect("it signs")
}

/// A token of the provider with this payload, signed by its key with this `kid`.
fn token_of(kid: &str, payload: &str) -> String {
    let message = [base64url(format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#)), base64url(payload)].join(".");
    let signing = tokens::issue(Claims::new(1, EXP, &Rules::default()), ring([&jwk(kid)]));
    let Step::Ask(Question::Sign(job), _) = signing else { panic!("the host signs") };
    let signature = SigningJob { message: message.clone(), ..job }.signature().expect("it signs");
    [message, base64url(signature)].join(".")
}

#[wasm_bindgen_test(unsupported = test)]
fn provider_tokens_are_accepted_and_have_no_user() {
    let mut idp = Idp::new(&published(&["a"]));
    let claims = idp.verify(&token("a"), NOW).expect("it holds");
    assert_eq!(claims.user_id(), None);
    assert_eq!(claims.get("iss").and_then(|iss| iss.as_str()), Some(ISSUER));
    assert_eq!(idp.verify(&token("a"), EXP), Err(TokenRefusal::Expired));
    let elsewhere = token_for("a", "another service", EXP);
    assert_eq!(idp.verify(&elsewhere, NOW), Err(TokenRefusal::Claim("aud".into())));
}

/// No setting accepts a provider's token without `exp`.
#[wasm_bindgen_test(unsupported = test)]
fn a_providers_token_expires() {
    let claims = |more: &str| format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}"{more}}}"#);
    let mut idp = Idp::new(&published(&["a"]));
    let settings = Vars { jwt_exp: Some("optional".into()), jwt_required_claims: Some("iss".into()), ..vars() };
    for gate in [gate_with(SECRET, vars()), gate_with(SECRET, settings)] {
        idp.gate = gate;
        let refused = Err(TokenRefusal::Claim("exp".into()));
        assert_eq!(idp.verify(&token_of("a", &claims("")), NOW), refused);
        assert!(idp.verify(&token_of("a", &claims(&format!(r#","exp":{EXP}"#))), NOW).is_ok());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_leeway_applies_to_provider_tokens() {
    let mut idp = Idp::new(&published(&["a"]));
    idp.gate = gate_with(SECRET, Vars { jwt_leeway_seconds: Some("30".into()), ..vars() });
    assert!(idp.verify(&token("a"), EXP + 29).is_ok());
    assert_eq!(idp.verify(&token("a"), EXP + 30), Err(TokenRefusal::Expired));
}

#[wasm_bindgen_test(unsupported = test)]
fn own_tokens_need_no_provider() {
    let mut idp = Idp::new("");
    let ours = run(idp.gate.issue_token(1, &serde_json::json!({}), NOW), cryptography).expect("it signs");
    assert_eq!(idp.verify(&ours, NOW).map(|claims| claims.user_id().cloned()), Ok(Some(1.into())));
    assert_eq!(idp.asked, 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_claimed_issuer_selects_the_keys_and_a_false_one_is_refused() {
    let mut idp = Idp::new(&published(&["a"]));
    let claims = |iss: &str| format!(r#"{{"user_id":1,"exp":{EXP},"iss":"{iss}","aud":"{AUDIENCE}"}}"#);
    let by_our_secret = signed(r#"{"alg":"HS256"}"#, claims(ISSUER).as_bytes());
    assert_eq!(idp.verify(&by_our_secret, NOW), Err(TokenRefusal::Algorithm));
    let rules = Rules { issuer: Some("us".into()), ..Rules::default() };
    let by_the_provider = issue(Claims::new(1, EXP, &rules), &ring([&jwk("a")])).expect("it signs");
    assert_eq!(idp.verify(&by_the_provider, NOW), Err(TokenRefusal::Algorithm));
    let unsigned = format!("{}.{}.", base64url(r#"{"alg":"none"}"#), base64url(claims(ISSUER)));
    assert_eq!(idp.verify(&unsigned, NOW), Err(TokenRefusal::Algorithm));
    let (message, _) = by_our_secret.rsplit_once('.').expect("three parts");
    assert!(idp.verify(&format!("{message}."), NOW).is_err());
}

/// RFC 8725 2.8: a token of the provider is not accepted as a token of a user here, whatever its `user_id`.
#[wasm_bindgen_test(unsupported = test)]
fn rfc_8725_2_8_a_providers_token_is_refused_at_me() {
    let (gate, mut store) = (gate_with(SECRET, vars()), Store::with_user(1, "user@example.com"));
    for kid in ["a", "b"] {
        let reply = store.ask(&gate, "GET", "/me", &token(kid), NOW);
        assert_eq!(reply.status, 401);
        assert_eq!(reply.event.map(|event| event.reason.into_owned()), Some("algorithm".into()), "by our keys only");
    }
}

/// A published secret is not a secret, so it is refused.
#[wasm_bindgen_test(unsupported = test)]
fn a_secret_among_the_providers_keys_is_skipped() {
    let secret = |kid: &str| format!(r#"{{"kty":"oct","alg":"HS256","kid":"{kid}","k":"{}"}}"#, base64url([1; 32]));
    let claims = format!(r#"{{"exp":{EXP},"iss":"{ISSUER}","aud":"{AUDIENCE}"}}"#);
    let by_it = signed_by(&[1; 32], r#"{"alg":"HS256","kid":"s"}"#, claims.as_bytes());
    let mut idp = Idp::new(&format!(r#"{{"keys":[{},{}]}}"#, secret("s"), jwk("a")));
    assert_eq!(idp.verify(&by_it, NOW), Err(TokenRefusal::UnknownKey));
    assert!(idp.verify(&token("a"), NOW).is_ok(), "the other is of use");
    let unnamed = secret("").replace(r#""kid":"","#, "");
    let mut idp = Idp::new(&format!(r#"{{"keys":[{unnamed}]}}"#));
    let by_it = signed_by(&[1; 32], r#"{"alg":"HS256"}"#, claims.as_bytes());
    assert_eq!(idp.verify(&by_it, NOW), Err(TokenRefusal::UnknownKey));
}

#[wasm_bindgen_test(unsupported = test)]
fn unusable_keys_of_a_provider_are_skipped() {
    let public = published(&["a"]);
    let key = public.trim_start_matches(r#"{"keys":["#).trim_end_matches("]}");
    let for_encryption = key.replace(r#""use":"sig""#, r#""use":"enc""#).replace(r#""kid":"a""#, r#""kid":"e""#);
    let odd = [r#"{"kty":"RSA","n":"AQ","e":"AQAB","kid":"w"}"#, r#"{"kty":"AKP"}"#, "1", &for_encryption];
    let without_alg = key.replace(r#""alg":"EdDSA","#, "");
    let mut idp = Idp::new(&format!(r#"{{"keys":[{},{without_alg}]}}"#, odd.join(",")));
    assert!(idp.verify(&token("a"), NOW).is_ok(), "`alg` may be left out");
    for kid in ["w", "e"] {
        assert_eq!(idp.verify(&token(kid), NOW), Err(TokenRefusal::UnknownKey), "{kid}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn where_its_keys_are_is_an_https_url() {
    for url in [
        "http://id.example/jwks.json",
        "https://",
        "https:id.example",
        "//id.example",
        "id.example",
        "file:///etc/passwd",
        "data:application/json,{}",
        "ftp://id.example/",
        "httpsx://id.example",
    ] {
        let error = Settings::try_from(Vars { jwks_url: Some(url.into()), secret_key: Some(SECRET.into()), ..vars() })
            .expect_err(url);
        assert_eq!(error.setting, "JWKS_URL", "{url}");
        assert!(!error.to_string().contains(url), "{error}");
    }
    let loud = Vars { jwks_url: Some("HTTPS://id.example/".into()), secret_key: Some(SECRET.into()), ..vars() };
    assert!(Settings::try_from(loud).is_ok(), "a scheme has no letter case");
}
