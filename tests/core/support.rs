//! Shared by the integration tests: settings, users in memory, and a host that answers from them.

mod store;

pub(crate) use self::store::Store;
use edgegate::{
    Gate, Reply, Request,
    host::{Later, PasswordChange},
    password::{Cost, Job},
    {Answer, Question, Step, UserId, UserRow}, {Settings, Vars},
};

/// The secret of the contract fixtures' seed.
pub(crate) const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// A time shortly after 2023-11-14T22:13:20Z.
pub(crate) const NOW: u64 = 1_700_000_000;

/// A gate with cost 10, the minimum of the setting, and with short passwords: FastAPI, whose responses are recorded, has no
/// minimum.
pub(crate) fn gate(secret: &str) -> Gate {
    gate_with(secret, Vars::default())
}

/// The same with cost 4, bcrypt's least, for tests with many logins.
pub(crate) fn quick_gate(secret: &str) -> Gate {
    quick_gate_with(secret, Vars::default())
}

/// The same with more settings.
pub(crate) fn quick_gate_with(secret: &str, more: Vars) -> Gate {
    let settings = settings_with(secret, more);
    Gate::new(Settings { bcrypt_cost: Cost::dangerously_low(4).expect("4 is bcrypt's least"), ..settings })
}

/// The same with `REHASH=on`.
pub(crate) fn rehashing_gate(secret: &str) -> Gate {
    gate_with(secret, Vars { rehash: Some("on".into()), ..Vars::default() })
}

/// The same gate as [`gate`], with more settings.
pub(crate) fn gate_with(secret: &str, more: Vars) -> Gate {
    Gate::new(settings_with(secret, more))
}

/// The settings of that gate.
pub(crate) fn settings_with(secret: &str, more: Vars) -> Settings {
    let vars = Vars {
        secret_key: Some(secret.into()),
        bcrypt_cost: Some("10".into()),
        registration: more.registration.or(Some("open".into())),
        rate_limit: more.rate_limit.or(Some("off".into())),
        common_passwords: more.common_passwords.or(Some("accept".into())),
        password_min_length: more.password_min_length.or(Some("1".into())),
        ..more
    };
    let settings = Settings::try_from(vars).expect("the settings are good");
    #[cfg(all(target_arch = "wasm32", feature = "wasm"))]
    let settings = Settings { unicode: edgegate::wasm::unicode::UNICODE, ..settings };
    settings
}

/// Users in memory, with the rules of a store: e-mail addresses are compared ignoring letter case.
#[derive(Default, Clone)]
pub(crate) struct Users(pub(crate) Vec<UserRow>);

impl Users {
    pub(crate) fn with(rows: &[(i64, &str, &str)]) -> Self {
        Self(rows.iter().map(|(id, email, password)| row(*id, email, password)).collect())
    }

    pub(crate) fn answer(&mut self, question: &Question, body: &[u8]) -> Answer {
        let user = match question {
            Question::Body { .. } => return Answer::Body(body.to_vec()),
            Question::Work { job } => return work(job),
            Question::CheckSignature(check) => return Answer::Holds(check.holds()),
            Question::Sign(job) => return job.signature().map_or(Answer::Unavailable, Answer::Signature),
            Question::RevokeTokens { id, .. } => {
                self.raise(id);
                return Answer::Done;
            }
            Question::ReplaceHash { id, old, new } => {
                let row = self.0.iter_mut().find(|user| user.id == *id && user.password == *old);
                row.into_iter().for_each(|user| user.password.clone_from(new));
                return Answer::Done;
            }
            Question::MoveUser(user) => {
                let is_taken = self.by_email(&user.email).is_some() || self.0.iter().any(|row| row.id == user.id);
                if !is_taken {
                    let created_at = user.created_at.as_deref().unwrap_or("2023-11-14T22:13:20Z");
                    let row = UserRow::new(user.id.clone(), user.email.clone(), user.password.clone(), created_at);
                    self.0.push(UserRow { token_version: Some(0), ..row });
                }
                return Answer::Changed(!is_taken);
            }
            Question::ChangePassword(change) => return Answer::Changed(self.change_password(change)),
            Question::DeleteUser(deletion) => {
                let before = self.0.len();
                self.0.retain(|user| {
                    user.id != deletion.user_id
                        || user.password != deletion.password
                        || deletion.token_version.is_some() && user.token_version != deletion.token_version
                });
                return Answer::Changed(self.0.len() < before);
            }
            Question::UserByEmail { email, .. } => self.by_email(email),
            Question::UserById { id, .. } => self.0.iter().find(|user| user.id == *id).cloned(),
            Question::InsertUser { email, .. } if self.by_email(email).is_some() => None,
            Question::InsertUser { email, password, is_unverified } => {
                let id = i64::try_from(self.0.len()).expect("few users") + 1;
                self.0.push(UserRow { email_verified: !is_unverified, ..row(id, email, password) });
                self.0.last().cloned()
            }
            _ => return Answer::Unavailable,
        };
        Answer::User(user)
    }

