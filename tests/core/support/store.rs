//! Users and sessions in memory, with the rules of the SQL statements.

use super::{NOW, Users, run};
use edgegate::{
    Gate, Reply, Request, UserId, UserRow,
    host::{Answer, Question},
    host::{Ended, MailKind, NewMailToken, NewSession, Rotated, Rotation, Session, SessionEnd},
};

/// A store with the table `sessions`.
#[derive(Default, Clone)]
pub(crate) struct Store {
    pub(crate) users: Users,
    pub(crate) sessions: Vec<Row>,
    pub(crate) mail_tokens: Vec<(UserId, NewMailToken)>,
}

/// A row of `sessions`.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) user_id: UserId,
    pub(crate) current: String,
    pub(crate) previous: Option<String>,
    pub(crate) sealed: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) rotated_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) ends_at: i64,
}

impl Store {
    /// A user with the password `secret`, at the minimum cost.
    pub(crate) fn with_user(id: i64, email: &str) -> Self {
        let hash = bcrypt::hash_with_salt("secret", 4, [3; 16]).expect("4 is allowed").to_string();
        Self { users: Users::with(&[(id, email, &hash)]), sessions: Vec::new(), mail_tokens: Vec::new() }
    }

    /// `POST /login` with this form.
    pub(crate) fn login(&mut self, gate: &Gate, form: &str, now: u64) -> Reply {
        self.post(gate, "/login", form, now)
    }

    /// The same; before each answer `meanwhile` changes the store.
    pub(crate) fn login_with(
        &mut self,
        gate: &Gate,
        form: &str,
        now: u64,
        mut meanwhile: impl FnMut(&mut Self),
    ) -> Reply {
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some("application/x-www-form-urlencoded".to_owned());
        run(gate.handle(request, now), |question| {
            meanwhile(self);
            self.answer(question, form.as_bytes())
        })
    }

    /// `POST path` with this form.
    pub(crate) fn post(&mut self, gate: &Gate, path: &str, form: &str, now: u64) -> Reply {
        let mut request = Request::new("POST", &format!("http://localhost{path}"));
        request.content_type = Some("application/x-www-form-urlencoded".to_owned());
        run(gate.handle(request, now), |question| self.answer(question, form.as_bytes()))
    }

    /// A request with this bearer token.
    pub(crate) fn ask(&mut self, gate: &Gate, method: &str, path: &str, token: &str, now: u64) -> Reply {
        let mut request = Request::new(method, &format!("http://localhost{path}"));
        request.authorization = Some(format!("Bearer {token}"));
        run(gate.handle(request, now), |question| self.answer(question, b""))
    }

    /// A request with this bearer token and a JSON body.
    pub(crate) fn send(&mut self, gate: &Gate, [method, path]: [&str; 2], token: &str, body: &str) -> Reply {
        let mut request = Request::new(method, &format!("http://localhost{path}"));
        request.content_type = Some("application/json".to_owned());
        request.authorization = Some(format!("Bearer {token}")).filter(|_| !token.is_empty());
        run(gate.handle(request, NOW), |question| self.answer(question, body.as_bytes()))
    }

    pub(crate) fn answer(&mut self, question: &Question, body: &[u8]) -> Answer {
        match question {
            Question::InsertSession(session) => Answer::Changed(self.insert(session)),
            Question::RotateSession(rotation) => Answer::Rotated(self.rotate(rotation)),
            Question::EndSession(end) => Answer::Ended(self.end(end)),
            Question::DeleteSession { id, user_id, known_as } => {
                let before = self.sessions.len();
                let knows = |row: &Row, hash: &String| row.current == *hash || row.previous.as_ref() == Some(hash);
                let is_it = |row: &Row| {
                    row.id == *id
                        && user_id.as_ref().is_none_or(|user| row.user_id == *user)
                        && known_as.as_ref().is_none_or(|hash| knows(row, hash))
                };
                self.sessions.retain(|row| !is_it(row));
                Answer::Changed(self.sessions.len() < before)
            }
            Question::Sessions { user_id, now } => {
                let of_user = self.sessions.iter().filter(|row| row.user_id == *user_id && row.expires_at > *now);
                Answer::Sessions(of_user.map(Row::shown).collect())
            }
            Question::ChangePassword(change) => {
                if let Some(hash) = &change.mail_token
                    && self.by_mail_token(hash, change.now).is_none_or(|user| user.id != change.user_id)
                {
                    return Answer::Changed(false);
                }
                let answer = self.users.answer(question, body);
                let is_changed = matches!(answer, Answer::Changed(true));
                self.sessions.retain(|row| !(is_changed && change.with_sessions && row.user_id == change.user_id));
                self.mail_tokens.retain(|(id, token)| {
                    let is_its = *id == change.user_id && token.kind == MailKind::PasswordRecovery;
                    !(is_changed && change.with_mail_tokens && is_its)
                });
                answer
            }
            Question::StoreMailToken(token) => {
                let user = self.users.0.iter().find(|user| user.email.eq_ignore_ascii_case(&token.email)).cloned();
                let Some(user) = user else { return Answer::Address(None) };
                let is_too_early = |(_, before): &(UserId, NewMailToken)| {
                    before.email == user.email && before.kind == token.kind && before.now > token.not_since
                };
                if self.mail_tokens.iter().any(is_too_early) {
                    return Answer::Address(None);
                }
                self.mail_tokens.push((user.id, NewMailToken { email: user.email.clone(), ..token.clone() }));
                Answer::Address(Some(user.email))
            }
            Question::UserByMailToken { hash, now, .. } => Answer::User(self.by_mail_token(hash, *now)),
            Question::VerifyEmail { hash, now } => {
                let found = self.of_mail_token(MailKind::EmailVerification, hash, *now);
                let Some(id) = found.map(|user| user.id) else { return Answer::Changed(false) };
                self.users.0.iter_mut().filter(|user| user.id == id).for_each(|user| user.email_verified = true);
                self.mail_tokens.retain(|(_, token)| token.hash != *hash);
                Answer::Changed(true)
            }
            Question::DeleteUser(deletion) => {
                let answer = self.users.answer(question, body);
                if deletion.with_sessions && matches!(answer, Answer::Changed(true)) {
                    self.sessions.retain(|row| row.user_id != deletion.user_id);
                }
                answer
            }
            Question::RevokeTokens { id, with_sessions: true } => {
                self.sessions.retain(|row| row.user_id != *id);
                self.users.answer(question, body)
            }
            _ => self.users.answer(question, body),
        }
    }

