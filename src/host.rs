//! The interface between core and host: the core asks a [`Question`], the host gives an [`Answer`].
//!
//! A [`Step`] is either the result or a question with the suspended computation, [`Pending`]. Each route is an `async
//! fn` that awaits the host's answers. The compiler turns it into the state machine.

pub(crate) mod access_token;
pub(crate) mod hash_mix;
mod later;
mod limit;
pub(crate) mod invitation;
mod lockout;
mod mail;
mod password_change;
pub mod passwords;
mod pwned_passwords;
mod question;
mod security_event;
mod session;
mod refresh_token;
pub mod tokens;
pub(crate) mod upstream;
mod user_deletion;

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use serde_json::{Map, Value};

pub use self::{
    later::Later,
    limit::Limit,
    lockout::{CountedLogin, LoginState, SucceededLogin, UserAtLogin},
    mail::{Mail, MailKind, NewMailToken},
    password_change::PasswordChange,
    question::{Answer, JwkSet, Question},
    security_event::{SecurityEvent, SecurityEventKind},
    session::{Ended, NewSession, Rotated, Rotation, SessionEnd},
    upstream::{MovedUser, UpstreamReply, UpstreamRequest},
    user_deletion::UserDeletion,
};
pub(crate) use self::{
    limit::Counter, lockout::LoginKeys, mail::MailToken, refresh_token::RefreshToken, security_event::Subject,
};
pub use crate::session::Session;
use crate::{
    fastapi::{pwned, unlike_address},
    http::{Client, Refusal},
    limits::{BODY_MAX_BYTES, JWK_SET_MAX_BYTES, PWNED_RANGE_MAX_BYTES},
    password::{self, Hashed, Job, SchemeJob},
    row::InvalidRow,
    settings::Settings,
    token::{SignatureCheck, SigningJob, TokenRefusal},
    user::{User, UserId, UserRow},
};

/// The result, or a question to the host.
///
/// ```
/// use edgegate::{Question, Step, host::passwords, password::Cost};
///
/// let step = passwords::hash("correct horse", Cost::new(10)?);
/// assert!(matches!(step, Step::Ask(Question::Work { .. }, _)));
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
#[derive(Debug)]
pub enum Step<T> {
    /// The result.
    Done(T),
    /// A question. The host answers it with [`Pending::answer`].
    Ask(Question, Pending<T>),
}

impl<T: 'static> Step<T> {
    /// Returns the result, or `None` when the host has to be asked.
    ///
    /// ```
    /// use edgegate::{host::passwords, password::Cost};
    ///
    /// assert!(passwords::hash("", Cost::new(10)?).done().is_some_and(|result| result.is_err()));
    /// assert!(passwords::hash("correct horse", Cost::new(10)?).done().is_none());
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Ask(..) => None,
        }
    }

    /// Converts the result with `form`.
    ///
    /// ```
    /// use edgegate::{host::passwords, password::Cost};
    ///
    /// let step = passwords::hash("", Cost::new(10)?).map(|result| result.is_ok());
    /// assert_eq!(step.done(), Some(false));
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn map<U>(self, form: impl FnOnce(T) -> U + Send + 'static) -> Step<U> {
        match self {
            Self::Done(done) => Step::Done(form(done)),
            Self::Ask(question, Pending { future, host }) => {
                Step::Ask(question, Pending { future: Box::pin(async { form(future.await) }), host })
            }
        }
    }
}

/// The suspended computation. Dropping it cancels it.
///
/// ```
/// use edgegate::{Answer, Question, Step, host::passwords, password::Cost};
///
/// let step = passwords::hash("correct horse", Cost::new(10)?);
/// let Step::Ask(Question::Work { job }, pending) = step else { panic!() };
/// let step = pending.answer(job.work_out(&|| false).map_or(Answer::Busy, Answer::Worked), 1_700_000_000);
/// assert!(step.done().is_some_and(|hash| hash.is_ok()));
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
pub struct Pending<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    host: Host,
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pending").finish_non_exhaustive()
    }
}

impl<T> Pending<T> {
    /// Continues with the host's answer at `now`, in seconds since 1970. Rules use the time of the last answer: a body may
    /// arrive long after the head of its request.
    ///
    /// ```
    /// use edgegate::{Answer, Refusal, Step, host::passwords, password::Cost};
    ///
    /// let Step::Ask(_, pending) = passwords::hash("correct horse", Cost::new(10)?) else { panic!() };
    /// assert_eq!(pending.answer(Answer::Unavailable, 1_700_000_000).done(), Some(Err(Refusal::StoreUnavailable)));
    /// # Ok::<(), edgegate::password::PasswordError>(())
    /// ```
    #[must_use]
    pub fn answer(self, answer: Answer, now: u64) -> Step<T> {
        self.host.slot(|slot| {
            slot.answer = Some(answer);
            slot.now = slot.now.max(now);
        });
        self.advance()
    }

