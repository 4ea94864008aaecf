//! The conformance suite of a [`Store`]: what the gate relies on, as checks that a store of your own can run.
//!
//! ```
//! use edgegate_axum::{MemoryStore, store_test};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), store_test::Failure> {
//! let store = MemoryStore::default();
//! store_test::run(&store, async |id| {
//!     store.remove_user(id);
//!     Ok(())
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```

#![expect(clippy::arithmetic_side_effects, reason = "the sums are of small constants")]

mod logins;
mod sessions;

use std::{error::Error, fmt};

use edgegate::{
    UserId, UserRow,
    host::{MailKind, NewMailToken, PasswordChange, UserDeletion},
};

use self::sessions::session;
use crate::{Store, StoreError};

/// Runs all checks. The store must be empty, and support `REGISTRATION`, `REHASH`, `PASSWORD_CHANGE`,
/// `PASSWORD_RECOVERY`, `ACCOUNT_DELETION`, `REVOCATION`, `LOCKOUT` and refresh tokens.
/// `delete_user` deletes the user with this id, as an administrator would.
///
/// Several checks send concurrent requests, which only means something if the store has several connections.
///
/// # Errors
/// The first check that failed.
pub async fn run<S: Store>(
    store: &S,
    delete_user: impl AsyncFn(&UserId) -> Result<(), StoreError>,
) -> Result<(), Failure> {
    let suite = Suite { store, delete_user };
    suite.a_user_is_found_by_address_and_id().await.named("a user is found by address and id")?;
    suite.letter_case_of_addresses().await.named("the case of the letters A to Z in an address does not matter")?;
    suite.addresses_are_no_patterns().await.named("an address is no pattern and no SQL")?;
    suite.one_account_for_an_address().await.named("of concurrent sign-ups with one address, one succeeds")?;
    suite.unknown_users().await.named("an unknown user is None")?;
    suite.ids_are_not_reused().await.named("the id of a deleted user is not reused")?;
    suite.hashes_are_compared_and_set().await.named("a hash is replaced if it is still the old one")?;
    suite.passwords_are_changed().await.named("a password is changed if it and the token version are still those")?;
    suite.mail_tokens().await.named("the token of a mail is for one user and one new password")?;
    suite.addresses_are_verified().await.named("an address is verified by the token of its mail, once")?;
    suite.users_are_deleted().await.named("a user is deleted if password and token version are still those")?;
    suite.token_versions().await.named("a revocation adds 1 to the version of one user")?;
    suite.revocation_deletes_sessions().await.named("a revocation deletes the sessions of one user")?;
    suite.outdated_logins().await.named("no session is stored for an outdated login")?;
    suite.revocation_beside_a_login().await.named("no session survives a concurrent revocation")?;
    suite.rotation().await.named("each use of a refresh token gives the next one")?;
    suite.rotation_in_the_grace().await.named("the same use within the grace gives the same token")?;
    suite.rotation_beside_rotation().await.named("concurrent uses of one token give one next token")?;
    suite.lifetimes().await.named("a session expires, and ends in any case")?;
    suite.sessions_of_deleted_users().await.named("a deleted user has no session")?;
    suite.reuse_ends_a_session().await.named("reuse ends a session and adds 1 to the version")?;
    suite
        .what_ends_no_session()
        .await
        .named("an expired, a repeated and an unknown token add nothing to the version")?;
    suite.deletion().await.named("a session is deleted by its user or by its token")?;
    suite.the_list().await.named("the list has the live sessions of one user, the last used first")?;
    suite.users_at_login().await.named("the user of a login is found with and without a row about logins")?;
    suite.failures().await.named("failures are counted, and forgotten after a time")?;
    suite.failure_beside_failure().await.named("concurrent logins are counted one by one")?;
    suite.known_clients().await.named("five clients of an account are known, each with its own failures")?;
    suite.successes().await.named("a success takes back the login that was counted")?;
    suite.expired_attempts().await.named("expired rows about logins go by themselves")
}

/// A check that failed.
#[derive(Debug)]
pub struct Failure {
    /// The check.
    pub check: &'static str,
    /// What the store did.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.check, self.why)
    }
}

impl Error for Failure {}

/// A check that failed, before it has its name.
struct Failed(String);

type Checked = Result<(), Failed>;

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

trait Named {
    fn named(self, check: &'static str) -> Result<(), Failure>;
}

impl Named for Checked {
    fn named(self, check: &'static str) -> Result<(), Failure> {
        self.map_err(|Failed(why)| Failure { check, why })
    }
}

fn equal<T: PartialEq + fmt::Debug>(what: &str, found: T, expected: T) -> Checked {
    if found == expected { Ok(()) } else { Err(Failed(format!("{what}: {found:?} instead of {expected:?}"))) }
}

/// A time, in seconds since 1970.
const NOW: i64 = 1_700_000_000;

/// A bcrypt hash. The store does not look into it.
const HASH: &str = "$2b$12$abcdefghijklmnopqrstuuW1pXG9D0Ec1u5Yx0d5sS0Jz0kXo4m2e";

/// How often a race is tried.
const RACES: usize = 20;

struct Suite<'s, S, D> {
    store: &'s S,
    delete_user: D,
}

impl<S: Store, D: AsyncFn(&UserId) -> Result<(), StoreError>> Suite<'_, S, D> {
    async fn a_user_is_found_by_address_and_id(&self) -> Checked {
        let row = self.user("found@example.com").await?;
        equal("the address", row.email.as_str(), "found@example.com")?;
        equal("the hash", row.password.as_str(), HASH)?;
        equal("`created_at` is empty", row.created_at.is_empty(), false)?;
        for with_token_version in [false, true] {
            let by_email = self.store.user_by_email("found@example.com", with_token_version).await?;
            let by_id = self.store.user_by_id(&row.id, with_token_version).await?;
            for found in [by_email, by_id] {
                let found = found.ok_or_else(|| Failed("it was not found".into()))?;
                equal("the id", &found.id, &row.id)?;
                equal("the address", &found.email, &row.email)?;
                equal("the hash", found.password.as_str(), HASH)?;
                equal("the time", &found.created_at, &row.created_at)?;
                if with_token_version {
                    equal("the version of a new user", found.token_version, Some(0))?;
                }
            }
        }
        Ok(())
    }

    async fn letter_case_of_addresses(&self) -> Checked {
        let row = self.user("Mixed.Case@Example.com").await?;
        equal("the address as stored", row.email.as_str(), "Mixed.Case@Example.com")?;
        for email in ["mixed.case@example.com", "MIXED.CASE@EXAMPLE.COM", "Mixed.Case@Example.com"] {
            let found = self.store.user_by_email(email, false).await?;
            equal(email, found.map(|user| user.id), Some(row.id.clone()))?;
            let again = self.store.insert_user(email, "another hash", false).await?;
            equal("a second account", again.map(|user| user.id), None)?;
        }
        let kept = self.store.user_by_id(&row.id, false).await?;
        equal("the hash of the first account", kept.map(|user| user.password), Some(HASH.into()))
    }

    async fn addresses_are_no_patterns(&self) -> Checked {
        let odd = "o'ha_ra%\\\"$1?@example.com";
        let row = self.user(odd).await?;
        let found = self.store.user_by_email(odd, false).await?;
        equal(odd, found.map(|user| user.id), Some(row.id))?;
        for pattern in ["%", "o'ha%", "o'haxra%\\\"$1?@example.com", "' OR '1'='1", ""] {
            let found = self.store.user_by_email(pattern, false).await?;
            equal(pattern, found.map(|user| user.id), None)?;
        }
        let umlaut = self.user("grün@xn--mnchen-3ya.de").await?;
        let found = self.store.user_by_email("grün@XN--MNCHEN-3YA.de", false).await?;
        equal("an address outside ASCII", found.map(|user| user.id), Some(umlaut.id))
    }

    async fn one_account_for_an_address(&self) -> Checked {
        for race in 0..RACES {
            let [a, b, c, d] = ["race{}@example.com", "RACE{}@example.com", "Race{}@Example.com", "race{}@EXAMPLE.COM"]
                .map(|email| email.replace("{}", &race.to_string()));
            let (a, b, c, d) = tokio::join!(
                self.store.insert_user(&a, HASH, false),
                self.store.insert_user(&b, HASH, false),
                self.store.insert_user(&c, HASH, false),
                self.store.insert_user(&d, HASH, false),
            );
            equal("the number of accounts", [a?, b?, c?, d?].iter().flatten().count(), 1)?;
        }
        Ok(())
    }

    async fn unknown_users(&self) -> Checked {
        let known = self.user("known@example.com").await?;
        let strange =
            ["no such id", "", "5x", "-1", "9223372036854775808", "' OR 1=1 --", "0x5", "{}"].map(UserId::from);
        let numbers = [i64::MAX, i64::MIN, -1].map(UserId::from);
        for id in strange.iter().chain(&numbers) {
            for with_token_version in [false, true] {
                let found = self.store.user_by_id(id, with_token_version).await?;
                equal("a user of a strange id", found.map(|user| user.id), None)?;
            }
            self.store.replace_hash(id, HASH, "new").await?;
            self.store.revoke_tokens(id, true).await?;
            equal("a session of a strange id", self.store.insert_session(&session("strange", id)).await?, false)?;
            equal("sessions of a strange id", self.store.sessions(id, NOW).await?, Vec::new())?;
            equal("a deletion", self.store.delete_session("strange", Some(id), None).await?, false)?;
        }
        let same = self.store.user_by_id(&known.id, true).await?;
        equal("the known user", same.map(|user| (user.password, user.token_version)), Some((HASH.into(), Some(0))))
    }

    async fn ids_are_not_reused(&self) -> Checked {
        let first = self.user("deleted@example.com").await?;
        (self.delete_user)(&first.id).await?;
        equal("the deleted user", self.store.user_by_id(&first.id, false).await?.map(|user| user.id), None)?;
        let second = self.user("deleted@example.com").await?;
        equal("the same id", second.id == first.id, false)
    }

    async fn hashes_are_compared_and_set(&self) -> Checked {
        let id = self.user("rehash@example.com").await?.id;
        let other = self.user("rehash2@example.com").await?.id;
        self.store.replace_hash(&id, "not the old one", "new").await?;
        equal("after a wrong old hash", self.hash_of(&id).await?.as_str(), HASH)?;
        let (a, b) = tokio::join!(self.store.replace_hash(&id, HASH, "a"), self.store.replace_hash(&id, HASH, "b"));
        a?;
        b?;
        let first = self.hash_of(&id).await?;
        equal("one of two new hashes", ["a", "b"].contains(&first.as_str()), true)?;
        self.store.replace_hash(&id, HASH, "late").await?;
        equal("after a late change", self.hash_of(&id).await?, first)?;
        equal("the hash of another user", self.hash_of(&other).await?.as_str(), HASH)
    }

    async fn passwords_are_changed(&self) -> Checked {
        let [user, other] = [self.user("password@example.com").await?, self.user("password2@example.com").await?];
        let user_id = user.id.clone();
        for (name, id) in [("password-1", &user.id), ("password-2", &user.id), ("password-3", &other.id)] {
            equal("a session", self.store.insert_session(&session(name, id)).await?, true)?;
        }
        let change = |new: &str, token_version| PasswordChange {
            user_id: user_id.clone(),
            old: HASH.into(),
            new: new.into(),
            token_version,
            with_sessions: true,
            with_mail_tokens: false,
            mail_token: None,
            now: NOW,
        };
        let from_another = PasswordChange { old: "another".into(), ..change("new", Some(0)) };
        equal("from another hash", self.store.change_password(&from_another).await?, false)?;
        equal("from another version", self.store.change_password(&change("new", Some(1))).await?, false)?;
        equal("the hash after these", self.hash_of(&user.id).await?, HASH.to_owned())?;
        equal("the sessions after these", self.store.sessions(&user.id, NOW).await?.len(), 2)?;
        let [first, second] = [change("first", Some(0)), change("second", Some(0))];
        let (first, second) = tokio::join!(self.store.change_password(&first), self.store.change_password(&second));
        let changed = [first?, second?];
        equal("of two at once", changed.iter().filter(|changed| **changed).count(), 1)?;
        let stored = if changed == [true, false] { "first" } else { "second" };
        equal("the hash afterwards", self.hash_of(&user.id).await?, stored.to_owned())?;
        equal("the version afterwards", self.version_of(&user.id).await?, Some(1))?;
        equal("the sessions afterwards", self.store.sessions(&user.id, NOW).await?.len(), 0)?;
        equal("the sessions of another user", self.store.sessions(&other.id, NOW).await?.len(), 1)?;
        let without = PasswordChange { old: stored.into(), with_sessions: false, ..change("third", None) };
        equal("without a version", self.store.change_password(&without).await?, true)?;
        equal("the version after it", self.version_of(&user.id).await?, Some(1))
    }

    async fn mail_tokens(&self) -> Checked {
        let [user, other] = [self.user("mail@example.com").await?, self.user("mail2@example.com").await?];
        let token = |email: &str, hash: &str, now| NewMailToken {
            kind: MailKind::PasswordRecovery,
            email: email.into(),
            hash: hash.into(),
            now,
            expires_at: now + 100,
            not_since: now - 60,
        };
        let found = async |hash: &str, now| -> Result<Option<UserId>, Failed> {
            Ok(self.store.user_by_mail_token(hash, now, true).await?.map(|user| user.id))
        };
        let stored = self.store.store_mail_token(&token("MAIL@example.com", "one", NOW)).await?;
        equal("the stored address", stored.as_deref(), Some("mail@example.com"))?;
        equal(
            "the next, too early",
            self.store.store_mail_token(&token("mail@example.com", "two", NOW + 59)).await?,
            None,
        )?;
        equal("of nobody", self.store.store_mail_token(&token("nobody@example.com", "three", NOW)).await?, None)?;
        equal("the user of the token", found("one", NOW + 99).await?, Some(user.id.clone()))?;
        equal("after its time", found("one", NOW + 100).await?, None)?;
        equal("of another token", found("two", NOW).await?, None)?;
        self.store.store_mail_token(&token("mail@example.com", "four", NOW + 61)).await?;
        equal("the earlier one", found("one", NOW + 99).await?, Some(user.id.clone()))?;
        let change = |mail_token: &str, old: &str, new: &str, now| PasswordChange {
            user_id: user.id.clone(),
            old: old.into(),
            new: new.into(),
            token_version: Some(0),
            with_sessions: true,
            with_mail_tokens: true,
            mail_token: Some(mail_token.into()),
            now,
        };
        for (name, hash, now) in [("with an unknown token", "two", NOW), ("with an expired token", "four", NOW + 161)] {
            equal(name, self.store.change_password(&change(hash, HASH, "new", now)).await?, false)?;
        }
        self.store.store_mail_token(&token("mail2@example.com", "five", NOW + 61)).await?;
        equal(
            "with that of another user",
            self.store.change_password(&change("five", HASH, "new", NOW)).await?,
            false,
        )?;
        equal("the hash after these", self.hash_of(&user.id).await?, HASH.to_owned())?;
        equal("with the token", self.store.change_password(&change("four", HASH, "new", NOW + 62)).await?, true)?;
        equal("the hash", self.hash_of(&user.id).await?, "new".to_owned())?;
        let again = PasswordChange { token_version: Some(1), ..change("four", "new", "newer", NOW + 62) };
        equal("with the token again", self.store.change_password(&again).await?, false)?;
        equal("the earlier one after it", found("one", NOW + 62).await?, None)?;
        equal("the token of another user", found("five", NOW + 62).await?, Some(other.id.clone()))?;
        // A new password ends a token that was not used.
        let by_password = PasswordChange { user_id: other.id, mail_token: None, ..change("", HASH, "new", NOW + 62) };
        equal("with the old password", self.store.change_password(&by_password).await?, true)?;
        equal("the token after it", found("five", NOW + 62).await?, None)
    }

    async fn addresses_are_verified(&self) -> Checked {
        let user = self.store.insert_user("verify@example.com", HASH, true).await?;
        let id = user.map(|user| user.id).ok_or_else(|| Failed("the user was not stored".into()))?;
        let other = self.user("verify2@example.com").await?;
        let verified = async |id: &UserId| -> Result<bool, Failed> {
            Ok(self.store.user_by_id(id, false).await?.is_some_and(|user| user.email_verified))
        };
        equal("a new user", verified(&id).await?, false)?;
        equal("another user", verified(&other.id).await?, true)?;
        for (kind, hash) in [(MailKind::EmailVerification, "verify"), (MailKind::PasswordRecovery, "recover")] {
            let (email, hash) = ("verify@example.com".into(), hash.into());
            let token = NewMailToken { kind, email, hash, now: NOW, expires_at: NOW + 100, not_since: NOW - 60 };
            equal("a token is stored", self.store.store_mail_token(&token).await?.is_some(), true)?;
        }
        for (name, hash, now) in
            [("another kind", "recover", NOW), ("expired", "verify", NOW + 100), ("unknown", "x", NOW)]
        {
            equal(name, self.store.verify_email(hash, now).await?, false)?;
        }
        equal("after these", verified(&id).await?, false)?;
        equal("for a new password", self.store.user_by_mail_token("verify", NOW, false).await?.is_none(), true)?;
        equal("with the token", self.store.verify_email("verify", NOW + 99).await?, true)?;
        equal("with the token again", self.store.verify_email("verify", NOW + 99).await?, false)?;
        equal("afterwards", verified(&id).await?, true)
    }

    async fn users_are_deleted(&self) -> Checked {
        let [user, other] = [self.user("account@example.com").await?, self.user("account2@example.com").await?];
        for (name, id) in [("deleted-1", &user.id), ("deleted-2", &user.id), ("deleted-3", &other.id)] {
            equal("a session", self.store.insert_session(&session(name, id)).await?, true)?;
        }
        let deletion = |password: &str, token_version| UserDeletion {
            user_id: user.id.clone(),
            password: password.into(),
            token_version,
            with_sessions: true,
            account: None,
        };
        equal("with another hash", self.store.delete_user(&deletion("another", Some(0))).await?, false)?;
        equal("with another version", self.store.delete_user(&deletion(HASH, Some(1))).await?, false)?;
        equal("the sessions after these", self.store.sessions(&user.id, NOW).await?.len(), 2)?;
        equal("as it was read", self.store.delete_user(&deletion(HASH, Some(0))).await?, true)?;
        equal("again", self.store.delete_user(&deletion(HASH, None)).await?, false)?;
        equal("the user afterwards", self.store.user_by_id(&user.id, false).await?.is_none(), true)?;
        equal("the sessions afterwards", self.store.sessions(&user.id, NOW).await?.len(), 0)?;
        equal("the sessions of another user", self.store.sessions(&other.id, NOW).await?.len(), 1)?;
        let last = self.user("account3@example.com").await?;
        let deletion =
            UserDeletion { user_id: last.id.clone(), account: Some("account".into()), ..deletion(HASH, Some(0)) };
        equal("the last user", self.store.delete_user(&deletion).await?, true)?;
        let next = self.user("account3@example.com").await?;
        equal("whether the next user has the id of the last one, whose token is still valid", next.id == last.id, false)
    }

    async fn token_versions(&self) -> Checked {
        let id = self.user("version@example.com").await?.id;
        let other = self.user("version2@example.com").await?.id;
        for expected in 1..=3 {
            self.store.revoke_tokens(&id, expected == 3).await?;
            equal("the version", self.version_of(&id).await?, Some(expected))?;
        }
        let (a, b) = tokio::join!(self.store.revoke_tokens(&id, true), self.store.revoke_tokens(&id, true));
        a?;
        b?;
        equal("the version after two at once", self.version_of(&id).await?, Some(5))?;
        equal("the version of another user", self.version_of(&other).await?, Some(0))
    }

    /// Inserts a user.
    async fn user(&self, email: &str) -> Result<UserRow, Failed> {
        let user = self.store.insert_user(email, HASH, false).await?;
        user.ok_or_else(|| Failed(format!("{email} is taken: is the store empty?")))
    }

    async fn hash_of(&self, id: &UserId) -> Result<String, Failed> {
        Ok(self.store.user_by_id(id, false).await?.map(|user| user.password).unwrap_or_default())
    }

    async fn version_of(&self, id: &UserId) -> Result<Option<i64>, Failed> {
        Ok(self.store.user_by_id(id, true).await?.and_then(|user| user.token_version))
    }
}
