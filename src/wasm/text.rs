//! What has members, as JSON text, in the shape that `tsify` declares of the same types.

use crate::{
    ask::Question,
    json::string,
    reply::{Level, Reply},
    wasm::verdict::{Failure, HashVerdict, LoginVerdict, Outcome, PasswordVerdict, UserVerdict},
};

pub(super) fn question(question: &Question) -> String {
    let ask = |name| Object::default().text("ask", name);
    match question {
        Question::Body { at_most } => ask("body").raw("atMost", &at_most.to_string()),
        Question::UserByEmail { email } => ask("userByEmail").text("email", email),
        Question::UserById { id } => ask("userById").raw("id", &id.to_string()),
        Question::InsertUser { email, password } => ask("insertUser").text("email", email).text("password", password),
        Question::ReplaceHash { id, old, new } => {
            ask("replaceHash").raw("id", &id.to_string()).text("old", old).text("new", new)
        }
        Question::Work { lanes, .. } => ask("work").raw("lanes", &lanes.to_string()),
    }
    .end()
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    let accepted = || Object::default().text("outcome", "accepted");
    let refused = |reason| Object::default().text("outcome", "refused").text("reason", reason);
    let failed = |failure| members(Object::default().text("outcome", "refused"), failure);
    match outcome {
        Outcome::Reply(answer) => reply(answer),
        Outcome::Login(LoginVerdict::Accepted { access_token, token_type }) => {
            accepted().text("access_token", access_token).text("token_type", token_type)
        }
        Outcome::User(UserVerdict::Accepted { user }) => {
            let user = Object::default()
                .raw("id", &user.id.to_string())
                .text("email", &user.email)
                .text("created_at", &user.created_at);
            accepted().raw("user", &user.end())
        }
        Outcome::Login(LoginVerdict::Refused { reason }) | Outcome::User(UserVerdict::Refused { reason }) => {
            refused(reason)
        }
        Outcome::Hash(HashVerdict::Accepted { hash }) => accepted().text("hash", hash),
        Outcome::Password(PasswordVerdict::Accepted { matches }) => {
            accepted().raw("matches", if *matches { "true" } else { "false" })
        }
        Outcome::Hash(HashVerdict::Refused(failure)) | Outcome::Password(PasswordVerdict::Refused(failure)) => {
            failed(failure)
        }
    }
    .end()
}

pub(super) fn failure(failure: &Failure) -> String {
    members(Object::default(), failure).end()
}

fn members(object: Object, Failure { code, message }: &Failure) -> Object {
    object.text("code", code).text("message", message)
}

fn reply(reply: &Reply) -> Object {
    let mut headers = String::from("[");
    for (index, (name, value)) in reply.headers.iter().enumerate() {
        headers.push_str(if index == 0 { "[" } else { ",[" });
        string(name, &mut headers);
        headers.push(',');
        string(value, &mut headers);
        headers.push(']');
    }
    headers.push(']');
    let object =
        Object::default().raw("status", &reply.status.to_string()).raw("headers", &headers).text("body", &reply.body);
    let Some(event) = &reply.event else { return object };
    let level = match event.level {
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    object.raw("event", &Object::default().text("level", level).text("reason", event.reason).end())
}

/// An object under way; not the crate's `Json`, for which every text would be copied first.
#[derive(Default)]
struct Object(String);

impl Object {
    fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        string(value, &mut self.0);
        self
    }

    /// `value` is JSON already.
    fn raw(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push_str(value);
        self
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        string(name, &mut self.0);
        self.0.push(':');
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
