//! Users and sessions in memory.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use edgegate::{
    UserId, UserRow,
    host::{
        CountedLogin, Ended, LoginState, MailKind, NewMailToken, NewSession, PasswordChange, Rotated, Rotation,
        SecurityEvent, Session, SessionEnd, SucceededLogin, UserAtLogin, UserDeletion,
    },
};

use crate::{Store, StoreError};

/// A user store in memory, for tests and demonstrations. Clones share the users.
///
/// ```
/// use edgegate_axum::{MemoryStore, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), edgegate_axum::StoreError> {
/// let store = MemoryStore::default();
/// let user = store.insert_user("ada@example.com", "$2b$12$...", false).await?;
/// assert_eq!(user.map(|user| user.id), Some(1.into()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    users: Vec<UserRow>,
    sessions: Vec<Row>,
    /// The tokens of mails, and for which user each is.
    mail_tokens: Vec<(UserId, NewMailToken)>,
    /// By account and client.
    attempts: BTreeMap<(String, String), LoginState>,
    /// The id of the last user that was inserted.
    last_id: i64,
}

/// A row of `sessions`.
struct Row {
    id: String,
    user_id: UserId,
    current: String,
    previous: Option<String>,
    sealed: Option<String>,
    created_at: i64,
    rotated_at: i64,
    expires_at: i64,
    ends_at: i64,
    user_agent: Option<String>,
    address: Option<String>,
}

