//! The user store, as the gate needs it.

use std::{error::Error, fmt, pin::Pin};

use edgegate::{
    Answer, InvalidRow, Question, UserId, UserRow,
    host::{
        CountedLogin, Ended, NewMailToken, NewSession, PasswordChange, Rotated, Rotation, SecurityEvent, Session,
        SessionEnd, SucceededLogin, UserAtLogin, UserDeletion,
    },
};

/// The users and their sessions.
///
/// [`SqliteStore`](crate::SqliteStore), [`PgStore`](crate::PgStore) and [`MemoryStore`](crate::MemoryStore) implement it. For
/// another database, write the methods as `async fn`, and run [`store_test`](crate::store_test) on them. The first three are
/// needed in any case; the others for the settings that they name, and fail by default with [`StoreError::Unsupported`].
///
/// Where a method says *one statement*, another writer must not be able to come between its parts: concurrent requests are what
/// an attacker sends. An `Err` is answered 503 and logged; it must contain no password, token or hash. A method that takes more
/// than 10 seconds is dropped and answered in the same way.
///
/// ```
/// use edgegate_axum::{Store, StoreError};
/// use edgegate::{UserId, UserRow};
///
/// /// One user, who cannot be changed.
/// struct Single(UserRow);
///
/// impl Store for Single {
///     async fn user_by_email(&self, email: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
///         Ok(Some(&self.0).filter(|user| user.email.eq_ignore_ascii_case(email)).cloned())
///     }
///
///     async fn user_by_id(&self, id: &UserId, _: bool) -> Result<Option<UserRow>, StoreError> {
///         Ok(Some(&self.0).filter(|user| user.id == *id).cloned())
///     }
///
///     async fn insert_user(&self, _: &str, _: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
///         Err(StoreError::Unsupported("REGISTRATION"))
///     }
/// }
/// ```
pub trait Store: Send + Sync + 'static {
    /// Finds a user by e-mail address, ignoring the case of the letters A to Z. It must see the last write.
    ///
    /// `with_token_version` asks for [`UserRow::token_version`] (`REVOCATION`).
    fn user_by_email(
        &self,
        email: &str,
        with_token_version: bool,
    ) -> impl Future<Output = Result<Option<UserRow>, StoreError>> + Send;

    /// Finds a user by id. With `with_token_version` it must see the last write; without, a replica may answer.
    ///
    /// An id that no user can have, such as a text where ids are numbers, is `None` and no error. The decimal text of a number
    /// may find the user of that number: tokens with the claim `sub` contain it.
    fn user_by_id(
        &self,
        id: &UserId,
        with_token_version: bool,
    ) -> impl Future<Output = Result<Option<UserRow>, StoreError>> + Send;

    /// Stores a user and returns the row, or `None` when the address is taken, ignoring the case of the letters A to Z. One
    /// statement: of two requests with one address, one gets the row. The id of a deleted user must not be used again.
    ///
    /// With `is_unverified`, the column `email_verified` is `FALSE`: only with `EMAIL_VERIFICATION`.
    fn insert_user(
        &self,
        email: &str,
        password: &str,
        is_unverified: bool,
    ) -> impl Future<Output = Result<Option<UserRow>, StoreError>> + Send;

    /// Replaces the hash of this user by `new` if it is still `old`. One statement. For `REHASH`.
    fn replace_hash(
        &self,
        _id: &UserId,
        _old: &str,
        _new: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Err(StoreError::Unsupported("REHASH")) }
    }

    /// Adds 1 to the user's `token_version`, and with `with_sessions` deletes the user's sessions, in one transaction. No
    /// concurrent [`Store::insert_session`] with the old version may leave a session behind. For `REVOCATION`.
    fn revoke_tokens(&self, _id: &UserId, _with_sessions: bool) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Err(StoreError::Unsupported("REVOCATION")) }
    }

    /// Stores a new password hash, if the user still has the old one and, if there is one, the token version; ends the user's tokens and
    /// sessions in the same transaction, and returns whether it did. One transaction: [`PasswordChange`] has the SQL. For
    /// `PASSWORD_CHANGE` and `PASSWORD_RECOVERY`.
    fn change_password(&self, _change: &PasswordChange) -> impl Future<Output = Result<bool, StoreError>> + Send {
        async { Err(StoreError::Unsupported("PASSWORD_CHANGE")) }
    }

    /// Stores the token of a mail to the user with this address, ignoring the case of the letters A to Z, instead of the one of the same kind before, unless
    /// that was stored after [`NewMailToken::not_since`]. Returns the address as it is stored, or `None` if it has stored nothing. One
    /// statement: [`NewMailToken`] has the SQL. For `PASSWORD_RECOVERY`, as the next one, and
    /// `EMAIL_VERIFICATION`.
    fn store_mail_token(
        &self,
        _token: &NewMailToken,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send {
        async { Err(RECOVERY) }
    }

    /// Finds the user for whom the token for a new password with this hash is, if it has not expired at `now`, and the user still has the address to which it was
    /// sent.
    fn user_by_mail_token(
        &self,
        _hash: &str,
        _now: i64,
        _with_token_version: bool,
    ) -> impl Future<Output = Result<Option<UserRow>, StoreError>> + Send {
        async { Err(RECOVERY) }
    }

    /// Sets the column `email_verified` of the user for whom the token with this hash is, of the mail to verify the address, under the
    /// conditions of [`Store::user_by_mail_token`], and deletes the token in the same transaction. Returns whether it did. For
    /// `EMAIL_VERIFICATION`.
    fn verify_email(&self, _hash: &str, _now: i64) -> impl Future<Output = Result<bool, StoreError>> + Send {
        async { Err(StoreError::Unsupported("EMAIL_VERIFICATION")) }
    }

    /// Deletes a user, and the user's sessions, if the user still has the password hash and, if there is one, the token version. Returns
    /// whether it did. One transaction: [`UserDeletion`] has the SQL. For `ACCOUNT_DELETION`.
    fn delete_user(&self, _deletion: &UserDeletion) -> impl Future<Output = Result<bool, StoreError>> + Send {
        async { Err(StoreError::Unsupported("ACCOUNT_DELETION")) }
    }

    /// Finds a user by e-mail address as [`Store::user_by_email`] does, and the row of `login_attempts` of this account that
    /// has not expired: that of `client` if there is one, otherwise that of the client `""`. One statement, which is the same whether there is such a user or
    /// not. For `LOCKOUT`, as the next two.
    fn user_at_login(
        &self,
        _email: &str,
        _with_token_version: bool,
        _account: &str,
        _client: &str,
        _now: i64,
    ) -> impl Future<Output = Result<UserAtLogin, StoreError>> + Send {
        async { Err(LOCKOUT) }
    }

    /// Counts a login before its password is checked, and returns the failures of the row with this one. One statement:
    /// [`CountedLogin`] has the SQL. It may delete expired rows of other accounts.
    fn count_login(&self, _login: &CountedLogin) -> impl Future<Output = Result<i64, StoreError>> + Send {
        async { Err(LOCKOUT) }
    }

    /// Makes the client known, and takes the login back where it was counted. One transaction: [`SucceededLogin`] has the SQL.
    fn login_succeeded(&self, _login: &SucceededLogin) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Err(LOCKOUT) }
    }

    /// Inserts a row into the table `audit`. If it fails, the error is logged and the answer is the same. For `AUDIT`.
    fn record_event(&self, _event: &SecurityEvent) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Err(StoreError::Unsupported("AUDIT")) }
    }

    /// Stores a session, if the user still has the password hash and, if there is one, the token
    /// version of the session. Returns whether it did. One statement: [`NewSession`] has the SQL. It may delete the user's
    /// expired sessions. For `REFRESH_TOKEN_EXPIRE_MINUTES`, as all methods below.
    fn insert_session(&self, _session: &NewSession) -> impl Future<Output = Result<bool, StoreError>> + Send {
        async { Err(SESSIONS) }
    }

    /// Replaces the refresh token of a session, or repeats the answer to the same use; `None` when the token is not accepted. One
    /// statement: [`Rotation`] has the SQL.
    fn rotate_session(&self, _rotation: &Rotation) -> impl Future<Output = Result<Option<Rotated>, StoreError>> + Send {
        async { Err(SESSIONS) }
    }

    /// Deletes a session because of a refresh token that was not accepted, and with `raise_token_version` adds 1 to the user's
    /// `token_version` if the session had not expired. One transaction: [`SessionEnd`] has the SQL.
    fn end_session(&self, _end: &SessionEnd) -> impl Future<Output = Result<Ended, StoreError>> + Send {
        async { Err(SESSIONS) }
    }

    /// Deletes the session of this name if it is of this user and `known_as` is the hash of its token or of the previous one,
    /// where these are given. Returns whether it did.
    fn delete_session(
        &self,
        _id: &str,
        _user_id: Option<&UserId>,
        _known_as: Option<&str>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        async { Err(SESSIONS) }
    }

    /// The sessions of the user that have not expired at `now`, the last used first, at most 100.
    fn sessions(&self, _user_id: &UserId, _now: i64) -> impl Future<Output = Result<Vec<Session>, StoreError>> + Send {
        async { Err(SESSIONS) }
    }
}