    fn advance(mut self) -> Step<T> {
        // No waker is needed: only the host's answer lets the future continue. The loop polls again instead of failing
        // if a poll leaves no question, which cannot happen.
        loop {
            if let Poll::Ready(done) = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Step::Done(done);
            }
            if let Some(question) = self.host.slot(|slot| slot.question.take()) {
                return Step::Ask(question, self);
            }
        }
    }
}

/// Runs `work` up to its first question.
pub(crate) fn start<T, F: Future<Output = T> + Send + 'static>(now: u64, work: impl FnOnce(Host) -> F) -> Step<T> {
    let host = Host::default();
    host.slot(|slot| slot.now = now);
    Pending { future: Box::pin(work(host.clone())), host }.advance()
}

/// The host as seen by a route: one method for each question.
#[derive(Clone, Default)]
pub(crate) struct Host(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    question: Option<Question>,
    answer: Option<Answer>,
    /// The time of the last answer, in seconds since 1970.
    now: u64,
    /// The rounds of bcrypt so far.
    rounds: u64,
    subject: Subject,
}

impl Host {
    /// The time of the last answer, in seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.slot(|slot| slot.now)
    }

    /// How many rounds of bcrypt were computed so far.
    pub(crate) fn rounds(&self) -> u64 {
        self.slot(|slot| slot.rounds)
    }

    /// Whom the request is about, as far as it is known.
    pub(crate) fn subject(&self) -> Subject {
        self.slot(|slot| slot.subject.clone())
    }

    pub(crate) async fn body(&self, within_seconds: u32) -> Result<Vec<u8>, Refusal> {
        match self.ask(Question::Body { at_most: BODY_MAX_BYTES, within_seconds }).await {
            Answer::Body(body) if body.len() > BODY_MAX_BYTES => Err(Refusal::BodyTooLarge),
            Answer::Body(body) => Ok(body),
            Answer::TimedOut => Err(Refusal::BodyTimeout),
            Answer::Closed => Err(Refusal::ClientClosed),
            answer => Err(answer.refusal()),
        }
    }

    /// Refuses a request that exceeds a rate limit.
    pub(crate) async fn within(
        &self,
        settings: &Settings,
        client: &Client,
        account: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(limit) = Limit::of(settings, client.counted().as_deref(), account) else { return Ok(()) };
        match self.ask(Question::Limit(limit)).await {
            // A limiter that fails must not keep everyone out. The host has logged the reason.
            Answer::WithinLimit(true) | Answer::Unavailable => Ok(()),
            Answer::WithinLimit(false) => Err(Refusal::RateLimited),
            answer => Err(answer.refusal()),
        }
    }

    /// Asks one of the questions about users.
    pub(crate) async fn user(&self, question: Question) -> Result<Option<UserRow>, Refusal> {
        let with_token_version = matches!(
            &question,
            Question::UserByEmail { with_token_version: true, .. }
                | Question::UserById { with_token_version: true, .. }
                | Question::UserByMailToken { with_token_version: true, .. }
        );
        match self.ask(question).await {
            Answer::User(user) => self.found(with_token_version, user),
            answer => Err(answer.refusal()),
        }
    }

    /// A user whom the store has returned: the request is about that one.
    fn found(&self, with_token_version: bool, user: Option<UserRow>) -> Result<Option<UserRow>, Refusal> {
        let Some(user) = user else { return Ok(None) };
        self.slot(|slot| slot.subject.user_id = Some(user.id.clone()));
        Ok(Some(UserRow { token_version: version(with_token_version, user.token_version)?, ..user }))
    }

    /// Asks [`Question::UserAtLogin`].
    pub(crate) async fn user_at_login(
        &self,
        email: String,
        with_token_version: bool,
        LoginKeys { account, client }: LoginKeys,
    ) -> Result<UserAtLogin, Refusal> {
        let now = self.seconds();
        match self.ask(Question::UserAtLogin { email, with_token_version, account, client, now }).await {
            Answer::UserAtLogin(found) => {
                let UserAtLogin { user, state } = *found;
                Ok(UserAtLogin { user: self.found(with_token_version, user)?, state })
            }
            answer => Err(answer.refusal()),
        }
    }

    /// Asks [`Question::CountLogin`]. An attempt that cannot be counted is not answered.
    pub(crate) async fn counted(&self, login: CountedLogin) -> Result<i64, Refusal> {
        let counts = login.counts;
        match self.ask(Question::CountLogin(login)).await {
            Answer::Counted(failures) if counts && failures < 1 => {
                Err(Refusal::InvalidRow(InvalidRow { column: "failures" }))
            }
            Answer::Counted(failures) => Ok(failures),
            answer => Err(answer.refusal()),
        }
    }

    /// The claims that the host adds to the access token of this user.
    pub(crate) async fn claims(&self, user: User) -> Result<Map<String, Value>, Refusal> {
        match self.ask(Question::Claims { user }).await {
            Answer::Claims(claims) => Ok(claims),
            answer => Err(answer.refusal()),
        }
    }

    /// Has the host do this after the reply, with a host of its own.
    pub(crate) async fn later<F: Future<Output = ()> + Send + 'static>(&self, work: impl FnOnce(Self) -> F) {
        let (host, subject) = (Self::default(), self.subject());
        host.slot(|slot| slot.subject = subject);
        let future = Box::pin(work(host.clone()));
        self.note(Question::Later { work: Later::new(Pending { future, host }) }).await;
    }

    /// Stores something about a login that has succeeded. A failure does not refuse the login: the host has logged it.
    pub(crate) async fn note(&self, question: Question) {
        let _answer = self.ask(question).await;
    }

    /// Asks [`Question::Verify`]; `None` for a stored text that the host cannot read.
    pub(crate) async fn verified(&self, job: SchemeJob) -> Result<Option<bool>, Refusal> {
        match self.ask(Question::Verify { job }).await {
            Answer::Verified(is_right) => Ok(Some(is_right)),
            Answer::Unreadable => Ok(None),
            answer => Err(answer.refusal()),
        }
    }

    /// A new hash of a password, of the scheme of new hashes.
    pub(crate) async fn hashed(&self, settings: &Settings, password: &str) -> Result<String, Refusal> {
        if settings.argon2id {
            password::check_new(password)?;
            return self.hashed_by_argon2id(password).await;
        }
        let (new, job) = password::prepare(password, settings.bcrypt_cost)?;
        let hashed = self.work(job).await?;
        Ok(new.finish(&hashed))
    }

    /// The same by Argon2id, which reads the whole password.
    pub(crate) async fn hashed_by_argon2id(&self, password: &str) -> Result<String, Refusal> {
        match self.ask(Question::Hash { job: SchemeJob::new("", password) }).await {
            Answer::Hashed(stored) => Ok(stored),
            answer => Err(answer.refusal()),
        }
    }

    /// Refuses a new password that must not be chosen: like the address of the user, or known from a data breach. `field` is that of the body.
    ///
    /// What does not answer, or answers something else, lets the password pass: the host has logged it.
    pub(crate) async fn choosable(
        &self,
        settings: &Settings,
        field: &'static str,
        password: &str,
        email: &str,
    ) -> Result<(), Refusal> {
        unlike_address(field, password, email, &settings.password_rules(), &settings.unicode)?;
        let Some(prefix) = &settings.pwned_passwords else { return Ok(()) };
        let (asked, others) = pwned_passwords::digits(password);
        let question =
            Question::PwnedPasswords { url: [prefix, asked.as_str()].concat(), at_most: PWNED_RANGE_MAX_BYTES };
        match self.ask(question).await {
            Answer::PwnedPasswords(range)
                if range.len() <= PWNED_RANGE_MAX_BYTES && pwned_passwords::contains(&range, &others) =>
            {
                Err(pwned(field).into())
            }
            _ => Ok(()),
        }
    }

    /// Computes the job and counts its rounds.
    pub(crate) async fn work(&self, job: Job) -> Result<Hashed, Refusal> {
        match self.ask(Question::Work { job }).await {
            Answer::Worked(hashed) => {
                self.slot(|slot| slot.rounds = slot.rounds.saturating_add(hashed.rounds()));
                Ok(hashed)
            }
            answer => Err(answer.refusal()),
        }
    }

    pub(crate) async fn holds(&self, check: SignatureCheck) -> Result<bool, TokenRefusal> {
        match self.ask(Question::CheckSignature(check)).await {
            Answer::Holds(holds) => Ok(holds),
            _ => Err(TokenRefusal::Host),
        }
    }

    pub(crate) async fn sign(&self, job: SigningJob) -> Result<Vec<u8>, TokenRefusal> {
        match self.ask(Question::Sign(job)).await {
            Answer::Signature(signature) => Ok(signature),
            _ => Err(TokenRefusal::Host),
        }
    }

    /// `None` when the provider does not answer.
    pub(crate) async fn jwk_set(&self, url: &str) -> Option<JwkSet> {
        match self.ask(Question::JwkSet { url: url.to_owned(), at_most: JWK_SET_MAX_BYTES }).await {
            Answer::JwkSet(set) if set.body.len() <= JWK_SET_MAX_BYTES => Some(set),
            _ => None,
        }
    }

    /// Asks a question whose answer is [`Answer::Done`].
    pub(crate) async fn done(&self, question: Question) -> Result<(), Refusal> {
        match self.ask(question).await {
            Answer::Done => Ok(()),
            answer => Err(answer.refusal()),
        }
    }

    pub(crate) async fn rotate(&self, rotation: Rotation) -> Result<Option<Rotated>, Refusal> {
        let with_token_version = rotation.with_token_version;
        match self.ask(Question::RotateSession(rotation)).await {
            Answer::Rotated(Some(rotated)) => {
                self.slot(|slot| slot.subject.user_id = Some(rotated.user_id.clone()));
                Ok(Some(Rotated { token_version: version(with_token_version, rotated.token_version)?, ..rotated }))
            }
            Answer::Rotated(None) => Ok(None),
            answer => Err(answer.refusal()),
        }
    }

    pub(crate) async fn end(&self, end: SessionEnd) -> Result<Ended, Refusal> {
        match self.ask(Question::EndSession(end)).await {
            Answer::Ended(ended) => Ok(ended),
            answer => Err(answer.refusal()),
        }
    }

    /// Asks a question whose answer is [`Answer::Changed`].
    pub(crate) async fn changed(&self, question: Question) -> Result<bool, Refusal> {
        match self.ask(question).await {
            Answer::Changed(changed) => Ok(changed),
            answer => Err(answer.refusal()),
        }
    }

    /// Asks [`Question::StoreMailToken`]: the address to send the mail to.
    pub(crate) async fn mail_token(&self, token: NewMailToken) -> Result<Option<String>, Refusal> {
        match self.ask(Question::StoreMailToken(token)).await {
            Answer::Address(address) => Ok(address),
            answer => Err(answer.refusal()),
        }
    }

    pub(crate) async fn sessions(&self, user_id: UserId) -> Result<Vec<Session>, Refusal> {
        match self.ask(Question::Sessions { user_id, now: self.seconds() }).await {
            Answer::Sessions(sessions) => Ok(sessions),
            answer => Err(answer.refusal()),
        }
    }

    /// [`Host::now`], as databases have it.
    pub(crate) fn seconds(&self) -> i64 {
        i64::try_from(self.now()).unwrap_or(i64::MAX)
    }

    async fn ask(&self, question: Question) -> Answer {
        self.slot(|slot| slot.question = Some(question));
        poll_fn(|_| self.slot(|slot| slot.answer.take().map_or(Poll::Pending, Poll::Ready))).await
    }

    fn slot<R>(&self, use_it: impl FnOnce(&mut Slot) -> R) -> R {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Answer {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Unavailable => Refusal::StoreUnavailable,
            Self::Busy => Refusal::Busy,
            Self::InvalidRow(row) => Refusal::InvalidRow(*row),
            Self::Body(_)
            | Self::User(_)
            | Self::UserAtLogin(_)
            | Self::Counted(_)
            | Self::WithinLimit(_)
            | Self::Claims(_)
            | Self::Done
            | Self::Worked(_)
            | Self::Verified(_)
            | Self::Unreadable
            | Self::Hashed(_)
            | Self::Holds(_)
            | Self::Signature(_)
            | Self::JwkSet(_)
            | Self::Rotated(_)
            | Self::Ended(_)
            | Self::Changed(_)
            | Self::Address(_)
            | Self::PwnedPasswords(_)
            | Self::Upstream(_)
            | Self::Sessions(_)
            | Self::TimedOut
            | Self::Closed => WRONG_ANSWER,
        }
    }
}

const WRONG_ANSWER: Refusal = Refusal::Internal("the host answered another question than the one asked");

/// A token version is there exactly if it was asked for. A row that lacks it must not count as one of which nothing was revoked.
fn version(is_wanted: bool, version: Option<i64>) -> Result<Option<i64>, Refusal> {
    match (is_wanted, version) {
        (true, None) => Err(Refusal::InvalidRow(InvalidRow { column: "token_version" })),
        (true, version) => Ok(version),
        (false, _) => Ok(None),
    }
}
