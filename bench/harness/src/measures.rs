//! Every measure, one file each.

use anyhow::Result;

use super::outcome::Outcome;

mod argon2;
mod bulk;
mod cold;
mod cost;
mod fairness;
mod growth;
mod jwt;
mod login;
mod pairs;
mod refusals;
mod routes;
mod size;
mod startup;
mod verify;

/// One measure.
#[derive(Debug)]
pub(super) struct Measure {
    /// Its name for `--only`.
    pub(super) name: &'static str,
    /// What it measures.
    pub(super) what: &'static str,
    /// Runs it.
    pub(super) run: fn(Effort) -> Result<Outcome>,
}

/// How many rounds to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// As many as the spread of the measure needs.
    Full,
    /// Few: all measures in less than two minutes.
    Quick,
}

impl Effort {
    /// One of two values, by mode.
    pub(super) fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

/// All measures, in the order of the report.
pub(super) const ALL: [Measure; 15] = [
    measure("verify", "bcrypt verification at cost 10, warm: Node, workerd and native", verify::run),
    measure("cold", "the first bcrypt verification of a fresh process and of a fresh isolate", cold::run),
    measure("bulk", "many bcrypt hashes checked and made", bulk::run),
    measure(
        "argon2",
        "Argon2id verification, 64 MiB, 3 passes, 4 lanes, warm, and its memory: Node and workerd",
        argon2::run,
    ),
    measure("jwt", "HS256 signing and verifying: workerd and Node", jwt::run),
    measure("pairs", "EdDSA, RS256 and ES256: tokens of key pairs on workerd", pairs::run),
    measure("login", "/login of the whole Worker on workerd with D1", login::run),
    measure("refusals", "refused logins by reason, beside other wrong logins, on workerd with D1", refusals::run),
    measure("fairness", "/me beside eight logins in flight, on workerd with D1", fairness::run),
    measure("me", "/me of the whole Worker", routes::me),
    measure("token", "a route that needs only a token", routes::token),
    measure("size", "gzip size of the upload", size::run),
    measure("startup", "a fresh isolate of the whole Worker to its first answer", startup::run),
    measure("growth", "/login with 10, 10,000 and 1,000,000 users", growth::run),
    measure("cost", "CPU time of one login at each bcrypt cost", cost::run),
];

/// What `--only` accepts.
pub(super) fn names() -> Vec<&'static str> {
    ALL.iter().map(|measure| measure.name).collect()
}

const fn measure(name: &'static str, what: &'static str, run: fn(Effort) -> Result<Outcome>) -> Measure {
    Measure { name, what, run }
}