const RECOVERY: StoreError = StoreError::Unsupported("PASSWORD_RECOVERY");
const LOCKOUT: StoreError = StoreError::Unsupported("LOCKOUT");
const SESSIONS: StoreError = StoreError::Unsupported("REFRESH_TOKEN_EXPIRE_MINUTES");

/// Why a [`Store`] did not answer. The reply is 503.
///
/// ```
/// use edgegate_axum::StoreError;
///
/// assert_eq!(StoreError::unavailable("no connection").to_string(), "the user store did not answer: no connection");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// A column of a row is missing or has the wrong type.
    InvalidRow(InvalidRow),
    /// The store has no method for this setting.
    Unsupported(&'static str),
}

impl StoreError {
    /// An error of the database.
    pub fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(error) => write!(formatter, "the user store did not answer: {error}"),
            Self::InvalidRow(error) => error.fmt(formatter),
            Self::Unsupported(setting) => write!(formatter, "the user store does not support {setting}"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(error) => error.source(),
            Self::InvalidRow(_) | Self::Unsupported(_) => None,
        }
    }
}

impl From<InvalidRow> for StoreError {
    fn from(error: InvalidRow) -> Self {
        Self::InvalidRow(error)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`Store`] of any type: routers and extractors do not name it. One method, so one allocation for a question.
pub(crate) trait AnyStore: Send + Sync {
    /// `None` for a question that is not one to a store.
    fn answer<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Option<Result<Answer, StoreError>>>;
}

impl<S: Store> AnyStore for S {
    fn answer<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Option<Result<Answer, StoreError>>> {
        Box::pin(async move { answer(self, question).await.transpose() })
    }
}

async fn answer<S: Store>(store: &S, question: &Question) -> Result<Option<Answer>, StoreError> {
    Ok(Some(match question {
        Question::UserByEmail { email, with_token_version } => {
            Answer::User(store.user_by_email(email, *with_token_version).await?)
        }
        Question::UserAtLogin { email, with_token_version, account, client, now } => {
            let found = store.user_at_login(email, *with_token_version, account, client, *now).await?;
            Answer::UserAtLogin(Box::new(found))
        }
        Question::CountLogin(login) => Answer::Counted(store.count_login(login).await?),
        Question::LoginSucceeded(login) => {
            store.login_succeeded(login).await?;
            Answer::Done
        }
        Question::SecurityEvent { event, .. } => {
            store.record_event(event).await?;
            Answer::Done
        }
        Question::UserById { id, with_token_version } => Answer::User(store.user_by_id(id, *with_token_version).await?),
        Question::InsertUser { email, password, is_unverified } => {
            Answer::User(store.insert_user(email, password, *is_unverified).await?)
        }
        Question::VerifyEmail { hash, now } => Answer::Changed(store.verify_email(hash, *now).await?),
        Question::ReplaceHash { id, old, new } => {
            store.replace_hash(id, old, new).await?;
            Answer::Done
        }
        Question::RevokeTokens { id, with_sessions } => {
            store.revoke_tokens(id, *with_sessions).await?;
            Answer::Done
        }
        Question::ChangePassword(change) => Answer::Changed(store.change_password(change).await?),
        Question::StoreMailToken(token) => Answer::Address(store.store_mail_token(token).await?),
        Question::UserByMailToken { hash, now, with_token_version } => {
            Answer::User(store.user_by_mail_token(hash, *now, *with_token_version).await?)
        }
        Question::DeleteUser(deletion) => Answer::Changed(store.delete_user(deletion).await?),
        Question::InsertSession(session) => Answer::Changed(store.insert_session(session).await?),
        Question::RotateSession(rotation) => Answer::Rotated(store.rotate_session(rotation).await?),
        Question::EndSession(end) => Answer::Ended(store.end_session(end).await?),
        Question::DeleteSession { id, user_id, known_as } => {
            Answer::Changed(store.delete_session(id, user_id.as_ref(), known_as.as_deref()).await?)
        }
        Question::Sessions { user_id, now } => Answer::Sessions(store.sessions(user_id, *now).await?),
        _ => return Ok(None),
    }))
}
