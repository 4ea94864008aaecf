//! `cargo xtask interop`: other libraries verify our tokens, and we verify theirs, for every common algorithm.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use testkit::{paths, sh::Sh};

use self::library::{LIBRARIES, Library, OURS};
use crate::steps::npm;

mod library;

/// Exchange tokens with PyJWT, python-jose, jose, jsonwebtoken and jwt-simple; fail if a token is refused
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write the tokens of the other libraries to tests/interop/tokens.json, for the tests of the core
    #[arg(long)]
    record: bool,
}

/// A recorded token, in the format of `tests/core/token/recorded.rs`.
#[derive(Serialize)]
struct Recorded {
    library: &'static str,
    alg: String,
    token: String,
}

/// The output of a program.
#[derive(Deserialize)]
struct Answer {
    /// A token for each key.
    issued: Vec<String>,
    /// The claims of each token, or the reason for its refusal.
    verified: Vec<Value>,
}

/// A key of `tests/interop/keys.json`: a JWK with its private members.
type Key = Map<String, Value>;

/// Runs the command.
///
/// # Errors
/// When a program cannot be run, or an exchange fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    npm::check_prerequisites()?;
    library::install()?;
    let keys: Vec<Key> = serde_json::from_str(&read("keys.json")?)?;
    let ours = made_by(&OURS, &keys)?;
    let mut recorded = Vec::new();
    println!("\n{:14} {:8} {:>14} {:>14}", "library", "alg", "ours to them", "theirs to us");
    for library in &LIBRARIES {
        let theirs = made_by(library, &keys)?;
        check(library, &ours.iter().filter(|(key, _)| library.knows(key)).cloned().collect::<Vec<_>>())?;
        check(&OURS, &theirs)?;
        for (key, token) in theirs {
            let both = if OURS.knows(&key) { "holds" } else { "-" };
            println!("{:14} {:8} {both:>14} {:>14}", library.name, algorithm(&key), "holds");
            recorded.push(Recorded { library: library.name, alg: algorithm(&key).to_owned(), token });
        }
    }
    println!(
        "\n{} tokens of other libraries accepted; {} tokens of edgegate accepted by all",
        recorded.len(),
        ours.len()
    );
    if args.record {
        let path = library::dir().join("tokens.json");
        fs::write(&path, serde_json::to_string_pretty(&recorded)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A token for each key that this library supports.
fn made_by(library: &Library, keys: &[Key]) -> Result<Vec<(Key, String)>> {
    let keys: Vec<Key> = keys.iter().filter(|key| library.knows(key)).cloned().collect();
    ensure!(keys.len() == library.algorithms.len(), "{}: an algorithm has no key", library.name);
    let answer = ask(library, &keys, &[])?;
    ensure!(answer.issued.len() == keys.len(), "{} made {} tokens", library.name, answer.issued.len());
    Ok(keys.into_iter().zip(answer.issued).collect())
}

/// Each token must be accepted, and refused with a changed signature: a library that does not check signatures fails.
fn check(library: &Library, tokens: &[(Key, String)]) -> Result<()> {
    let changed: Vec<_> = tokens.iter().map(|(key, token)| (key.clone(), with_another_signature(token))).collect();
    let verified = ask(library, &[], &[tokens, &changed].concat())?.verified;
    ensure!(verified.len() == 2 * tokens.len(), "{} verified {} tokens", library.name, verified.len());
    let (good, bad) = verified.split_at(tokens.len());
    for (((key, token), good), bad) in tokens.iter().zip(good).zip(bad) {
        let holds = claims().as_object().into_iter().flatten().all(|(name, value)| good.get(name) == Some(value));
        ensure!(holds, "{} {}: {good} for {token}", library.name, algorithm(key));
        ensure!(bad.is_string(), "{} {}: a changed signature is accepted", library.name, algorithm(key));
    }
    Ok(())
}

fn ask(library: &Library, keys: &[Key], tokens: &[(Key, String)]) -> Result<Answer> {
    let tokens: Vec<_> = tokens.iter().map(|(key, token)| json!({ "key": public(key), "token": token })).collect();
    let path = paths::state().join("interop.json");
    fs::create_dir_all(paths::state())?;
    fs::write(&path, json!({ "claims": claims(), "keys": keys, "tokens": tokens }).to_string())?;
    let (program, arguments) = (library.command)();
    let answer = Sh::new(program).args(arguments).args([path]).output()?;
    serde_json::from_str(&answer).with_context(|| format!("{} answered {answer}", library.name))
}

/// The claims to sign: `user_id` as in FastAPI's tutorial, the registered `sub`, and non-ASCII text.
fn claims() -> Value {
    json!({ "user_id": 7, "exp": 4_102_444_800_u64, "sub": "7", "name": "Zoë ✓" })
}

/// The public key; a secret is unchanged.
fn public(key: &Key) -> Key {
    let private = ["d", "p", "q", "dp", "dq", "qi"];
    key.iter().filter(|(name, _)| !private.contains(&name.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn algorithm(key: &Key) -> &str {
    key.get("alg").and_then(Value::as_str).unwrap_or_default()
}

/// Changes the first character, which encodes six bits of the signature.
fn with_another_signature(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{message}.{first}{}", signature.get(1..).unwrap_or_default())
}

fn read(name: &str) -> Result<String> {
    let path = library::dir().join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