impl MemoryStore {
    /// Creates a store with these users.
    ///
    /// ```
    /// use edgegate::UserRow;
    ///
    /// let row = r#"{"id": 7, "email": "ada@example.com", "password": null, "created_at": "2026-11-24", "role": "admin"}"#;
    /// let store = edgegate_axum::MemoryStore::new([serde_json::from_str::<UserRow>(row)?]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(users: impl IntoIterator<Item = UserRow>) -> Self {
        let users: Vec<_> =
            users.into_iter().map(|user| UserRow { token_version: user.token_version.or(Some(0)), ..user }).collect();
        let ids = users.iter().filter_map(|user| if let UserId::Integer(id) = user.id { Some(id) } else { None });
        let last_id = ids.max().unwrap_or(0);
        Self(Arc::new(Mutex::new(Tables { users, last_id, ..Tables::default() })))
    }

    /// Deletes a user and the user's sessions. Returns whether there was one.
    ///
    /// ```
    /// assert!(!edgegate_axum::MemoryStore::default().remove_user(&7.into()));
    /// ```
    pub fn remove_user(&self, id: &UserId) -> bool {
        let mut tables = self.lock();
        let before = tables.users.len();
        tables.users.retain(|user| user.id != *id);
        tables.sessions.retain(|row| row.user_id != *id);
        tables.users.len() < before
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn user_by_email(&self, email: &str, _: bool) -> Result<Option<UserRow>, StoreError> {
        Ok(self.lock().by_email(email).cloned())
    }

    async fn user_by_id(&self, id: &UserId, _: bool) -> Result<Option<UserRow>, StoreError> {
        Ok(self.lock().users.iter().find(|user| user.id == *id || user.id.to_string() == id.to_string()).cloned())
    }

    async fn insert_user(
        &self,
        email: &str,
        password: &str,
        is_unverified: bool,
    ) -> Result<Option<UserRow>, StoreError> {
        let mut tables = self.lock();
        if tables.by_email(email).is_some() {
            return Ok(None);
        }
        tables.last_id = tables.last_id.saturating_add(1);
        let user = UserRow {
            token_version: Some(0),
            email_verified: !is_unverified,
            ..UserRow::new(tables.last_id, email, password, CREATED_AT)
        };
        tables.users.push(user.clone());
        Ok(Some(user))
    }

    async fn replace_hash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let user = tables.users.iter_mut().find(|user| user.id == *id && user.password == old);
        user.into_iter().for_each(|user| new.clone_into(&mut user.password));
        Ok(())
    }

    async fn revoke_tokens(&self, id: &UserId, with_sessions: bool) -> Result<(), StoreError> {
        let mut tables = self.lock();
        tables.raise(id);
        tables.sessions.retain(|row| !(with_sessions && row.user_id == *id));
        Ok(())
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        if let Some(hash) = &change.mail_token
            && tables
                .by_mail_token(MailKind::PasswordRecovery, hash, change.now)
                .is_none_or(|user| user.id != change.user_id)
        {
            return Ok(false);
        }
        let is_as_read = |user: &&mut UserRow| {
            user.id == change.user_id
                && user.password == change.old
                && (change.token_version.is_none() || user.token_version == change.token_version)
        };
        let Some(user) = tables.users.iter_mut().find(is_as_read) else { return Ok(false) };
        user.password.clone_from(&change.new);
        if change.token_version.is_some() {
            tables.raise(&change.user_id);
        }
        tables.sessions.retain(|row| !(change.with_sessions && row.user_id == change.user_id));
        if change.with_mail_tokens {
            tables.mail_tokens.retain(|(id, token)| *id != change.user_id || token.kind != MailKind::PasswordRecovery);
        }
        Ok(true)
    }

    async fn store_mail_token(&self, token: &NewMailToken) -> Result<Option<String>, StoreError> {
        let mut tables = self.lock();
        let Some(user) = tables.by_email(&token.email) else { return Ok(None) };
        let (id, email) = (user.id.clone(), user.email.clone());
        tables.mail_tokens.retain(|(_, before)| before.expires_at > token.now);
        let is_too_early = |(_, before): &(UserId, NewMailToken)| {
            before.kind == token.kind && before.email.eq_ignore_ascii_case(&email) && before.now > token.not_since
        };
        if tables.mail_tokens.iter().any(is_too_early) {
            return Ok(None);
        }
        tables.mail_tokens.push((id, NewMailToken { email: email.clone(), ..token.clone() }));
        Ok(Some(email))
    }

    async fn user_by_mail_token(&self, hash: &str, now: i64, _: bool) -> Result<Option<UserRow>, StoreError> {
        Ok(self.lock().by_mail_token(MailKind::PasswordRecovery, hash, now).cloned())
    }

    async fn verify_email(&self, hash: &str, now: i64) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let found = tables.by_mail_token(MailKind::EmailVerification, hash, now);
        let Some(id) = found.map(|user| user.id.clone()) else { return Ok(false) };
        tables.users.iter_mut().filter(|user| user.id == id).for_each(|user| user.email_verified = true);
        tables.mail_tokens.retain(|(_, token)| token.hash != hash);
        Ok(true)
    }

    async fn delete_user(&self, deletion: &UserDeletion) -> Result<bool, StoreError> {
        let UserDeletion { user_id, password, token_version, with_sessions, account } = deletion;
        let mut tables = self.lock();
        let before = tables.users.len();
        tables.users.retain(|user| {
            user.id != *user_id
                || user.password != *password
                || token_version.is_some() && user.token_version != *token_version
        });
        let is_deleted = tables.users.len() < before;
        tables.sessions.retain(|row| !(is_deleted && *with_sessions && row.user_id == *user_id));
        tables.attempts.retain(|(of, client), _| !(is_deleted && account.as_ref() == Some(of) && !client.is_empty()));
        Ok(is_deleted)
    }

    async fn user_at_login(
        &self,
        email: &str,
        _: bool,
        account: &str,
        client: &str,
        now: i64,
    ) -> Result<UserAtLogin, StoreError> {
        let tables = self.lock();
        let live = |state: &&LoginState| state.expires_at > now;
        let of = |client: &str| tables.attempts.get(&(account.to_owned(), client.to_owned())).filter(live);
        let state = of(client).or_else(|| of("")).cloned().unwrap_or_default();
        Ok(UserAtLogin { user: tables.by_email(email).cloned(), state })
    }

    async fn count_login(&self, login: &CountedLogin) -> Result<i64, StoreError> {
        let CountedLogin { account, client, counts, now, since, most, expires_at } = login;
        let mut tables = self.lock();
        tables.attempts.retain(|(of, _), state| of == account || state.expires_at > *now);
        let state = tables.attempts_of(account, client);
        if *counts {
            state.failures = match state.failures {
                _ if state.failed_at <= *since => 1,
                failures if failures >= *most => failures,
                failures => failures.saturating_add(1),
            };
            state.failed_at = *now;
        }
        state.expires_at = state.expires_at.max(*expires_at);
        Ok(state.failures)
    }

    async fn login_succeeded(&self, login: &SucceededLogin) -> Result<(), StoreError> {
        let SucceededLogin { account, client, is_known, expires_at } = login;
        let mut tables = self.lock();
        let strangers = tables.attempts.get_mut(&(account.clone(), String::new())).filter(|_| !is_known);
        strangers.into_iter().for_each(|state| state.failures = state.failures.saturating_sub(1).max(0));
        if !client.is_empty() {
            let state = tables.attempts_of(account, client);
            state.failures = 0;
            state.expires_at = state.expires_at.max(*expires_at);
            tables.keep_last_clients(account, client);
        }
        Ok(())
    }

    /// Nobody could read them: use [`AuthBuilder::on_event`](crate::AuthBuilder::on_event).
    async fn record_event(&self, _: &SecurityEvent) -> Result<(), StoreError> {
        Ok(())
    }

    async fn insert_session(&self, session: &NewSession) -> Result<bool, StoreError> {
        let NewSession { id, user_id, password, token_version, current, now, expires_at, ends_at, user_agent, address } =
            session.clone();
        let mut tables = self.lock();
        let is_as_read = |user: &UserRow| {
            user.id == user_id
                && user.password == password
                && (token_version.is_none() || user.token_version == token_version)
        };
        if !tables.users.iter().any(is_as_read) {
            return Ok(false);
        }
        tables.sessions.retain(|row| row.user_id != user_id || row.expires_at > now);
        tables.sessions.push(Row {
            id,
            user_id,
            current,
            previous: None,
            sealed: None,
            created_at: now,
            rotated_at: now,
            expires_at,
            ends_at,
            user_agent,
            address,
        });
        Ok(true)
    }

    async fn rotate_session(&self, rotation: &Rotation) -> Result<Option<Rotated>, StoreError> {
        let Rotation { id, old, new, sealed, now, expires_at, grace_since, .. } = rotation;
        let mut tables = self.lock();
        let Tables { users, sessions, .. } = &mut *tables;
        let row = sessions.iter_mut().find(|row| {
            let is_current = row.current == *old;
            row.id == *id && row.expires_at > *now && (is_current || row.is_in_grace(old, *grace_since))
        });
        let Some(row) = row else { return Ok(None) };
        let Some(user) = users.iter().find(|user| user.id == row.user_id) else { return Ok(None) };
        if row.current == *old {
            row.current.clone_from(new);
            row.previous = Some(old.clone());
            row.sealed = Some(sealed.clone());
            row.rotated_at = *now;
            row.expires_at = (*expires_at).min(row.ends_at);
        }
        Ok(Some(Rotated {
            user_id: user.id.clone(),
            sealed: row.sealed.clone().unwrap_or_default(),
            token_version: user.token_version,
            is_active: user.is_active,
        }))
    }

    async fn end_session(&self, end: &SessionEnd) -> Result<Ended, StoreError> {
        let SessionEnd { id, old, now, grace_since, is_verified, raise_token_version } = end;
        let mut tables = self.lock();
        let ends = |row: &Row| {
            row.id == *id && (*is_verified || row.previous.as_ref() == Some(old)) && !row.is_in_grace(old, *grace_since)
        };
        let Some(at) = tables.sessions.iter().position(ends) else { return Ok(Ended::Unknown) };
        let row = tables.sessions.remove(at);
        if row.expires_at <= *now {
            return Ok(Ended::Expired);
        }
        if *raise_token_version {
            tables.raise(&row.user_id);
        }
        Ok(Ended::Reused)
    }

    async fn delete_session(
        &self,
        id: &str,
        user_id: Option<&UserId>,
        known_as: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let before = tables.sessions.len();
        tables.sessions.retain(|row| {
            let is_known = |hash| row.current == hash || row.previous.as_deref() == Some(hash);
            !(row.id == id && user_id.is_none_or(|id| row.user_id == *id) && known_as.is_none_or(is_known))
        });
        Ok(tables.sessions.len() < before)
    }

    async fn sessions(&self, user_id: &UserId, now: i64) -> Result<Vec<Session>, StoreError> {
        let tables = self.lock();
        let live = tables.sessions.iter().filter(|row| row.user_id == *user_id && row.expires_at > now);
        let mut sessions: Vec<_> = live.map(Row::shown).collect();
        sessions.sort_by(|a, b| b.last_used_at.cmp(&a.last_used_at).then_with(|| a.id.cmp(&b.id)));
        sessions.truncate(100);
        Ok(sessions)
    }
}

