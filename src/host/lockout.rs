//! The lockout: delays after failed logins of an account, which do not hold up clients that have logged in before.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Question, limit::key};
use crate::{
    limits::{
        CLOCK_DIFFERENCE_SECONDS, KNOWN_CLIENT_SECONDS, LOCKOUT_FAILURES, LOCKOUT_FIRST_SECONDS, LOCKOUT_MAX_SECONDS,
        LOCKOUT_WINDOW_SECONDS,
    },
    row::{Columns, InvalidRow},
    settings::Settings,
    user::UserRow,
};

/// What a login is counted by in the store: keyed hashes.
#[derive(Clone)]
pub(crate) struct LoginKeys {
    /// Of the e-mail address, whether it has an account or not.
    pub(crate) account: String,
    /// Of the network of the client and the account; empty if the host does not know the address.
    pub(crate) client: String,
}

impl LoginKeys {
    /// Takes back the count of a login whose password nobody has checked.
    pub(crate) fn taken_back(self) -> Question {
        let Self { account, .. } = self;
        Question::LoginSucceeded(SucceededLogin { account, client: String::new(), is_known: false, expires_at: 0 })
    }

    /// `None` with `LOCKOUT=off`.
    pub(crate) fn of(settings: &Settings, account: &str, client: Option<&str>) -> Option<Self> {
        let account = &account.to_ascii_lowercase();
        let key = |what, text: &str| key(&settings.ring, what, text);
        settings.lockout.then_some(())?;
        Some(Self {
            account: key("lockout", account)?,
            // Of both, so that the rows of a client in several accounts have nothing in common.
            client: match client {
                Some(network) => key("lockout client", &[account, "\0", network].concat())?,
                None => String::new(),
            },
        })
    }
}

/// The answer to [`Question::UserAtLogin`].
///
/// ```
/// use edgegate::host::{LoginState, UserAtLogin};
///
/// let unknown = UserAtLogin { user: None, state: LoginState::default() };
/// assert_eq!(unknown.state.failures, 0);
/// ```
#[derive(Clone)]
pub struct UserAtLogin {
    /// The user, or `None`.
    pub user: Option<UserRow>,
    /// The row of `login_attempts`, or the default when there is none.
    pub state: LoginState,
}

/// A row of `login_attempts`: that of the client if there is one, otherwise that of all clients that are not known.
///
/// ```
/// let error = edgegate::host::LoginState::from_columns(serde_json::Map::new()).unwrap_err();
/// assert_eq!(error.column, "client");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginState {
    /// The client, or empty for all that are not known.
    pub client: String,
    /// The failures that count.
    pub failures: i64,
    /// The time of the last one, in seconds since 1970.
    pub failed_at: i64,
    /// When the row may be deleted, in seconds since 1970.
    pub expires_at: i64,
}

