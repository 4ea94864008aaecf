//! Questions and answers, as plain data.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    CountedLogin, Ended, Later, Limit, Mail, MovedUser, NewMailToken, NewSession, PasswordChange, Rotated, Rotation,
    SecurityEvent, SessionEnd, SucceededLogin, UpstreamReply, UpstreamRequest, UserAtLogin, UserDeletion,
};
use crate::{
    password::{Hashed, Job, SchemeJob},
    row::InvalidRow,
    session::Session,
    token::{SignatureCheck, SigningJob},
    user::{User, UserId, UserRow},
};

/// What the core asks of its host. To cancel, the host drops the [`Pending`](crate::Pending).
///
/// `Debug` shows the kind of question and no value, because values may be secret.
///
/// ```
/// use edgegate::{Gate, Question, Settings, Step, Vars};
///
/// let secret_key = Some("secret".repeat(8).into());
/// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
/// let credentials = edgegate::Credentials::new("ada@example.com", "correct horse");
/// let Step::Ask(question, _) = gate.login(credentials, 1_700_000_000) else { panic!() };
/// assert!(matches!(&question, Question::Limit(limit) if limit.client.is_none()));
/// assert_eq!(format!("{question:?}"), "Limit");
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Question {
    /// The request's body; answered by [`Answer::Body`]. Reading may stop after `at_most` + 1 bytes: a body of that
    /// length is refused.
    Body {
        /// Maximum length in bytes.
        at_most: usize,
        /// How many seconds it may take; then the answer is [`Answer::TimedOut`].
        within_seconds: u32,
    },
    /// Whether the request is within the rate limits, before anything costly; answered by [`Answer::WithinLimit`]. A host without a
    /// limiter answers [`Gate::within_limit`](crate::Gate::within_limit). If the limiter fails, [`Answer::Unavailable`] lets the
    /// request pass.
    Limit(Limit),
    /// The user with this e-mail address, ignoring letter case; answered by [`Answer::User`].
    UserByEmail {
        /// The address, trimmed.
        email: String,
        /// Whether `token_version` is needed.
        with_token_version: bool,
    },
    /// The same user, and what [`LoginState`](super::LoginState) has about logins with the address, in one statement, for a user that
    /// exists and for one that does not; answered by [`Answer::UserAtLogin`]. Asked instead of `UserByEmail` with `LOCKOUT=on`:
    ///
    /// ```sql
    /// SELECT client, failures, failed_at, expires_at FROM login_attempts
    /// WHERE account = :account AND client IN (:client, '') AND expires_at > :now ORDER BY client DESC LIMIT 1
    /// ```
    UserAtLogin {
        /// The address, trimmed.
        email: String,
        /// Whether `token_version` is needed.
        with_token_version: bool,
        /// A keyed hash of the address, whether it has an account or not.
        account: String,
        /// A keyed hash of the network of the client and the account; empty if the host does not know the address.
        client: String,
        /// The current time, in seconds since 1970.
        now: i64,
    },
    /// Count a login before its password is checked; answered by [`Answer::Counted`].
    CountLogin(CountedLogin),
    /// A login has succeeded; answered by [`Answer::Done`]. The login succeeds even if this fails.
    LoginSucceeded(SucceededLogin),
    /// The user with this id; answered by [`Answer::User`].
    UserById {
        /// The id from the token.
        id: UserId,
        /// Whether `token_version` is needed. The read must then see the last write.
        with_token_version: bool,
    },
    /// Insert this user unless the address is taken, ignoring letter case; answered by [`Answer::User`], with `None`
    /// when it is taken.
    InsertUser {
        /// The address to store.
        email: String,
        /// The hash to store.
        password: String,
        /// Whether the column `email_verified` is to be `FALSE`, with `EMAIL_VERIFICATION`. Otherwise it is left out.
        is_unverified: bool,
    },
    /// Further claims of the access token of this user, whose login or refresh is accepted; answered by [`Answer::Claims`]. Asked only
    /// with [`Settings::asks_claims`](crate::Settings::asks_claims).
    Claims {
        /// The user. JavaScript has the row, whose further columns do not pass through the core.
        #[serde(skip)]
        user: User,
    },
    /// Replace a stored hash with a stronger one of the same password, if it is still `old`; answered by
    /// [`Answer::Done`]. Asked after the reply of a login.
    ReplaceHash {
        /// The user.
        id: UserId,
        /// The hash that was read.
        old: String,
        /// The hash to store instead.
        new: String,
    },
    /// Compute a bcrypt hash; answered by [`Answer::Worked`] with the result of [`Job::work_out`]. A host may compute it on
    /// another thread, or together with those of other requests by [`work_out`](crate::password::work_out).
    Work {
        /// The hash to compute.
        #[serde(skip)]
        job: Job,
    },
    /// Verify a password by a stored hash that is none of bcrypt; answered by [`Answer::Verified`], or [`Answer::Unreadable`] without any
    /// work. Asked only with [`Settings::other_schemes`](crate::Settings::other_schemes).
    Verify {
        /// The stored text and the password.
        #[serde(skip)]
        job: SchemeJob,
    },
    /// Hash a password by Argon2id; answered by [`Answer::Hashed`]. Asked only with `PASSWORD_SCHEME=argon2id`.
    Hash {
        /// The password; the stored text is empty.
        #[serde(skip)]
        job: SchemeJob,
    },
    /// Do this after the reply; answered by [`Answer::Done`] at once.
    Later {
        /// What to do.
        #[serde(skip)]
        work: Later,
    },
    /// Whether a signature is valid; answered by [`Answer::Holds`]. [`SignatureCheck::holds`] computes it in Rust.
    CheckSignature(SignatureCheck),
    /// Sign; answered by [`Answer::Signature`]. [`SigningJob::signature`] computes it in Rust.
    Sign(SigningJob),
    /// The JWK set of an identity provider; answered by [`Answer::JwkSet`]. A redirect or a status other than 200 is a
    /// failure: answer [`Answer::Unavailable`].
    JwkSet {
        /// An `https:` URL.
        url: String,
        /// Maximum length in bytes.
        at_most: usize,
    },
    /// A range of Have I Been Pwned's passwords, with padding; answered by [`Answer::PwnedPasswords`]. A failure lets the password pass: the
    /// host logs it, and answers [`Answer::Unavailable`]. Asked only with `PWNED_PASSWORDS`.
    PwnedPasswords {
        /// An `https:` URL. Its last five characters are the first ones of the hash of a password.
        url: String,
        /// Maximum length in bytes.
        at_most: usize,
    },
    /// Send a request to the backend of `UPSTREAM`; answered by [`Answer::Upstream`], by [`Answer::TimedOut`] after ten seconds, and by
    /// [`Answer::Unavailable`] for any other failure, which the host logs without the request. Asked only with `TRICKLE` and `WRITE_BACK`.
    Upstream(UpstreamRequest),
    /// Store a user who moves, unless another one has the id or the address, ignoring letter case; answered by [`Answer::Changed`].
    MoveUser(MovedUser),
    /// Store a new password, if the user still has the old one; answered by [`Answer::Changed`].
    ChangePassword(PasswordChange),
    /// Store a token for a mail, if the address has an account whose last one is old enough; answered by [`Answer::Address`] with the
    /// address as it is stored, or `None`. Asked after the reply.
    StoreMailToken(NewMailToken),
    /// The user for whom the token of a mail for a new password is that has this hash, if it has not expired and the user still has the address to which it was sent;
    /// answered by [`Answer::User`].
    UserByMailToken {
        /// The hash.
        hash: String,
        /// The current time, in seconds since 1970.
        now: i64,
        /// Whether `token_version` is needed.
        with_token_version: bool,
    },
    /// The address of the user for whom the token with this hash is, of a mail to verify it, is verified, if the token has not expired and the
    /// user still has that address; answered by [`Answer::Changed`]. The token is deleted in the same transaction:
    ///
    /// ```sql
    /// UPDATE users SET email_verified = TRUE WHERE (id, email) = (
    ///   SELECT user_id, email FROM mail_tokens WHERE kind = 'email-verification' AND hash = :hash AND expires_at > :now);
    /// DELETE FROM mail_tokens WHERE kind = 'email-verification' AND hash = :hash
    /// ```
    VerifyEmail {
        /// The hash.
        hash: String,
        /// The current time, in seconds since 1970.
        now: i64,
    },
    /// Send a mail; answered by [`Answer::Done`]. Asked after the reply.
    SendMail(Mail),
    /// Delete a user, with the user's sessions, if the user still has this password; answered by [`Answer::Changed`].
    DeleteUser(UserDeletion),
    /// Revoke all tokens of this user: add 1 to `token_version`, and delete the user's sessions in the same transaction;
    /// answered by [`Answer::Done`].
    RevokeTokens {
        /// The user.
        id: UserId,
        /// Whether there are sessions.
        with_sessions: bool,
    },
    /// Store a new session; answered by [`Answer::Changed`], with `false` when the user has another password hash or token
    /// version by now.
    InsertSession(Box<NewSession>),
    /// Replace the refresh token of a session; answered by [`Answer::Rotated`].
    RotateSession(Rotation),
    /// Delete a session because a refresh token was not accepted; answered by [`Answer::Ended`].
    EndSession(SessionEnd),
    /// Delete the session of this name; answered by [`Answer::Changed`].
    DeleteSession {
        /// The name of the session.
        id: String,
        /// The user whose session it must be, if that matters.
        user_id: Option<UserId>,
        /// The hash that must be that of its refresh token or of the previous one, if that matters.
        known_as: Option<String>,
    },
    /// Tell the app what has happened, and insert it into the table `audit` if `store` is set; answered by [`Answer::Done`]. The reply is
    /// the same if this fails. Asked with `AUDIT=on` or [`Settings::tells_events`](crate::Settings::tells_events).
    SecurityEvent {
        /// What has happened.
        event: SecurityEvent,
        /// Whether to store it.
        store: bool,
    },
    /// The live sessions of this user, the last used first; answered by [`Answer::Sessions`].
    Sessions {
        /// The user.
        user_id: UserId,
        /// The current time, in seconds since 1970.
        now: i64,
    },
}

