//! The lockout: delays after failed logins of an account, which do not hold up clients that have logged in before.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Question, limit::key};
use crate::{
    limits::{
        CLOCK_DIFFERENCE_SECONDS, KNOWN_CLIENT_SECONDS, KNOWN_CLIENT_UPDATE_SECONDS, LOCKOUT_FAILURES,
        LOCKOUT_FIRST_SECONDS, LOCKOUT_MAX_SECONDS, LOCKOUT_WINDOW_SECONDS,
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

    /// The failure of a login, to store. One that was held up does not count, so that a delay ends.
    pub(crate) fn failed(self, keys: &LoginKeys, now: i64, counts: bool) -> Question {
        let forgotten_after = LOCKOUT_WINDOW_SECONDS.saturating_add(self.delay());
        Question::LoginFailed(FailedLogin {
            account: keys.account.clone(),
            client: self.client,
            counts,
            now,
            since: now.saturating_sub(forgotten_after),
            expires_at: now.saturating_add(LOCKOUT_WINDOW_SECONDS).saturating_add(LOCKOUT_MAX_SECONDS),
        })
    }

    /// The login that succeeded, to store; `None` when the store has it already.
    pub(crate) fn succeeded(&self, keys: &LoginKeys, now: i64) -> Option<Question> {
        let is_fresh = self.expires_at > now.saturating_add(KNOWN_CLIENT_SECONDS - KNOWN_CLIENT_UPDATE_SECONDS);
        // Many failures are kept, see `SucceededLogin::below`.
        let forgets = (1..LOCKOUT_FAILURES).contains(&self.failures);
        let is_stored = self.client == keys.client && !forgets && (is_fresh || keys.client.is_empty());
        let lifetime = if keys.client.is_empty() { LOCKOUT_WINDOW_SECONDS } else { KNOWN_CLIENT_SECONDS };
        (!is_stored).then(|| {
            Question::LoginSucceeded(SucceededLogin {
                account: keys.account.clone(),
                client: keys.client.clone(),
                below: LOCKOUT_FAILURES,
                expires_at: now.saturating_add(lifetime),
            })
        })
    }
}

/// A login that failed. One SQL statement stores it:
///
/// ```sql
/// INSERT INTO login_attempts (account, client, failures, failed_at, expires_at)
/// VALUES (:account, :client, :counts, :now, :expires_at)
/// ON CONFLICT (account, client) DO UPDATE SET
///   failures = CASE WHEN NOT :counts THEN failures WHEN failed_at <= :since THEN 1 ELSE failures + 1 END,
///   failed_at = CASE WHEN :counts THEN :now ELSE failed_at END,
///   expires_at = MAX(expires_at, :expires_at)
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
/// let failed = edgegate::host::FailedLogin {
///     account: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     client: String::new(),
///     counts: true,
///     now: 1_700_000_000,
///     since: 1_699_999_100,
///     expires_at: 1_700_001_800,
/// };
/// assert_eq!(failed.now - failed.since, 15 * 60);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FailedLogin {
    /// A keyed hash of the e-mail address, whether it has an account or not.
    pub account: String,
    /// The client whose row it is, or empty for the row of all that are not known.
    pub client: String,
    /// Whether a password was checked.
    pub counts: bool,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// A last failure at this time or before is forgotten.
    pub since: i64,
    /// When the row may be deleted, in seconds since 1970.
    pub expires_at: i64,
}

/// A login that succeeded. One SQL statement stores it:
///
/// ```sql
/// INSERT INTO login_attempts (account, client, failures, failed_at, expires_at) VALUES (:account, :client, 0, 0, :expires_at)
/// ON CONFLICT (account, client) DO UPDATE SET
///   failures = CASE WHEN failures < :below THEN 0 ELSE failures END, expires_at = MAX(expires_at, :expires_at)
/// ```
///
/// A second one deletes all but five known clients of the account, the last used remaining:
///
/// ```sql
/// DELETE FROM login_attempts WHERE (account, client) IN (
///   SELECT account, client FROM login_attempts WHERE account = :account AND client NOT IN ('', :client) AND :client <> ''
///   ORDER BY expires_at DESC, client LIMIT 100 OFFSET 4
/// )
/// ```
///
/// ```
/// let login = edgegate::host::SucceededLogin {
///     account: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     client: "47DEQpj8HBSa-_TImW-5JC".into(),
///     below: 10,
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
    /// Fewer failures than this are forgotten. More are kept until they are forgotten by time: otherwise the logins of the owner would
    /// give others new attempts.
    pub below: i64,
    /// When the row may be deleted, in seconds since 1970.
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
            let Question::LoginFailed(failed) = state(failures, 0).failed(&keys, 10_000, true) else { panic!() };
            assert_eq!(10_000 - failed.since, forgotten, "{failures}");
            assert_eq!((failed.expires_at, failed.client.as_str()), (11_800, ""));
        }
    }

    #[test]
    fn a_success_is_stored_once_a_minute_and_after_failures() {
        const DAY: i64 = 24 * 60 * 60;
        let keys = |client: &str| LoginKeys { account: "a".into(), client: client.into() };
        let known = |failures, expires_at| LoginState { client: "c".into(), failures, failed_at: 0, expires_at };
        let is_stored = |state: LoginState, client| state.succeeded(&keys(client), 1000).is_some();
        assert!(is_stored(LoginState::default(), "c"));
        assert!(!is_stored(known(0, 1000 + 90 * DAY), "c"));
        assert!(!is_stored(known(0, 941 + 90 * DAY), "c"));
        assert!(is_stored(known(0, 940 + 90 * DAY), "c"));
        assert!(is_stored(known(1, 1000 + 90 * DAY), "c"));
        assert!(is_stored(known(9, 1000 + 90 * DAY), "c"));
        assert!(!is_stored(known(10, 1000 + 90 * DAY), "c"));
        // Without an address there is nothing to store but the end of the failures.
        assert!(!is_stored(LoginState::default(), ""));
        assert!(is_stored(state(1, 0), ""));
    }
}