impl LoginState {
    /// Reads it from the columns `client`, `failures`, `failed_at` and `expires_at`.
    ///
    /// # Errors
    /// [`InvalidRow`] with the first of these columns that is missing or has the wrong type.
    ///
    /// ```
    /// let row = serde_json::from_str(r#"{"client": "", "failures": 1, "failed_at": 1700000000, "expires_at": "soon"}"#)?;
    /// assert_eq!(edgegate::host::LoginState::from_columns(row).unwrap_err().column, "expires_at");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn from_columns(columns: Map<String, Value>) -> Result<Self, InvalidRow> {
        let mut row = Columns(columns);
        Ok(Self {
            client: row.text("client")?,
            failures: row.integer("failures")?,
            failed_at: row.integer("failed_at")?,
            expires_at: row.integer("expires_at")?,
        })
    }

    /// Whether no password is checked now.
    pub(crate) fn is_held(&self, now: i64) -> bool {
        // Clocks of several machines differ a little; one that was far ahead holds nobody up for that long.
        let elapsed = now.saturating_sub(self.failed_at);
        elapsed > -CLOCK_DIFFERENCE_SECONDS && elapsed < self.delay()
    }

    /// How long no password is checked after the last failure, in seconds.
    fn delay(&self) -> i64 {
        if self.failures < LOCKOUT_FAILURES {
            return 0;
        }
        let doublings = u32::try_from(self.failures.saturating_sub(LOCKOUT_FAILURES)).unwrap_or(u32::MAX);
        2_i64.saturating_pow(doublings).saturating_mul(LOCKOUT_FIRST_SECONDS).min(LOCKOUT_MAX_SECONDS)
    }

    /// The login, to count before its password is checked: of many at once, none gets past the limit. One that is held up does not
    /// count, so that a delay ends.
    pub(crate) fn count(&self, keys: &LoginKeys, now: i64) -> CountedLogin {
        CountedLogin {
            account: keys.account.clone(),
            client: self.client.clone(),
            counts: !self.is_held(now),
            now,
            since: self.since(now),
            // One more than the last that is checked, so that logins at once do not add up to the longest delay.
            most: self.last_checked(now).saturating_add(1),
            expires_at: now.saturating_add(LOCKOUT_WINDOW_SECONDS).saturating_add(LOCKOUT_MAX_SECONDS),
        }
    }

    /// Whether the password is checked of a login that was counted as this number.
    pub(crate) fn admits(&self, counted: i64, now: i64) -> bool {
        !self.is_held(now) && counted <= self.last_checked(now)
    }

    /// The number of the last login whose password is checked.
    fn last_checked(&self, now: i64) -> i64 {
        let earlier = if self.failed_at <= self.since(now) { 0 } else { self.failures };
        earlier.saturating_add(1).max(LOCKOUT_FAILURES)
    }

    /// A last failure at this time or before is forgotten.
    fn since(&self, now: i64) -> i64 {
        now.saturating_sub(LOCKOUT_WINDOW_SECONDS.saturating_add(self.delay()))
    }

    /// The login that succeeded, to store.
    pub(crate) fn succeeded(&self, keys: &LoginKeys, now: i64) -> Question {
        Question::LoginSucceeded(SucceededLogin {
            account: keys.account.clone(),
            client: keys.client.clone(),
            is_known: !self.client.is_empty(),
            expires_at: now.saturating_add(KNOWN_CLIENT_SECONDS),
        })
    }
}

/// A login to count as failed, until [`SucceededLogin`] takes it back. One SQL statement stores it and returns the failures:
///
/// ```sql
/// INSERT INTO login_attempts (account, client, failures, failed_at, expires_at)
/// VALUES (:account, :client, :counts, :now, :expires_at)
/// ON CONFLICT (account, client) DO UPDATE SET
///   failures = CASE
///     WHEN NOT :counts THEN failures WHEN failed_at <= :since THEN 1 WHEN failures >= :most THEN failures ELSE failures + 1
///   END,
///   failed_at = CASE WHEN :counts THEN :now ELSE failed_at END,
///   expires_at = MAX(expires_at, :expires_at)
/// RETURNING failures
/// ```
///
/// A second one deletes some expired rows of other accounts, so that the table does not grow:
///
/// ```sql
/// DELETE FROM login_attempts WHERE (account, client) IN (
///   SELECT account, client FROM login_attempts WHERE expires_at <= :now AND account <> :account LIMIT 10
/// )
/// ```
///
/// ```
/// let login = edgegate::host::CountedLogin {
///     account: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     client: String::new(),
///     counts: true,
///     now: 1_700_000_000,
///     since: 1_699_999_100,
///     most: 11,
///     expires_at: 1_700_001_800,
/// };
/// assert_eq!(login.now - login.since, 15 * 60);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct CountedLogin {
    /// A keyed hash of the e-mail address, whether it has an account or not.
    pub account: String,
    /// The client whose row it is, or empty for the row of all that are not known.
    pub client: String,
    /// Whether it is counted: not while it is held up.
    pub counts: bool,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// A last failure at this time or before is forgotten.
    pub since: i64,
    /// What is counted no further: the passwords of logins from this number on are not checked.
    pub most: i64,
    /// When the row may be deleted, in seconds since 1970.
    pub expires_at: i64,
}

