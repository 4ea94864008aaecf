//! One connection: what it sends, and what it expects.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use testkit::{
    fixture,
    http::{self, Connection, Request, Response},
};

use super::{
    refusals::{self, Refusal},
    tally::{EMPTY, Tally},
    workers::{self, Workers},
};

/// Earlier tokens that a connection still uses.
const TOKENS_KEPT: usize = 16;

/// The kinds of requests, with their share of a hundred.
const KINDS: [(Kind, usize); 8] = [
    (Kind::Me, 78),
    (Kind::Login, 4),
    (Kind::WrongPassword, 1),
    (Kind::UnknownUser, 1),
    (Kind::SignUp, 1),
    (Kind::Refresh, 7),
    (Kind::Recorded, 7),
    (Kind::HangUp, 1),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Me,
    Login,
    WrongPassword,
    UnknownUser,
    SignUp,
    Refresh,
    Recorded,
    HangUp,
}

/// A connection with its user.
#[derive(Debug)]
pub(super) struct Client<'a> {
    random: fastrand::Rng,
    tally: &'a Tally,
    ours: Connection,
    empty: Connection,
    addresses: [SocketAddr; 2],
    recorded: Vec<Refusal>,
    email: String,
    password: String,
    /// Access tokens with the address of their user.
    tokens: Vec<(String, String)>,
    refresh_token: Option<String>,
    signed_up: u64,
}

impl<'a> Client<'a> {
    /// The connection with this number.
    ///
    /// # Errors
    /// When the recorded requests cannot be read.
    pub(super) fn new(number: u16, seed: u64, workers: &Workers, tally: &'a Tally) -> Result<Self> {
        let users = fixture::seed()?.users;
        Ok(Self {
            random: fastrand::Rng::with_seed(seed.wrapping_mul(1 << 16).wrapping_add(number.into())),
            tally,
            ours: Connection::new(workers.ours),
            empty: Connection::new(workers.empty),
            addresses: [workers.ours, workers.empty],
            recorded: refusals::recorded()?,
            email: workers::email(number),
            password: users.into_iter().next().context("the seed has no user")?.plain,
            tokens: Vec::new(),
            refresh_token: None,
            signed_up: 0,
        })
    }