/// A test compares it.
const CREATED_AT: &str = "2021-08-29T00:00:00Z";

impl Tables {
    fn by_email(&self, email: &str) -> Option<&UserRow> {
        self.users.iter().find(|user| user.email.eq_ignore_ascii_case(email))
    }

    fn by_mail_token(&self, kind: MailKind, hash: &str, now: i64) -> Option<&UserRow> {
        let is_it = |token: &NewMailToken| token.kind == kind && token.hash == hash && token.expires_at > now;
        let (id, token) = self.mail_tokens.iter().find(|(_, token)| is_it(token))?;
        self.users.iter().find(|user| user.id == *id && user.email == token.email)
    }

    fn attempts_of(&mut self, account: &str, client: &str) -> &mut LoginState {
        let empty = || LoginState { client: client.to_owned(), ..LoginState::default() };
        self.attempts.entry((account.to_owned(), client.to_owned())).or_insert_with(empty)
    }

    /// Deletes all known clients of the account but this one and the four that were used last.
    fn keep_last_clients(&mut self, account: &str, client: &str) {
        let rows = self.attempts.iter().filter(|((of, _), _)| of == account);
        let mut others: Vec<_> = rows.map(|((_, other), state)| (state.expires_at, other.clone())).collect();
        others.retain(|(_, other)| !other.is_empty() && other != client);
        others.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        for (_, outdated) in others.drain(others.len().min(4)..) {
            self.attempts.remove(&(account.to_owned(), outdated));
        }
    }

    fn raise(&mut self, id: &UserId) {
        let user = self.users.iter_mut().find(|user| user.id == *id);
        user.into_iter()
            .for_each(|user| user.token_version = user.token_version.map(|version| version.saturating_add(1)));
    }
}

impl Row {
    fn is_in_grace(&self, token: &str, grace_since: i64) -> bool {
        self.previous.as_deref() == Some(token) && self.rotated_at > grace_since
    }

    fn shown(&self) -> Session {
        Session {
            id: self.id.clone(),
            created_at: self.created_at,
            last_used_at: self.rotated_at,
            expires_at: self.expires_at,
            user_agent: self.user_agent.clone(),
            address: self.address.clone(),
        }
    }
}

/// Shows no user: a row contains an address and a hash.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