/// A login that succeeded. SQL statements in one transaction store it. Unless `client` is empty, it becomes known, and its own failures are
/// forgotten:
///
/// ```sql
/// INSERT INTO login_attempts (account, client, failures, failed_at, expires_at) VALUES (:account, :client, 0, 0, :expires_at)
/// ON CONFLICT (account, client) DO UPDATE SET failures = 0, expires_at = MAX(expires_at, :expires_at);
/// DELETE FROM login_attempts WHERE (account, client) IN (
///   SELECT account, client FROM login_attempts WHERE account = :account AND client NOT IN ('', :client)
///   ORDER BY expires_at DESC, client LIMIT 100 OFFSET 4
/// )
/// ```
///
/// Unless `is_known`, it is taken back where it was counted:
///
/// ```sql
/// UPDATE login_attempts SET failures = failures - 1 WHERE account = :account AND client = '' AND failures > 0
/// ```
///
/// ```
/// let login = edgegate::host::SucceededLogin {
///     account: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     client: "47DEQpj8HBSa-_TImW-5JC".into(),
///     is_known: false,
///     expires_at: 1_707_776_000,
/// };
/// assert_ne!(login.account, login.client);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SucceededLogin {
    /// A keyed hash of the e-mail address.
    pub account: String,
    /// A keyed hash of the network of the client and the account; empty if the host does not know the address.
    pub client: String,
    /// Whether the client was known, and the login counted in its own row.
    pub is_known: bool,
    /// When the row of the client may be deleted, in seconds since 1970.
    pub expires_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(failures: i64, failed_at: i64) -> LoginState {
        LoginState { failures, failed_at, ..LoginState::default() }
    }

    #[test]
    fn delays_grow_from_the_tenth_failure_on_and_end() {
        let held_for = |failures| (0..2000).filter(|after| state(failures, 1000).is_held(1000 + after)).count();
        assert_eq!([0, 1, 9].map(held_for), [0, 0, 0]);
        assert_eq!([10, 11, 12, 13, 14, 15, 72, 200].map(held_for), [30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!([i64::MIN, i64::MAX].map(held_for), [0, 900]);
        // The failure is in the future, by another clock.
        assert_eq!(
            [1, 59, 60, 100_000].map(|ahead| state(20, 100_000 + ahead).is_held(100_000)),
            [true, true, false, false]
        );
        assert!(!state(20, i64::MAX).is_held(0) && !state(20, i64::MIN).is_held(0));
    }

    #[test]
    fn a_failure_is_forgotten_a_quarter_of_an_hour_after_the_delay() {
        let keys = LoginKeys { account: "a".into(), client: "c".into() };
        for (failures, forgotten) in [(0, 900), (9, 900), (10, 930), (20, 1800)] {
            let login = state(failures, 0).count(&keys, 10_000);
            assert_eq!(10_000 - login.since, forgotten, "{failures}");
            assert_eq!((login.expires_at, login.client.as_str(), login.counts), (11_800, "", true));
        }
    }

    #[test]
    fn of_many_at_once_ten_are_checked_and_one_after_a_delay() {
        let admitted = |state: LoginState, from: i64, now| (from..from + 100).filter(|n| state.admits(*n, now)).count();
        assert_eq!(admitted(LoginState::default(), 1, 1000), 10);
        assert_eq!(admitted(state(3, 1000), 4, 1000), 7);
        assert_eq!(admitted(state(10, 1000), 11, 1029), 0, "held up");
        assert_eq!(admitted(state(10, 1000), 11, 1030), 1);
        assert_eq!(admitted(state(50, 1000), 51, 1900), 1);
        assert_eq!(admitted(state(50, 1000), 1, 2800), 10, "forgotten");
        let most = |state: LoginState, now| {
            state.count(&LoginKeys { account: String::new(), client: String::new() }, now).most
        };
        assert_eq!(
            [most(LoginState::default(), 1000), most(state(3, 1000), 1000), most(state(10, 1000), 1030)],
            [11, 11, 12]
        );
        assert_eq!([most(state(50, 1000), 1900), most(state(50, 1000), 2800)], [52, 11]);
    }
}