    /// Sends requests until `is_over`.
    pub(super) fn run(mut self, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            let kind = self.choose();
            if let Err(error) = self.one(kind) {
                self.tally.fault(format!("{error:#}"));
            }
        }
    }

    /// The first requests must be logins: all others need their tokens.
    fn choose(&mut self) -> Kind {
        if self.tokens.is_empty() || self.refresh_token.is_none() {
            return Kind::Login;
        }
        let shares: usize = KINDS.iter().map(|(_, share)| share).sum();
        let mut at = self.random.usize(..shares);
        for (kind, share) in KINDS {
            if at < share {
                return kind;
            }
            at -= share;
        }
        Kind::Me
    }

    fn one(&mut self, kind: Kind) -> Result<()> {
        match kind {
            Kind::Me => {
                let known = self.random.choice(&self.tokens).cloned();
                let (token, email) = known.context("there is no token")?;
                self.me("me", &token, &email)
            }
            Kind::Login => self.log_in(),
            Kind::WrongPassword => {
                let form = [("username", self.email.as_str()), ("password", "wrong")];
                self.expect("wrong password", &form_request(&form), 403).map(drop)
            }
            Kind::UnknownUser => {
                let unknown = format!("nobody{}@soak.example.com", self.random.u32(..));
                let form = [("username", unknown.as_str()), ("password", self.password.as_str())];
                self.expect("unknown user", &form_request(&form), 403).map(drop)
            }
            Kind::SignUp => self.sign_up(),
            Kind::Refresh => self.refresh(),
            Kind::Recorded => self.refusal(),
            Kind::HangUp => self.hang_up(),
        }
    }

    fn log_in(&mut self) -> Result<()> {
        let form = [("username", self.email.as_str()), ("password", self.password.as_str())];
        let answer = self.expect("login", &form_request(&form), 200)?;
        let email = self.email.clone();
        self.refresh_token = Some(self.keep(&answer, &email)?);
        Ok(())
    }

    /// A new user, who then logs in; now and then a second one with the same address.
    fn sign_up(&mut self) -> Result<()> {
        self.signed_up += 1;
        let email = format!("new{}.{}", self.signed_up, self.email);
        let request = json_request(&json!({ "email": email, "password": self.password }));
        let answer = self.expect("sign-up", &request, 201)?;
        ensure!(member(&answer, "email")? == email, "a new user has another address");
        if self.random.u8(..4) == 0 {
            self.expect("sign-up again", &request, 409)?;
        }
        let form = [("username", email.as_str()), ("password", self.password.as_str())];
        let answer = self.expect("login", &form_request(&form), 200).context("a new user")?;
        self.keep(&answer, &email).map(drop)
    }

    /// The next refresh token; now and then twice, as two tabs of a browser do.
    fn refresh(&mut self) -> Result<()> {
        // Without it a refused one is not tried again: the next request is a login.
        let token = self.refresh_token.take().context("there is no refresh token")?;
        let request = form_request(&[("grant_type", "refresh_token"), ("refresh_token", &token)]);
        let answer = self.expect("refresh", &request, 200)?;
        let email = self.email.clone();
        let next = self.keep(&answer, &email)?;
        if self.random.u8(..8) == 0 {
            let again = self.expect("refresh again", &request, 200)?;
            ensure!(member(&again, "refresh_token")? == next, "two uses of a refresh token gave different ones");
        }
        self.refresh_token = Some(next);
        Ok(())
    }

    /// Keeps the access token of an answer, checks it, and returns the refresh token.
    fn keep(&mut self, answer: &Response, email: &str) -> Result<String> {
        let token = member(answer, "access_token")?;
        if self.tokens.len() == TOKENS_KEPT {
            // The first one is kept: it becomes as old as the run.
            self.tokens.remove(self.random.usize(1..TOKENS_KEPT));
        }
        self.tokens.push((token.clone(), email.to_owned()));
        self.me("me, new token", &token, email).context("an issued token did not verify")?;
        member(answer, "refresh_token")
    }

    fn me(&mut self, kind: &'static str, token: &str, email: &str) -> Result<()> {
        let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        let request = Request { method: "GET".into(), path: "/me".into(), headers, body: None };
        let answer = self.expect(kind, &request, 200)?;
        ensure!(member(&answer, "email")? == email, "/me answered with another user");
        Ok(())
    }

    /// A recorded request, on a connection of its own: after some of them the server closes it.
    fn refusal(&mut self) -> Result<()> {
        let Self { recorded, random, tally, addresses: [ours, empty], .. } = self;
        let Refusal { name, request, status } = random.choice(&*recorded).context("there is no recorded request")?;
        let sent = Instant::now();
        let answer = http::send(*ours, request).with_context(|| format!("recorded request `{name}`"))?;
        let is_expected = answer.status == *status;
        tally.answer("recorded", sent.elapsed(), Some(answer.status.to_string()), is_expected);
        // The empty Worker does not read the body, so that the connection may break.
        let _ = http::send(*empty, request);
        ensure!(is_expected, "recorded request `{name}`: {}", shown(&answer));
        Ok(())
    }

    /// Disconnects in the middle of a form.
    fn hang_up(&mut self) -> Result<()> {
        for address in self.addresses {
            let mut stream = TcpStream::connect(address)?;
            let head = "POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n";
            write!(stream, "{head}content-length: 64\r\n\r\nusername=somebody%40example.com")?;
        }
        Ok(())
    }

    /// Sends the request to both Workers.
    fn expect(&mut self, kind: &'static str, request: &Request, status: u16) -> Result<Response> {
        let sent = Instant::now();
        let answer = self.ours.send(request).with_context(|| format!("{kind}: no answer"))?;
        let refusal = (answer.status >= 300).then(|| shown(&answer));
        self.tally.answer(kind, sent.elapsed(), refusal, answer.status == status);
        let sent = Instant::now();
        if self.empty.send(request).is_ok() {
            self.tally.answer(EMPTY, sent.elapsed(), None, true);
        }
        ensure!(answer.status == status, "{kind}: {} where {status} was expected", shown(&answer));
        Ok(answer)
    }
}

fn form_request(fields: &[(&str, &str)]) -> Request {
    let escape = |text: &str| text.bytes().map(escaped).collect::<String>();
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    post("/login", "application/x-www-form-urlencoded", fields.join("&"))
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn json_request(body: &Value) -> Request {
    post("/users", "application/json", body.to_string())
}

fn post(path: &str, content_type: &str, body: String) -> Request {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Request { method: "POST".into(), path: path.into(), headers, body: Some(body.into_bytes()) }
}

/// Status and reason.
fn shown(answer: &Response) -> String {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let detail = body.as_ref().and_then(|body| body.get("detail")?.as_str()).unwrap_or_default();
    format!("{} {detail}", answer.status).trim_end().to_owned()
}

fn member(answer: &Response, name: &str) -> Result<String> {
    let body: Value = serde_json::from_slice(&answer.body).context("an answer is not JSON")?;
    let text = body.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| anyhow!("an answer has no {name}"))
}
