//! edgegate in `cargo xtask interop`: signs the claims with each key that can sign, and verifies each token.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program: it has a clock, arguments and files"
)]

use std::{env, fs, io, sync::Arc};

use edgegate::{
    host::tokens,
    host::{Answer, Question, Step},
    token::{Claims, KeyRing, Rules},
};
use serde_json::{Value, json};

#[derive(serde::Deserialize)]
struct Job {
    claims: Value,
    keys: Vec<Value>,
    tokens: Vec<Token>,
}

#[derive(serde::Deserialize)]
struct Token {
    token: String,
    key: Value,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let job: Job = serde_json::from_str(&fs::read_to_string(env::args().nth(1).ok_or("no job")?)?)?;
    let issued = job.keys.iter().map(|key| issue(&job.claims, key)).collect::<Result<Vec<_>>>()?;
    let verified = job.tokens.iter().map(verify).collect::<Result<Vec<_>>>()?;
    serde_json::to_writer(io::stdout(), &json!({ "issued": issued, "verified": verified }))?;
    Ok(())
}

fn issue(claims: &Value, key: &Value) -> Result<String> {
    let user_id = claims.get("user_id").and_then(Value::as_i64).ok_or("no user_id")?;
    let exp = claims.get("exp").and_then(Value::as_u64).ok_or("no exp")?;
    let claims = claims
        .as_object()
        .into_iter()
        .flatten()
        .fold(Claims::new(user_id, exp, &Rules::default()), |claims, (name, value)| claims.with(name, value.clone()));
    Ok(run(tokens::issue(claims, ring(key)?))?)
}

fn verify(token: &Token) -> Result<Value> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let verdict = run(tokens::verify(token.token.clone(), ring(&token.key)?, Rules::default(), now));
    Ok(match verdict {
        Ok(claims) => serde_json::to_value(claims)?,
        Err(refusal) => json!(refusal.to_string()),
    })
}

fn ring(key: &Value) -> Result<Arc<KeyRing>> {
    Ok(Arc::new(KeyRing::new(vec![key.to_string().parse()?])?))
}

fn run<T: 'static>(mut step: Step<T>) -> T {
    loop {
        step = match step {
            Step::Done(done) => return done,
            Step::Ask(Question::CheckSignature(check), pending) => pending.answer(Answer::Holds(check.holds()), 0),
            Step::Ask(Question::Sign(job), pending) => {
                pending.answer(job.signature().map_or(Answer::Unavailable, Answer::Signature), 0)
            }
            Step::Ask(_, pending) => pending.answer(Answer::Unavailable, 0),
        }
    }
}
