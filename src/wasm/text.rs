//! What has members, as JSON text, in the shape that `tsify` declares of the same types.

use crate::{
    host::{Question, Rotation, Session},
    http::{Level, Reply},
    json::string,
    token::{Claims, SignatureCheck, SigningJob, TokenRefusal},
    user::UserId,
    wasm::verdict::{Failure, HashVerdict, LogOutVerdict, LoginVerdict, Outcome, PasswordVerdict, UserVerdict},
};

pub(super) fn question(question: &Question) -> String {
    let ask = |name| Object::default().text("ask", name);
    match question {
        Question::Body { at_most } => ask("body").count("atMost", *at_most),
        Question::UserByEmail { email, with_valid_after } => {
            ask("userByEmail").text("email", email).flag("withValidAfter", *with_valid_after)
        }
        Question::UserById { id, with_valid_after } => {
            ask("userById").id("id", id).flag("withValidAfter", *with_valid_after)
        }
        Question::InsertUser { email, password } => ask("insertUser").text("email", email).text("password", password),
        Question::ReplaceHash { id, old, new } => ask("replaceHash").id("id", id).text("old", old).text("new", new),
        Question::CheckSignature(SignatureCheck { key, .. }) => ask("checkSignature").raw("key", &key.to_string()),
        Question::Sign(SigningJob { key, .. }) => ask("sign").raw("key", &key.to_string()),
        Question::JwkSet { url, at_most } => ask("jwkSet").text("url", url).count("atMost", *at_most),
        Question::RevokeTokens { id, valid_after, with_sessions } => {
            ask("revokeTokens").id("id", id).number("validAfter", *valid_after).flag("withSessions", *with_sessions)
        }
        Question::InsertSession(Session { family, user_id, current, expires_at, now }) => ask("insertSession")
            .text("family", family)
            .id("userId", user_id)
            .text("current", current)
            .number("expiresAt", *expires_at)
            .number("now", *now),
        Question::RotateSession(asked) => rotation(ask("rotateSession"), asked),
        Question::EndSession(asked) => rotation(ask("endSession"), asked),
        Question::Work { lanes, .. } => ask("work").count("lanes", *lanes),
    }
    .end()
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    let accepted = || Object::default().text("outcome", "accepted");
    let refused = |reason| Object::default().text("outcome", "refused").text("reason", reason);
    let failed = |failure| members(Object::default().text("outcome", "refused"), failure);
    match outcome {
        Outcome::Reply(answer) => reply(answer),
        Outcome::Login(LoginVerdict::Accepted { access_token, token_type, expires_in, refresh_token }) => {
            let login = accepted().text("access_token", access_token).text("token_type", token_type);
            let login = expires_in.iter().fold(login, |login, seconds| login.raw("expires_in", &seconds.to_string()));
            refresh_token.iter().fold(login, |login, token| login.text("refresh_token", token))
        }
        Outcome::LogOut(LogOutVerdict::Accepted) => accepted(),
        Outcome::Token(verdict) => {
            let mut text = String::new();
            string(verdict, &mut text);
            return text;
        }
        Outcome::User(UserVerdict::Accepted { user }) => {
            let user =
                Object::default().id("id", &user.id).text("email", &user.email).text("created_at", &user.created_at);
            accepted().raw("user", &user.end())
        }
        Outcome::Login(LoginVerdict::Refused { reason })
        | Outcome::User(UserVerdict::Refused { reason })
        | Outcome::LogOut(LogOutVerdict::Refused { reason }) => refused(reason),
        Outcome::Hash(HashVerdict::Accepted { hash }) => accepted().text("hash", hash),
        Outcome::Password(PasswordVerdict::Accepted { matches }) => accepted().flag("matches", *matches),
        Outcome::Hash(HashVerdict::Refused(failure)) | Outcome::Password(PasswordVerdict::Refused(failure)) => {
            failed(failure)
        }
    }
    .end()
}

/// The claims, or the reason: no reason begins with `{`.
pub(super) fn verdict(verdict: Result<Claims, TokenRefusal>) -> String {
    match verdict {
        Ok(claims) => claims.into_text(),
        Err(refusal) => refusal.code().into_owned(),
    }
}

pub(super) fn failure(failure: &Failure) -> String {
    members(Object::default(), failure).end()
}

fn members(object: Object, Failure { code, message }: &Failure) -> Object {
    object.text("code", code).text("message", message)
}

fn rotation(object: Object, Rotation { family, old, new, expires_at, now, grace_since }: &Rotation) -> Object {
    object
        .text("family", family)
        .text("old", old)
        .text("new", new)
        .number("expiresAt", *expires_at)
        .number("now", *now)
        .number("graceSince", *grace_since)
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
        Object::default().number("status", reply.status.into()).raw("headers", &headers).text("body", &reply.body);
    let Some(event) = &reply.event else { return object };
    let level = match event.level {
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    object.raw("event", &Object::default().text("level", level).text("reason", &event.reason).end())
}

/// An object under way; not the crate's `Json`, for which every text would be copied first.
#[derive(Default)]
struct Object(String);

impl Object {
    fn id(self, name: &str, id: &UserId) -> Self {
        match id {
            UserId::Integer(id) => self.number(name, *id),
            UserId::Text(id) => self.text(name, id),
        }
    }

    fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        string(value, &mut self.0);
        self
    }

    fn number(self, name: &str, value: i64) -> Self {
        self.raw(name, &value.to_string())
    }

    fn count(self, name: &str, value: usize) -> Self {
        self.raw(name, &(value as u64).to_string())
    }

    fn flag(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
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