    fn change_password(&mut self, change: &PasswordChange) -> bool {
        let is_as_read = |user: &&mut UserRow| {
            user.id == change.user_id
                && user.password == change.old
                && (change.token_version.is_none() || user.token_version == change.token_version)
        };
        let Some(user) = self.0.iter_mut().find(is_as_read) else { return false };
        user.password.clone_from(&change.new);
        if change.token_version.is_some() {
            self.raise(&change.user_id);
        }
        true
    }

    pub(crate) fn raise(&mut self, id: &UserId) {
        let row = self.0.iter_mut().find(|user| user.id == *id);
        row.into_iter().for_each(|user| user.token_version = user.token_version.map(|version| version + 1));
    }

    fn by_email(&self, email: &str) -> Option<UserRow> {
        self.0.iter().find(|user| user.email.eq_ignore_ascii_case(email)).cloned()
    }
}

/// Computes the job without a stop.
pub(crate) fn work(job: &Job) -> Answer {
    job.work_out(&|| false).map_or(Answer::Busy, Answer::Worked)
}

pub(crate) fn row(id: i64, email: &str, password: &str) -> UserRow {
    UserRow { token_version: Some(0), ..UserRow::new(id, email, password, "2021-08-29T00:00:00Z") }
}

/// Answers all questions, also those after the reply, and returns the result.
pub(crate) fn run<T>(step: Step<T>, mut answer: impl FnMut(&Question) -> Answer) -> T {
    let (done, later) = run_up_to_reply(step, &mut answer);
    for work in later {
        work.begin(NOW).into_iter().for_each(|step| drop(run_up_to_reply(step, &mut answer)));
    }
    done
}

/// The same without what is to be done after the reply, which is returned.
pub(crate) fn run_up_to_reply<T>(mut step: Step<T>, mut answer: impl FnMut(&Question) -> Answer) -> (T, Vec<Later>) {
    let mut later = Vec::new();
    // A fault may ask without end.
    for _ in 0..1000 {
        step = match step {
            Step::Done(done) => return (done, later),
            Step::Ask(question, pending) => {
                let answer = match question {
                    Question::Later { work } => {
                        later.push(work);
                        Answer::Done
                    }
                    question => answer(&question),
                };
                // The time stays that of the start.
                pending.answer(answer, 0)
            }
        }
    }
    panic!("it asks without end");
}

/// `POST path` with this body.
pub(crate) fn post(gate: &Gate, users: &mut Users, path: &str, content_type: &str, body: &str) -> Reply {
    let mut request = Request::new("POST", &format!("http://localhost{path}"));
    request.content_type = Some(content_type.to_owned());
    run(gate.handle(request, NOW), |question| users.answer(question, body.as_bytes()))
}

/// `POST /login` with a form.
pub(crate) fn login(gate: &Gate, users: &mut Users, form: &str) -> Reply {
    post(gate, users, "/login", "application/x-www-form-urlencoded", form)
}

/// `GET /me` with this header.
pub(crate) fn me(gate: &Gate, users: &mut Users, authorization: Option<&str>, now: u64) -> Reply {
    let mut request = Request::new("GET", "http://localhost/me");
    request.authorization = authorization.map(str::to_owned);
    run(gate.handle(request, now), |question| users.answer(question, b""))
}

/// Maximum size of a JWK set: 128 KiB, as in SECURITY.md.
pub(crate) const JWK_SET_MAX_BYTES: usize = 128 * 1024;