    fn by_mail_token(&self, hash: &str, now: i64) -> Option<UserRow> {
        self.of_mail_token(MailKind::PasswordRecovery, hash, now)
    }

    fn of_mail_token(&self, kind: MailKind, hash: &str, now: i64) -> Option<UserRow> {
        let is_it = |token: &NewMailToken| token.kind == kind && token.hash == hash && token.expires_at > now;
        let (id, token) = self.mail_tokens.iter().find(|(_, token)| is_it(token))?;
        self.users.0.iter().find(|user| user.id == *id && user.email == token.email).cloned()
    }

    fn insert(&mut self, session: &NewSession) -> bool {
        let is_as_read = self.users.0.iter().any(|user| {
            user.id == session.user_id
                && user.password == session.password
                && (session.token_version.is_none() || user.token_version == session.token_version)
        });
        if is_as_read {
            self.sessions.push(Row {
                id: session.id.clone(),
                user_id: session.user_id.clone(),
                current: session.current.clone(),
                previous: None,
                sealed: None,
                created_at: session.now,
                rotated_at: session.now,
                expires_at: session.expires_at,
                ends_at: session.ends_at,
            });
        }
        is_as_read
    }

    /// The statement of [`Rotation`].
    fn rotate(&mut self, rotation: &Rotation) -> Option<Rotated> {
        let row = self.sessions.iter_mut().find(|row| {
            let is_twice = row.previous.as_ref() == Some(&rotation.old) && row.rotated_at > rotation.grace_since;
            row.id == rotation.id && row.expires_at > rotation.now && (row.current == rotation.old || is_twice)
        })?;
        let user = self.users.0.iter().find(|user| user.id == row.user_id)?;
        if row.current == rotation.old {
            row.current.clone_from(&rotation.new);
            row.sealed = Some(rotation.sealed.clone());
            row.rotated_at = rotation.now;
            row.expires_at = rotation.expires_at.min(row.ends_at);
        }
        row.previous = Some(rotation.old.clone());
        Some(Rotated {
            user_id: row.user_id.clone(),
            sealed: row.sealed.clone().expect("it was rotated"),
            token_version: user.token_version.filter(|_| rotation.with_token_version),
            is_active: user.is_active,
        })
    }

    /// The statements of [`SessionEnd`].
    fn end(&mut self, end: &SessionEnd) -> Ended {
        let spared = |row: &Row| row.previous.as_ref() == Some(&end.old) && row.rotated_at > end.grace_since;
        let Some(at) = self.sessions.iter().position(|row| {
            row.id == end.id && (end.is_verified || row.previous.as_ref() == Some(&end.old)) && !spared(row)
        }) else {
            return Ended::Unknown;
        };
        let row = self.sessions.remove(at);
        if row.expires_at <= end.now {
            return Ended::Expired;
        }
        if end.raise_token_version {
            self.users.raise(&row.user_id);
        }
        Ended::Reused
    }
}

impl Row {
    fn shown(&self) -> Session {
        Session {
            id: self.id.clone(),
            created_at: self.created_at,
            last_used_at: self.rotated_at,
            expires_at: self.expires_at,
            user_agent: None,
            address: None,
        }
    }
}
