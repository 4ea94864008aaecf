//! edgegate in this process, with users in memory.

use std::{
    panic::{self, AssertUnwindSafe},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use edgegate::{Answer, Gate, Question, Request, Settings, Step, UserRow, Vars, password::Cost};
use testkit::{
    fixture::{Seed, User},
    http,
};

/// The URL of the server.
pub(super) const BASE: &str = "http://edge.test";

/// More questions than a request has.
const QUESTIONS_MAX: usize = 100;

/// The gate, and the users at the beginning of each request.
pub(super) struct Edge {
    gate: Gate,
    users: Vec<UserRow>,
}

impl Edge {
    /// With the settings that the contract is recorded for, and the least cost of bcrypt.
    ///
    /// # Errors
    /// When the settings are refused.
    pub(super) fn new(seed: &Seed, cors_origins: &str) -> Result<Self> {
        let vars = Vars {
            secret_key: Some(seed.secret_key.as_str().into()),
            registration: Some("open".into()),
            rate_limit: Some("off".into()),
            password_min_length: Some("1".into()),
            common_passwords: Some("accept".into()),
            cors_origins: Some(cors_origins).filter(|origins| !origins.is_empty()).map(Into::into),
            ..Vars::default()
        };
        let settings = Settings::try_from(vars)?;
        let gate = Gate::new(Settings {
            bcrypt_cost: Cost::dangerously_low(4).context("4 is bcrypt's least cost")?,
            ..settings
        });
        // As in the reference app: see there.
        let users = seed.users.iter().filter(|user| !user.password.starts_with("$2b$17$"));
        Ok(Self { gate, users: users.map(row).collect() })
    }

    /// The response, and the reason in the log.
    ///
    /// # Errors
    /// When edgegate panics, or asks an unknown question.
    pub(super) fn ask(&self, wire: &http::Request) -> Result<(http::Response, Option<String>)> {
        let answered = panic::catch_unwind(AssertUnwindSafe(|| self.answered(wire)));
        answered.unwrap_or_else(|_| bail!("edgegate panics: {wire:?}"))
    }

    fn answered(&self, wire: &http::Request) -> Result<(http::Response, Option<String>)> {
        let mut request = Request::new(&wire.method, &format!("{BASE}{}", wire.path));
        request.content_type = wire.header("content-type");
        request.authorization = wire.header("authorization");
        request.cookie = wire.header("cookie");
        request.origin = wire.header("origin");
        request.fetch_site = wire.header("sec-fetch-site");
        request.preflight_method = wire.header("access-control-request-method");
        request.preflight_headers = wire.header("access-control-request-headers");
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut step = self.gate.handle(request, now);
        for _ in 0..QUESTIONS_MAX {
            match step {
                Step::Done(reply) => {
                    let body = if wire.method == "HEAD" { Vec::new() } else { reply.body.into_bytes() };
                    let headers = reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                    let reason = reply.event.map(|event| event.reason.into_owned());
                    return Ok((http::Response { status: reply.status, headers, body }, reason));
                }
                Step::Ask(question, pending) => {
                    step = pending.answer(self.answer(&question, wire.body.as_deref())?, now);
                }
            }
        }
        bail!("edgegate asks without end: {wire:?}")
    }

    fn answer(&self, question: &Question, body: Option<&[u8]>) -> Result<Answer> {
        let by_email = |email: &str| self.users.iter().find(|user| user.email.eq_ignore_ascii_case(email)).cloned();
        Ok(match question {
            Question::Body { .. } => Answer::Body(body.unwrap_or_default().to_vec()),
            Question::Work { job } => Answer::Worked(job.work_out(&|| false).context("nobody stopped the work")?),
            Question::UserByEmail { email, .. } => Answer::User(by_email(email)),
            Question::UserById { id, .. } => Answer::User(self.users.iter().find(|user| user.id == *id).cloned()),
            Question::InsertUser { email, .. } if by_email(email).is_some() => Answer::User(None),
            Question::InsertUser { email, password, .. } => {
                Answer::User(Some(UserRow::new(1000, email, password, "2021-08-29T00:00:00Z")))
            }
            other => bail!("a question that no request of the contract asks: {other:?}"),
        })
    }
}

fn row(user: &User) -> UserRow {
    UserRow::new(user.id, &user.email, &user.password, &user.created_at)
}
