//! FastAPI and edgegate with the same users.

use std::{cell::RefCell, collections::BTreeSet};

use anyhow::{Context, Result};
use testkit::{
    fixture::{self, Answer},
    http::{self, Connection, Request},
};

use super::{
    class,
    edge::{self, Edge},
    token,
};
use crate::contract::reference::Reference;

/// The reference app with the users of the seed at each request.
const APP: &str = "fuzz_app:app";

/// Both, with the same origins.
pub(super) struct Pair {
    reference: Reference,
    connection: RefCell<Connection>,
    edge: Edge,
    secret: String,
}

/// Both answers to a request.
#[derive(Debug)]
pub(super) struct Answers {
    /// FastAPI's.
    pub(super) fastapi: Answer,
    /// edgegate's.
    pub(super) edge: Answer,
    /// The reason in edgegate's log.
    pub(super) reason: Option<String>,
}

impl Pair {
    /// Starts both.
    ///
    /// # Errors
    /// When FastAPI does not start.
    pub(super) fn start(cors_origins: &str) -> Result<Self> {
        let seed = fixture::seed()?;
        let reference = Reference::start_app(APP, &seed, cors_origins)?;
        let connection = RefCell::new(Connection::new(reference.addr()));
        Ok(Self { reference, connection, edge: Edge::new(&seed, cors_origins)?, secret: seed.secret_key })
    }

    /// The classes of the differences between the answers.
    ///
    /// # Errors
    /// When FastAPI does not answer.
    pub(super) fn differences(&self, request: &Request) -> Result<BTreeSet<String>> {
        let Some(answers) = self.ask(request)? else { return Ok(BTreeSet::new()) };
        let classes = class::classes(request, &answers);
        let authorization = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        match (answers.fastapi.status, answers.edge.status, authorization) {
            // A refused token that is accepted must not be hidden by another one that is deliberately.
            (401, 200, Some((_, value))) => {
                let token = token::describe(value, &self.secret);
                Ok(classes.into_iter().map(|class| format!("{class} ({token})")).collect())
            }
            _ => Ok(classes),
        }
    }

    /// The secret that both sign with.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Both answers; `None` if the request is none to FastAPI's HTTP parser.
    ///
    /// # Errors
    /// When FastAPI does not answer.
    pub(super) fn ask(&self, request: &Request) -> Result<Option<Answers>> {
        let addr = self.reference.addr();
        let kept = self.connection.borrow_mut().send(request);
        // It may have closed the connection after the last answer.
        let response = kept.or_else(|_| http::send(addr, request));
        let response = response.with_context(|| format!("FastAPI does not answer {request:?}"))?;
        if response.status == 400 && response.body == b"Invalid HTTP request received." {
            return Ok(None);
        }
        let fastapi = Answer::from_http(&response, &format!("http://{addr}"))?;
        let (response, reason) = self.edge.ask(request)?;
        Ok(Some(Answers { fastapi, edge: Answer::from_http(&response, edge::BASE)?, reason }))
    }
}
