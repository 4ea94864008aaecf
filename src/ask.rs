//! The state machine's outside: the core asks, the host answers.
//!
//! The core performs no I/O. A [`Step`] is either done or a [`Question`] with what is [`Pending`]; the host answers
//! and gets the next step. Inside, a route is an `async fn` that awaits the host's answers, so the compiler writes the
//! state machine, and it reads from top to bottom.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::{
    limits::BODY_MAX_BYTES,
    password::{Hashed, Job, Rounds},
    refusal::Refusal,
};

/// Done, or a question to the host.
pub enum Step<T> {
    /// Nothing is left to ask.
    Done(T),
    /// The host answers the question through [`Pending::answer`].
    Ask(Question, Pending<T>),
}

impl<T: 'static> Step<T> {
    /// The same step, with what it comes to in another form.
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

/// What the core wants to know. It is plain data; a host that gives up simply drops the [`Pending`].
#[derive(Clone)]
#[cfg_attr(
    feature = "wasm",
    derive(tsify::Tsify),
    serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[non_exhaustive]
pub enum Question {
    /// The request's body; answered by [`Answer::Body`]. Reading may stop after `at_most` + 1 bytes: a longer answer is
    /// refused whatever follows.
    Body {
        /// The most bytes that are of use.
        at_most: usize,
    },
    /// The user with this e-mail address in any letter case; answered by [`Answer::User`].
    UserByEmail {
        /// The address, trimmed.
        email: String,
    },
    /// The user with this id; answered by [`Answer::User`].
    UserById {
        /// Within plus or minus 2^53 - 1.
        id: i64,
    },
    /// Insert this user unless the address is taken in any letter case; answered by [`Answer::User`], without a user
    /// when it is taken.
    InsertUser {
        /// The address, as it is to be stored.
        email: String,
        /// The bcrypt hash, as it is to be stored.
        password: String,
    },
    /// Replace a stored hash by a stronger one of the same password, if it is still the old one; answered by
    /// [`Answer::Done`]. The login does not depend on it.
    ReplaceHash {
        /// The user.
        id: i64,
        /// The hash that was read.
        old: String,
        /// The hash to store instead.
        new: String,
    },
    /// Work out bcrypt hashes; answered by [`Answer::Worked`] with what [`work_out`](crate::password::work_out) comes to.
    /// A host may do it on another thread, or side by side with that of other requests.
    Work {
        /// How many there are: one or two.
        lanes: usize,
        /// What is to be worked out.
        #[cfg_attr(feature = "wasm", serde(skip))]
        jobs: Vec<Job>,
    },
}

/// What the host says.
#[derive(Clone)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Question::Body`]: the bytes.
    Body(Vec<u8>),
    /// To the questions about users: the row, when there is one.
    User(Option<UserRow>),
    /// To [`Question::ReplaceHash`].
    Done,
    /// To [`Question::Work`]: the results, in the order of the jobs.
    Worked(Vec<Hashed>),
    /// To [`Question::Work`]: there is too much to do, or the work was stopped.
    Busy,
    /// The store cannot answer now. The host has logged why.
    Unavailable,
}

/// A row of `users`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct UserRow {
    /// The primary key.
    pub id: i64,
    /// The e-mail address, as stored.
    pub email: String,
    /// The bcrypt hash; what is none is a login refused, not an error.
    pub password: String,
    /// When the row was made, as it is to be shown.
    pub created_at: String,
}

/// The rest of a computation, waiting for the host.
pub struct Pending<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    host: Host,
}

impl<T> Pending<T> {
    /// Go on with what the host answered.
    #[must_use]
    pub fn answer(self, answer: Answer) -> Step<T> {
        self.host.slot(|slot| slot.answer = Some(answer));
        self.advance()
    }

    fn advance(mut self) -> Step<T> {
        // Only the host's answer moves the future on, so nobody has to be woken; a poll that leaves no question behind
        // cannot happen, and is polled again rather than lost.
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
pub(crate) fn start<T, F: Future<Output = T> + Send + 'static>(work: impl FnOnce(Host) -> F) -> Step<T> {
    let host = Host::default();
    Pending { future: Box::pin(work(host.clone())), host }.advance()
}

/// The host, as a route sees it: one method per question.
#[derive(Clone, Default)]
pub(crate) struct Host(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    question: Option<Question>,
    answer: Option<Answer>,
}

impl Host {
    pub(crate) async fn body(&self) -> Result<Vec<u8>, Refusal> {
        match self.ask(Question::Body { at_most: BODY_MAX_BYTES }).await {
            Answer::Body(body) if body.len() > BODY_MAX_BYTES => Err(Refusal::BodyTooLarge),
            Answer::Body(body) => Ok(body),
            answer => Err(answer.refusal()),
        }
    }

    /// The answer to any of the questions about users.
    pub(crate) async fn user(&self, question: Question) -> Result<Option<UserRow>, Refusal> {
        match self.ask(question).await {
            Answer::User(user) => Ok(user),
            answer => Err(answer.refusal()),
        }
    }

    pub(crate) async fn replace_hash(&self, id: i64, old: String, new: String) {
        // Whether it worked or not, the password was right; the host has logged what went wrong.
        let _answer = self.ask(Question::ReplaceHash { id, old, new }).await;
    }

    /// The results of one job or two, and the rounds that they took.
    pub(crate) async fn work<const N: usize>(
        &self,
        rounds: &mut Rounds,
        jobs: [Job; N],
    ) -> Result<[Hashed; N], Refusal> {
        rounds.add(&jobs);
        match self.ask(Question::Work { lanes: N, jobs: jobs.into() }).await {
            Answer::Worked(results) => results.try_into().map_err(|_| WRONG_ANSWER),
            answer => Err(answer.refusal()),
        }
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
    /// What an answer comes to that is not the one awaited.
    fn refusal(&self) -> Refusal {
        match self {
            Self::Unavailable => Refusal::StoreUnavailable,
            Self::Busy => Refusal::Busy,
            Self::Body(_) | Self::User(_) | Self::Done | Self::Worked(_) => WRONG_ANSWER,
        }
    }
}

const WRONG_ANSWER: Refusal = Refusal::Internal("the host answered another question than the one asked");
