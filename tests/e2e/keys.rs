//! Keys of `JWT_KEYS`, with the cryptography of workerd.

use std::{fs, sync::Arc};

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edgegate::{
    host::tokens,
    token::{Algorithm, Claims, Key, KeyRing, Rules},
};
use serde_json::{Map, Value, json};
use testkit::{fixture, paths, worker::Worker};

use crate::{
    broken::wait_for_log_after,
    client::{expect, expect_detail, json, login, me, send, token},
    workers::Workers,
};

/// `tests/e2e/keys.json`: an Ed25519 key that signs, public keys, and for each of these a token of user 1 until 2100,
/// made by jose.
pub(crate) struct Recorded(Value);

impl Recorded {
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(paths::root().join("tests/e2e/keys.json")).context("tests/e2e/keys.json")?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// The value of `JWT_KEYS`.
    pub(crate) fn jwt_keys(&self) -> String {
        json!({ "keys": self.0["keys"] }).to_string()
    }

    pub(crate) fn private_member(&self) -> Result<&str> {
        self.0["keys"][0]["d"].as_str().context("the first key has no private member")
    }

    fn keys(&self) -> Result<Vec<Map<String, Value>>> {
        Ok(serde_json::from_value(self.0["keys"].clone())?)
    }

    fn tokens(&self) -> Result<Map<String, Value>> {
        Ok(serde_json::from_value(self.0["tokens"].clone())?)
    }
}

const ALICE: &str = "username=alice@example.com&password=correct+horse+battery+staple";

#[test]
fn a_login_is_signed_by_the_first_key_under_its_kid() -> Result<()> {
    let Workers { keyed, .. } = &*Workers::lock()?;
    let token = token(&login(keyed, ALICE)?)?;
    let header = token.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    let kid = Recorded::read()?.0["keys"][0]["kid"].clone();
    ensure!(header == json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" }), "{header}");
    expect_alice(keyed, &token)?;
    let (message, signature) = token.rsplit_once('.').context("a token has three parts")?;
    let mut bytes = URL_SAFE_NO_PAD.decode(signature)?;
    for at in [0, 31, 32, 63] {
        let changed: Vec<u8> = (0..).zip(&bytes).map(|(index, byte)| byte ^ u8::from(index == at)).collect();
        expect_refused(keyed, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(changed)))?;
    }
    bytes.truncate(63);
    expect_refused(keyed, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes)))
}

#[test]
fn a_fastapi_token_without_a_kid_is_accepted_too() -> Result<()> {
    let Workers { keyed, .. } = &*Workers::lock()?;
    let seed = fixture::seed()?;
    expect_alice(keyed, &fastapi_token(&seed.secret_key)?)?;
    expect_refused(keyed, &fastapi_token(&format!("{}!", seed.secret_key))?)
}

#[test]
fn every_algorithm_is_verified_by_workerd() -> Result<()> {
    let Workers { keyed, .. } = &*Workers::lock()?;
    let recorded = Recorded::read()?;
    let tokens = recorded.tokens()?;
    for (algorithm, token) in &tokens {
        let token = token.as_str().context("a token is a text")?;
        expect_alice(keyed, token).with_context(|| algorithm.clone())?;
        let (message, _) = token.rsplit_once('.').context("a token has three parts")?;
        // The signature of another key for the same claims, and an empty one.
        for (other, signed) in &tokens {
            let (_, signature) = signed.as_str().and_then(|signed| signed.rsplit_once('.')).context("a signature")?;
            if other != algorithm {
                expect_refused(keyed, &format!("{message}.{signature}"))
                    .with_context(|| format!("{algorithm} with the signature of {other}"))?;
            }
        }
        expect_refused(keyed, &format!("{message}."))?;
    }
    ensure!(tokens.len() == 9, "{} algorithms", tokens.len());
    Ok(())
}

/// workerd reports it with its own error.
#[test]
fn a_point_outside_the_curve_verifies_nothing() -> Result<()> {
    let Workers { keyed, .. } = &*Workers::lock()?;
    let recorded = Recorded::read()?;
    let token = recorded.0["off_its_curve"].as_str().context("a token")?;
    let earlier = keyed.log().len();
    let log = || keyed.log().split_off(earlier);
    expect_refused(keyed, token)?;
    // A later entry of the log shows that the log has been written.
    let malformed = r#""reason":"malformed""#;
    ensure!(!log().contains(malformed), "{}", log());
    expect_refused(keyed, "x")?;
    wait_for_log_after(keyed, earlier, malformed)?;
    let log = log();
    let reasons: Vec<_> = log.split(r#""reason":""#).filter_map(|rest| rest.split('"').next()).collect();
    ensure!(matches!(reasons.as_slice(), [.., "signature", "malformed"]), "{reasons:?}");
    Ok(())
}

#[test]
fn the_public_members_are_published_and_no_others() -> Result<()> {
    let Workers { keyed, good, .. } = &*Workers::lock()?;
    let answer = send(keyed, "GET", "/.well-known/jwks.json", &[], "")?;
    expect(&answer, 200)?;
    for (name, value) in [("cache-control", "public, max-age=300"), ("content-type", "application/json")] {
        ensure!(answer.header(name).as_deref() == Some(value), "{answer:?}");
    }
    let mut keys = Recorded::read()?.keys()?;
    for key in &mut keys {
        key.remove("d");
        key.insert("use".into(), "sig".into());
    }
    ensure!(json(&answer)? == json!({ "keys": keys }), "{}", json(&answer)?);
    let secrets_alone = send(good, "GET", "/.well-known/jwks.json", &[], "")?;
    ensure!(json(&secrets_alone)? == json!({ "keys": [] }), "{secrets_alone:?}");
    expect_detail(&send(keyed, "POST", "/.well-known/jwks.json", &[], "")?, 405, "Method Not Allowed")
}

/// As PyJWT makes it: no `kid`, no `iat`.
fn fastapi_token(secret: &str) -> Result<String> {
    let ring = KeyRing::new(vec![Key::secret(Algorithm::HS256, secret.as_bytes())?])?;
    let claims = Claims::new(1, 4_102_444_800, &Rules::default());
    Ok(tokens::issue(claims, Arc::new(ring)).done().context("a secret asks no host")??)
}

fn expect_alice(worker: &Worker, token: &str) -> Result<()> {
    let answer = me(worker, token)?;
    expect(&answer, 200)?;
    ensure!(json(&answer)?["email"] == "alice@example.com", "{}", json(&answer)?);
    Ok(())
}

fn expect_refused(worker: &Worker, token: &str) -> Result<()> {
    expect_detail(&me(worker, token)?, 401, "Could not validate credentials")
}