/// The host's answer. `Debug` shows the kind of answer and no value, because values may be secret.
///
/// ```
/// use edgegate::{Answer, Step, host::passwords, password::Cost};
///
/// let Step::Ask(_, pending) = passwords::hash("correct horse", Cost::new(10)?) else { panic!() };
/// assert_eq!(pending.answer(Answer::Busy, 0).done(), Some(Err(edgegate::Refusal::Busy)));
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Question::Body`]: the bytes.
    Body(Vec<u8>),
    /// To [`Question::Limit`]: whether the request is within the limits.
    WithinLimit(bool),
    /// To the questions about users: the row, or `None`.
    User(Option<UserRow>),
    /// To [`Question::UserAtLogin`]: the row, and what is stored about logins.
    UserAtLogin(Box<UserAtLogin>),
    /// To [`Question::CountLogin`]: the failures in the row, with this one.
    Counted(i64),
    /// To [`Question::Claims`]: the claims.
    Claims(Map<String, Value>),
    /// To questions that change the store: it is done.
    Done,
    /// To [`Question::Verify`]: whether the password is right.
    Verified(bool),
    /// To [`Question::Verify`]: the text is no hash that the host knows, or is too costly.
    Unreadable,
    /// To [`Question::Hash`]: the text to store.
    Hashed(String),
    /// To [`Question::CheckSignature`]: whether the signature is valid.
    Holds(bool),
    /// To [`Question::Sign`]: the signature, 64 bytes for Ed25519.
    Signature(Vec<u8>),
    /// To [`Question::JwkSet`]: the response.
    JwkSet(JwkSet),
    /// To [`Question::RotateSession`]: the session, or `None` when the refresh token is not accepted.
    Rotated(Option<Rotated>),
    /// To [`Question::EndSession`]: what was ended.
    Ended(Ended),
    /// To [`Question::InsertSession`], [`Question::DeleteSession`] and others that change a row: whether there was one to change.
    Changed(bool),
    /// To [`Question::PwnedPasswords`]: the body of the response.
    PwnedPasswords(Vec<u8>),
    /// To [`Question::Upstream`]: the answer.
    Upstream(UpstreamReply),
    /// To [`Question::StoreMailToken`]: the address, or `None` when no mail is to be sent.
    Address(Option<String>),
    /// To [`Question::Sessions`]: the sessions.
    Sessions(Vec<Session>),
    /// To [`Question::Work`]: the result.
    Worked(Hashed),
    /// To [`Question::Body`] and [`Question::Upstream`]: it has not arrived in time.
    TimedOut,
    /// To [`Question::Body`]: the client has closed the request.
    Closed,
    /// To questions about passwords: the queue is full, or the work was stopped.
    Busy,
    /// To the questions about users: the row is invalid because of this column. The reply is 503, and the log names the
    /// column.
    InvalidRow(InvalidRow),
    /// To any question: the store cannot answer now. The host has logged the reason.
    Unavailable,
}

/// The HTTP response with an identity provider's keys.
///
/// ```
/// use edgegate::{Answer, host::JwkSet};
///
/// let body = br#"{"keys": []}"#.to_vec();
/// let answer = Answer::JwkSet(JwkSet { body, cache_control: Some("max-age=3600".into()), age: None });
/// assert_eq!(format!("{answer:?}"), "JwkSet");
/// ```
#[derive(Debug, Clone)]
pub struct JwkSet {
    /// The body.
    pub body: Vec<u8>,
    /// The value of `Cache-Control`, if present.
    pub cache_control: Option<String>,
    /// The value of `Age`, if present.
    pub age: Option<String>,
}

impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Body { .. } => "Body",
            Self::Limit(_) => "Limit",
            Self::UserByEmail { .. } => "UserByEmail",
            Self::UserAtLogin { .. } => "UserAtLogin",
            Self::CountLogin(_) => "CountLogin",
            Self::LoginSucceeded(_) => "LoginSucceeded",
            Self::UserById { .. } => "UserById",
            Self::InsertUser { .. } => "InsertUser",
            Self::Claims { .. } => "Claims",
            Self::ReplaceHash { .. } => "ReplaceHash",
            Self::Work { .. } => "Work",
            Self::Verify { .. } => "Verify",
            Self::Hash { .. } => "Hash",
            Self::Later { .. } => "Later",
            Self::CheckSignature(_) => "CheckSignature",
            Self::Sign(_) => "Sign",
            Self::JwkSet { .. } => "JwkSet",
            Self::PwnedPasswords { .. } => "PwnedPasswords",
            Self::Upstream(_) => "Upstream",
            Self::MoveUser(_) => "MoveUser",
            Self::ChangePassword(_) => "ChangePassword",
            Self::DeleteUser(_) => "DeleteUser",
            Self::StoreMailToken(_) => "StoreMailToken",
            Self::UserByMailToken { .. } => "UserByMailToken",
            Self::VerifyEmail { .. } => "VerifyEmail",
            Self::SendMail(_) => "SendMail",
            Self::RevokeTokens { .. } => "RevokeTokens",
            Self::InsertSession(_) => "InsertSession",
            Self::RotateSession(_) => "RotateSession",
            Self::EndSession(_) => "EndSession",
            Self::DeleteSession { .. } => "DeleteSession",
            Self::SecurityEvent { .. } => "SecurityEvent",
            Self::Sessions { .. } => "Sessions",
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Body(_) => "Body",
            Self::WithinLimit(_) => "WithinLimit",
            Self::User(Some(_)) => "User(Some)",
            Self::User(None) => "User(None)",
            Self::UserAtLogin(_) => "UserAtLogin",
            Self::Counted(_) => "Counted",
            Self::Claims(_) => "Claims",
            Self::Done => "Done",
            Self::Verified(_) => "Verified",
            Self::Unreadable => "Unreadable",
            Self::Hashed(_) => "Hashed",
            Self::Holds(_) => "Holds",
            Self::Signature(_) => "Signature",
            Self::JwkSet(_) => "JwkSet",
            Self::Rotated(_) => "Rotated",
            Self::Ended(_) => "Ended",
            Self::Changed(_) => "Changed",
            Self::PwnedPasswords(_) => "PwnedPasswords",
            Self::Upstream(_) => "Upstream",
            Self::Address(_) => "Address",
            Self::Sessions(_) => "Sessions",
            Self::TimedOut => "TimedOut",
            Self::Closed => "Closed",
            Self::Worked(_) => "Worked",
            Self::Busy => "Busy",
            Self::InvalidRow(_) => "InvalidRow",
            Self::Unavailable => "Unavailable",
        })
    }
}
