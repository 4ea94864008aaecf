//! What is asked, and what is answered: plain data.

use std::fmt;

use serde::Serialize;

use super::{Rotation, Session};
use crate::{
    password::{Hashed, Job},
    token::{SignatureCheck, SigningJob},
    user::{InvalidRow, UserId, UserRow},
};

/// What the core asks of its host. A host that gives up drops the [`Pending`](crate::Pending).
///
/// `Debug` shows which question it is, and nothing that may be secret.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase")]
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
        /// Whether `tokens_valid_after` is wanted.
        with_valid_after: bool,
    },
    /// The user with this id; answered by [`Answer::User`].
    UserById {
        /// As the token has it.
        id: UserId,
        /// Whether `tokens_valid_after` is wanted, and so the last write has to be seen.
        with_valid_after: bool,
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
        id: UserId,
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
        #[serde(skip)]
        jobs: Vec<Job>,
    },
    /// Whether a signature holds; answered by [`Answer::Holds`]. In Rust, [`SignatureCheck::holds`] tells.
    CheckSignature(SignatureCheck),
    /// Sign; answered by [`Answer::Signature`]. In Rust, [`SigningJob::signature`] does.
    Sign(SigningJob),
    /// The JWK set of an identity provider; answered by [`Answer::JwkSet`]. A redirect, or a status other than 200, is no
    /// answer.
    JwkSet {
        /// An `https:` URL.
        url: String,
        /// The most bytes that are of use.
        at_most: usize,
    },
    /// Refuse every token that was issued before; answered by [`Answer::Done`].
    RevokeTokens {
        /// The user.
        id: UserId,
        /// What `tokens_valid_after` is to be, in seconds since 1970.
        valid_after: i64,
        /// Whether the user's refresh tokens are to be deleted too.
        with_sessions: bool,
    },
    /// Store a new session; answered by [`Answer::Done`].
    InsertSession(Session),
    /// Replace the refresh token of a session, in one statement; answered by [`Answer::Rotated`].
    RotateSession(Rotation),
    /// Delete a session, for its refresh token was used twice, unless the second use came within the grace; answered by
    /// [`Answer::Done`].
    EndSession(Rotation),
}

/// What the host says. `Debug` shows which answer it is, and nothing that may be secret.
#[derive(Clone)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Question::Body`]: the bytes.
    Body(Vec<u8>),
    /// To the questions about users: the row, when there is one.
    User(Option<UserRow>),
    /// To the questions that want something done.
    Done,
    /// To [`Question::CheckSignature`].
    Holds(bool),
    /// To [`Question::Sign`]: the signature, of Ed25519 64 bytes.
    Signature(Vec<u8>),
    /// To [`Question::JwkSet`].
    JwkSet(JwkSet),
    /// To [`Question::RotateSession`]: the user whose session it is, if the token was good.
    Rotated(Option<UserId>),
    /// To [`Question::Work`]: the results, in the order of the jobs.
    Worked(Vec<Hashed>),
    /// To [`Question::Work`]: there is too much to do, or the work was stopped.
    Busy,
    /// To the questions about users: the store's row is none, because of this column. It is answered 503, and logged.
    InvalidRow(InvalidRow),
    /// The store cannot answer now. The host has logged why.
    Unavailable,
}

/// The response with an identity provider's keys.
#[derive(Debug, Clone)]
pub struct JwkSet {
    /// The body.
    pub body: Vec<u8>,
    /// The value of `Cache-Control`, when there is one.
    pub cache_control: Option<String>,
    /// The value of `Age`, when there is one.
    pub age: Option<String>,
}

impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Body { .. } => "Body",
            Self::UserByEmail { .. } => "UserByEmail",
            Self::UserById { .. } => "UserById",
            Self::InsertUser { .. } => "InsertUser",
            Self::ReplaceHash { .. } => "ReplaceHash",
            Self::Work { .. } => "Work",
            Self::CheckSignature(_) => "CheckSignature",
            Self::Sign(_) => "Sign",
            Self::JwkSet { .. } => "JwkSet",
            Self::RevokeTokens { .. } => "RevokeTokens",
            Self::InsertSession(_) => "InsertSession",
            Self::RotateSession(_) => "RotateSession",
            Self::EndSession(_) => "EndSession",
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Body(_) => "Body",
            Self::User(Some(_)) => "User(Some)",
            Self::User(None) => "User(None)",
            Self::Done => "Done",
            Self::Holds(_) => "Holds",
            Self::Signature(_) => "Signature",
            Self::JwkSet(_) => "JwkSet",
            Self::Rotated(_) => "Rotated",
            Self::Worked(_) => "Worked",
            Self::Busy => "Busy",
            Self::InvalidRow(_) => "InvalidRow",
            Self::Unavailable => "Unavailable",
        })
    }
}
