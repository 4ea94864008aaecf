//! Users and sessions in memory, with the rules of the SQL statements.

use super::{Users, run};
use edgegate::{
    Gate, Reply, Request, UserId,
    host::{Answer, Question},
    host::{Rotation, Session},
};

/// A store with the table `refresh_tokens`.
#[derive(Default, Clone)]
pub(crate) struct Store {
    pub(crate) users: Users,
    pub(crate) sessions: Vec<Row>,
}

/// A row of `refresh_tokens`.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) family: String,
    pub(crate) user_id: UserId,
    pub(crate) current: String,
    pub(crate) previous: Option<String>,
    pub(crate) expires_at: i64,
    pub(crate) rotated_at: Option<i64>,
}

impl Store {
    /// A user with the password `secret`, at the minimum cost.
    pub(crate) fn with_user(id: i64, email: &str) -> Self {
        let hash = bcrypt::hash_with_salt("secret", 4, [3; 16]).expect("4 is allowed").to_string();
        Self { users: Users::with(&[(id, email, &hash)]), sessions: Vec::new() }
    }

    /// `POST /login` with this form.
    pub(crate) fn login(&mut self, gate: &Gate, form: &str, now: u64) -> Reply {
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some("application/x-www-form-urlencoded".to_owned());
        run(gate.handle(request, now), |question| self.answer(question, form.as_bytes()))
    }

    /// A request with this bearer token.
    pub(crate) fn ask(&mut self, gate: &Gate, method: &str, path: &str, token: &str, now: u64) -> Reply {
        let mut request = Request::new(method, &format!("http://localhost{path}"));
        request.authorization = Some(format!("Bearer {token}"));
        run(gate.handle(request, now), |question| self.answer(question, b""))
    }

    pub(crate) fn answer(&mut self, question: &Question, body: &[u8]) -> Answer {
        match question {
            Question::InsertSession(session) => self.insert(session),
            Question::RotateSession(rotation) => return Answer::Rotated(self.rotate(rotation)),
            Question::EndSession(rotation) => self.end(rotation),
            Question::RevokeTokens { id, with_sessions: true, .. } => {
                self.sessions.retain(|row| row.user_id != *id);
                return self.users.answer(question, body);
            }
            _ => return self.users.answer(question, body),
        }
        Answer::Done
    }

    fn insert(&mut self, session: &Session) {
        self.sessions.push(Row {
            family: session.family.clone(),
            user_id: session.user_id.clone(),
            current: session.current.clone(),
            previous: None,
            expires_at: session.expires_at,
            rotated_at: None,
        });
    }

    /// The statement of [`Rotation`]. In SQL a comparison with NULL is not true.
    fn rotate(&mut self, rotation: &Rotation) -> Option<UserId> {
        let row = self.sessions.iter_mut().find(|row| {
            let is_current = row.current == rotation.old;
            let is_twice = row.previous.as_ref() == Some(&rotation.old)
                && row.current == rotation.new
                && row.rotated_at.is_some_and(|at| at > rotation.grace_since);
            row.family == rotation.family && row.expires_at > rotation.now && (is_current || is_twice)
        })?;
        if row.current == rotation.old {
            row.rotated_at = Some(rotation.now);
        }
        row.previous = Some(rotation.old.clone());
        row.current.clone_from(&rotation.new);
        row.expires_at = rotation.expires_at;
        Some(row.user_id.clone())
    }

    /// [`Question::EndSession`]: a second use within the grace period does not end the session.
    fn end(&mut self, rotation: &Rotation) {
        let spared = |row: &Row| {
            row.previous.as_ref() == Some(&rotation.old) && row.rotated_at.is_some_and(|at| at > rotation.grace_since)
        };
        self.sessions.retain(|row| row.family != rotation.family || spared(row));
    }
}
