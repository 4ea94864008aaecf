//! The conformance suite of a [`Store`]: what the gate relies on, as checks that a store of your own can run.
//!
//! ```
//! use edgegate_axum::{MemoryStore, store_test};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), store_test::Failure> {
//! let store = MemoryStore::default();
//! store_test::run(&store, async |id| {
//!     store.delete_user(id);
//!     Ok(())
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```

#![expect(clippy::arithmetic_side_effects, reason = "the sums are of small constants")]

use std::{error::Error, fmt};

use edgegate::{
    UserId, UserRow,
    host::{
        CountedLogin, Ended, LoginState, NewSession, PasswordChange, Rotated, Rotation, Session, SessionEnd,
        SucceededLogin,
    },
};

use crate::{Store, StoreError};

/// Runs all checks. The store must be empty, and support `REGISTRATION`, `REHASH`, `REVOCATION`, `LOCKOUT` and refresh tokens.
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
            let again = self.store.insert_user(email, "another hash").await?;
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
                self.store.insert_user(&a, HASH),
                self.store.insert_user(&b, HASH),
                self.store.insert_user(&c, HASH),
                self.store.insert_user(&d, HASH),
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

    async fn revocation_deletes_sessions(&self) -> Checked {
        let id = self.user("revoked@example.com").await?.id;
        let other = self.user("revoked2@example.com").await?.id;
        for session in [session("revoked-1", &id), session("revoked-2", &id), session("revoked-3", &other)] {
            equal("a session", self.store.insert_session(&session).await?, true)?;
        }
        self.store.revoke_tokens(&id, false).await?;
        equal("sessions without `with_sessions`", self.store.sessions(&id, NOW).await?.len(), 2)?;
        self.store.revoke_tokens(&id, true).await?;
        equal("the sessions", self.store.sessions(&id, NOW).await?, Vec::new())?;
        equal("a use of its token", self.store.rotate_session(&rotation("revoked-1", 0, NOW)).await?, None)?;
        equal("the sessions of another user", self.store.sessions(&other, NOW).await?.len(), 1)
    }

    async fn outdated_logins(&self) -> Checked {
        let id = self.user("outdated@example.com").await?.id;
        let with = |name: &str, token_version| NewSession { token_version, ..session(name, &id) };
        equal("the version that was read", self.store.insert_session(&with("outdated-1", Some(0))).await?, true)?;
        self.store.revoke_tokens(&id, false).await?;
        equal("an old version", self.store.insert_session(&with("outdated-2", Some(0))).await?, false)?;
        equal("a version to come", self.store.insert_session(&with("outdated-2", Some(2))).await?, false)?;
        equal("any version", self.store.insert_session(&with("outdated-2", None)).await?, true)?;
        self.store.replace_hash(&id, HASH, "new").await?;
        equal("an old hash", self.store.insert_session(&with("outdated-3", Some(1))).await?, false)?;
        equal("an old hash and any version", self.store.insert_session(&with("outdated-3", None)).await?, false)?;
        let of_new = NewSession { password: "new".into(), ..with("outdated-3", Some(1)) };
        equal("the new hash", self.store.insert_session(&of_new).await?, true)
    }

    async fn revocation_beside_a_login(&self) -> Checked {
        let id = self.user("beside@example.com").await?.id;
        for race in 0..RACES {
            let version = self.version_of(&id).await?;
            let [a, b] = ["a", "b"]
                .map(|name| NewSession { token_version: version, ..session(&format!("beside-{name}-{race}"), &id) });
            let (first, revoked, second) = tokio::join!(
                self.store.insert_session(&a),
                self.store.revoke_tokens(&id, true),
                self.store.insert_session(&b)
            );
            first?;
            revoked?;
            second?;
            equal("the sessions", self.store.sessions(&id, NOW).await?, Vec::new())?;
        }
        Ok(())
    }

    async fn rotation(&self) -> Checked {
        let id = self.user("rotated@example.com").await?.id;
        self.store.insert_session(&session("rotated", &id)).await?;
        for step in 0..5 {
            let now = NOW + i64::from(step) * 60;
            let rotated = self.store.rotate_session(&rotation("rotated", step, now)).await?;
            equal("a use", rotated.map(|rotated| rotated.sealed), Some(format!("sealed-{}", step + 1)))?;
        }
        let now = NOW + 5 * 60;
        equal("a token two uses old", self.store.rotate_session(&rotation("rotated", 3, now)).await?, None)?;
        equal("an unknown token", self.store.rotate_session(&rotation("rotated", 9, now)).await?, None)?;
        equal("an unknown session", self.store.rotate_session(&rotation("unknown", 5, now)).await?, None)?;
        let with_version = Rotation { with_token_version: true, ..rotation("rotated", 5, now) };
        let rotated = self.store.rotate_session(&with_version).await?;
        let Some(Rotated { user_id, token_version, .. }) = rotated else {
            return Err(Failed("a use with the version: not accepted".into()));
        };
        equal("the user", &user_id, &id)?;
        equal("the version", token_version, Some(0))?;
        self.store.revoke_tokens(&id, false).await?;
        let with_version = Rotation { with_token_version: true, ..rotation("rotated", 6, now) };
        let rotated = self.store.rotate_session(&with_version).await?;
        equal("the raised version", rotated.and_then(|rotated| rotated.token_version), Some(1))
    }

    async fn rotation_in_the_grace(&self) -> Checked {
        let id = self.user("grace@example.com").await?.id;
        self.store.insert_session(&session("grace", &id)).await?;
        let first = self.store.rotate_session(&rotation("grace", 0, NOW)).await?;
        equal("the first use", first.map(|rotated| rotated.sealed).as_deref(), Some("sealed-1"))?;
        for later in [0, 10, 29] {
            let again = Rotation { new: "other".into(), sealed: "other".into(), ..rotation("grace", 0, NOW + later) };
            let again = self.store.rotate_session(&again).await?;
            equal("the same use", again.map(|rotated| rotated.sealed).as_deref(), Some("sealed-1"))?;
        }
        let listed = self.store.sessions(&id, NOW).await?;
        let times = listed.first().map(|session| (session.last_used_at, session.expires_at));
        equal("the times after the same use", times, Some((NOW, NOW + LIFETIME)))?;
        equal("the use after 30 seconds", self.store.rotate_session(&rotation("grace", 0, NOW + 30)).await?, None)?;
        let next = self.store.rotate_session(&rotation("grace", 1, NOW + 31)).await?;
        equal("the next token", next.map(|rotated| rotated.sealed).as_deref(), Some("sealed-2"))
    }

    async fn rotation_beside_rotation(&self) -> Checked {
        let id = self.user("tabs@example.com").await?.id;
        self.store.insert_session(&session("tabs", &id)).await?;
        let mut old = token(0);
        for race in 0..RACES {
            let use_of = |name: &str| Rotation {
                old: old.clone(),
                new: format!("{name}-{race}"),
                sealed: format!("sealed-{name}-{race}"),
                ..rotation("tabs", 0, NOW + 1)
            };
            let [a, b, c] = ["a", "b", "c"].map(use_of);
            let (a, b, c) = tokio::join!(
                self.store.rotate_session(&a),
                self.store.rotate_session(&b),
                self.store.rotate_session(&c),
            );
            let sealed = [a?, b?, c?].map(|rotated| rotated.map(|rotated| rotated.sealed));
            let [Some(first), second, third] = sealed else { return Err(Failed("a use was not accepted".into())) };
            equal("the second tab", second.as_ref(), Some(&first))?;
            equal("the third tab", third.as_ref(), Some(&first))?;
            old = first.trim_start_matches("sealed-").to_owned();
        }
        Ok(())
    }

    async fn lifetimes(&self) -> Checked {
        let id = self.user("lifetime@example.com").await?.id;
        let ends_at = NOW + LIFETIME + 100;
        self.store.insert_session(&NewSession { ends_at, ..session("lifetime", &id) }).await?;
        let late = rotation("lifetime", 0, NOW + LIFETIME);
        equal("a use when it expires", self.store.rotate_session(&late).await?, None)?;
        let in_time = self.store.rotate_session(&rotation("lifetime", 0, NOW + LIFETIME - 1)).await?;
        equal("a use a second before", in_time.is_some(), true)?;
        let listed = self.store.sessions(&id, NOW + LIFETIME).await?;
        equal("the end", listed.first().map(|session| session.expires_at), Some(ends_at))?;
        equal("a use at the end", self.store.rotate_session(&rotation("lifetime", 1, ends_at)).await?, None)?;
        equal("the list at the end", self.store.sessions(&id, ends_at).await?, Vec::new())
    }

    async fn sessions_of_deleted_users(&self) -> Checked {
        let id = self.user("gone@example.com").await?.id;
        self.store.insert_session(&session("gone", &id)).await?;
        (self.delete_user)(&id).await?;
        equal("a use", self.store.rotate_session(&rotation("gone", 0, NOW)).await?, None)?;
        equal("a new session", self.store.insert_session(&session("gone-2", &id)).await?, false)?;
        equal("the list", self.store.sessions(&id, NOW).await?, Vec::new())
    }

    async fn reuse_ends_a_session(&self) -> Checked {
        let id = self.user("reuse@example.com").await?.id;
        for (name, raise_token_version, version) in [("reuse-1", true, 1), ("reuse-2", false, 1), ("reuse-3", true, 2)]
        {
            self.store.insert_session(&session(name, &id)).await?;
            self.store.rotate_session(&rotation(name, 0, NOW)).await?;
            let end = SessionEnd { raise_token_version, ..end(name, 0, NOW + 30) };
            equal("a reuse", self.store.end_session(&end).await?, Ended::Reused)?;
            equal("the version", self.version_of(&id).await?, Some(version))?;
            equal("the session", self.store.rotate_session(&rotation(name, 1, NOW + 30)).await?, None)?;
            equal("a second reuse", self.store.end_session(&end).await?, Ended::Unknown)?;
            equal("the version after it", self.version_of(&id).await?, Some(version))?;
        }
        // A token that no key of the ring has made is believed only if the row knows it.
        self.store.insert_session(&session("reuse-4", &id)).await?;
        self.store.rotate_session(&rotation("reuse-4", 0, NOW)).await?;
        let unverified = |step| SessionEnd { is_verified: false, ..end("reuse-4", step, NOW + 30) };
        equal("an unverified unknown token", self.store.end_session(&unverified(9)).await?, Ended::Unknown)?;
        equal("an unverified known token", self.store.end_session(&unverified(0)).await?, Ended::Reused)?;
        equal("the version", self.version_of(&id).await?, Some(3))
    }

    async fn what_ends_no_session(&self) -> Checked {
        let id = self.user("kept@example.com").await?.id;
        self.store.insert_session(&session("kept", &id)).await?;
        self.store.rotate_session(&rotation("kept", 0, NOW)).await?;
        let ended = self.store.end_session(&end("kept", 0, NOW + 29)).await?;
        equal("a repeated use", ended, Ended::Unknown)?;
        equal("an unknown session", self.store.end_session(&end("unknown", 0, NOW)).await?, Ended::Unknown)?;
        equal("the session", self.store.sessions(&id, NOW).await?.len(), 1)?;
        let ended = self.store.end_session(&end("kept", 1, NOW + LIFETIME)).await?;
        equal("an expired session", ended, Ended::Expired)?;
        let ended = self.store.end_session(&end("kept", 1, NOW + LIFETIME)).await?;
        equal("a second end", ended, Ended::Unknown)?;
        equal("the version", self.version_of(&id).await?, Some(0))
    }

    async fn deletion(&self) -> Checked {
        let id = self.user("delete@example.com").await?.id;
        let other = self.user("delete2@example.com").await?.id;
        for name in ["delete-1", "delete-2", "delete-3", "delete-4"] {
            self.store.insert_session(&session(name, &id)).await?;
            self.store.rotate_session(&rotation(name, 0, NOW)).await?;
        }
        let (current, previous, unknown) = (token(1), token(0), token(9));
        for (what, name, user_id, known_as, expected) in [
            ("by another user", "delete-1", Some(&other), None, false),
            ("of another name", "delete-5", Some(&id), None, false),
            ("by an unknown token", "delete-1", None, Some(&unknown), false),
            ("by its user with an unknown token", "delete-1", Some(&id), Some(&unknown), false),
            ("by its user", "delete-1", Some(&id), None, true),
            ("a second time", "delete-1", Some(&id), None, false),
            ("by its token", "delete-2", None, Some(&current), true),
            ("by the previous token", "delete-3", None, Some(&previous), true),
            ("by its name", "delete-4", None, None, true),
        ] {
            let deleted = self.store.delete_session(name, user_id, known_as.map(String::as_str)).await?;
            equal(what, deleted, expected)?;
        }
        equal("the rest", self.store.sessions(&id, NOW).await?, Vec::new())
    }

    async fn the_list(&self) -> Checked {
        let id = self.user("list@example.com").await?.id;
        let other = self.user("list2@example.com").await?.id;
        let (user_agent, address) = (Some("Mozilla/5.0 (\"X11\"; 'é')".to_owned()), Some("203.0.113.0/24".to_owned()));
        let first = NewSession { user_agent: user_agent.clone(), address: address.clone(), ..session("list-1", &id) };
        equal("a session", self.store.insert_session(&first).await?, true)?;
        self.store.insert_session(&session("list-2", &id)).await?;
        self.store.insert_session(&session("list-3", &other)).await?;
        self.store.rotate_session(&rotation("list-1", 0, NOW + 5)).await?;
        let shown = |name: &str, used: i64| Session {
            id: name.into(),
            created_at: NOW,
            last_used_at: NOW + used,
            expires_at: NOW + used + LIFETIME,
            user_agent: None,
            address: None,
        };
        let expected = vec![Session { user_agent, address, ..shown("list-1", 5) }, shown("list-2", 0)];
        equal("the list", self.store.sessions(&id, NOW + 5).await?, expected)?;
        let later = self.store.sessions(&id, NOW + LIFETIME).await?;
        equal(
            "the list when one has expired",
            later.into_iter().map(|session| session.id).collect(),
            vec!["list-1".to_owned()],
        )
    }

    async fn users_at_login(&self) -> Checked {
        let user = self.user("Login@example.com").await?;
        for with_token_version in [false, true] {
            let find = async |email| self.store.user_at_login(email, with_token_version, "login", "c", NOW).await;
            let found = find("lOGIN@example.com").await?;
            let row = found.user.ok_or_else(|| Failed("it was not found".into()))?;
            equal("the user", (&row.id, &row.email, &row.password), (&user.id, &user.email, &user.password))?;
            if with_token_version {
                equal("the version of a new user", row.token_version, Some(0))?;
            }
            let unknown = find("nobody@example.com").await?;
            equal("an unknown user", unknown.user.is_none(), true)?;
            let expected = if with_token_version { 1 } else { 0 };
            equal("the failures", (found.state.failures, unknown.state.failures), (expected, expected))?;
            self.store.count_login(&failure("login", "", NOW)).await?;
        }
        Ok(())
    }

    async fn failures(&self) -> Checked {
        equal("before the first one", self.state("counted", "c").await?, LoginState::default())?;
        for now in [NOW, NOW + 10] {
            self.store.count_login(&failure("counted", "", now)).await?;
        }
        equal("after two", self.state("counted", "c").await?, state("", 2, NOW + 10, NOW + 1810))?;
        let held_up = CountedLogin { counts: false, expires_at: NOW, ..failure("counted", "", NOW + 20) };
        self.store.count_login(&held_up).await?;
        equal("after one that does not count", self.state("counted", "c").await?, state("", 2, NOW + 10, NOW + 1810))?;
        self.store.count_login(&failure("counted", "", NOW + 909)).await?;
        equal("899 seconds after the last one", self.state("counted", "").await?.failures, 3)?;
        self.store.count_login(&failure("counted", "", NOW + 1809)).await?;
        equal(
            "900 seconds after the last one",
            self.state("counted", "").await?,
            state("", 1, NOW + 1809, NOW + 3609),
        )?;
        let bounded = CountedLogin { most: 2, ..failure("counted", "", NOW + 1810) };
        for failures in [2, 2] {
            equal("what is counted no further", self.store.count_login(&bounded).await?, failures)?;
        }
        equal("another account", self.state("uncounted", "").await?, LoginState::default())
    }

    async fn failure_beside_failure(&self) -> Checked {
        for race in 0..RACES {
            let account = format!("race-{race}");
            let failed = failure(&account, "", NOW);
            let count = || self.store.count_login(&failed);
            let (a, b, c, d) = tokio::join!(count(), count(), count(), count());
            let mut counted = [a?, b?, c?, d?];
            counted.sort_unstable();
            equal("what is returned", counted, [1, 2, 3, 4])?;
            equal("the failures", self.state(&account, "").await?.failures, 4)?;
        }
        Ok(())
    }

    async fn known_clients(&self) -> Checked {
        self.store.count_login(&failure("clients", "", NOW)).await?;
        self.store.login_succeeded(&success("other", "c1", NOW + 5000)).await?;
        for (at, client) in (1..).zip(CLIENTS) {
            self.store.login_succeeded(&success("clients", client, NOW + at)).await?;
        }
        equal("after six", self.known("clients").await?, vec!["c2", "c3", "c4", "c5", "c6"])?;
        self.store.login_succeeded(&success("clients", "c2", NOW + 7)).await?;
        self.store.login_succeeded(&success("clients", "c1", NOW + 1)).await?;
        equal("after the first one again", self.known("clients").await?, vec!["c1", "c2", "c4", "c5", "c6"])?;
        self.store.login_succeeded(&stranger("clients", "", NOW)).await?;
        equal("after one without an address", self.known("clients").await?.len(), 5)?;
        self.store.count_login(&failure("clients", "c6", NOW + 2)).await?;
        equal("a known client", self.state("clients", "c6").await?, state("c6", 1, NOW + 2, NOW + 1802))?;
        equal("the others", self.state("clients", "c3").await?, state("", 0, NOW, NOW + 1800))?;
        equal("the client in another account", self.state("other", "c1").await?, state("c1", 0, 0, NOW + 5000))
    }

    async fn successes(&self) -> Checked {
        for now in [NOW, NOW + 1] {
            self.store.count_login(&failure("taken", "", now)).await?;
        }
        self.store.login_succeeded(&stranger("taken", "", NOW)).await?;
        equal("after one without an address", self.state("taken", "").await?, state("", 1, NOW + 1, NOW + 1801))?;
        self.store.login_succeeded(&stranger("taken", "c", NOW + 9000)).await?;
        equal("after one of a new client", self.state("taken", "").await?, state("", 0, NOW + 1, NOW + 1801))?;
        equal("the new client", self.state("taken", "c").await?, state("c", 0, 0, NOW + 9000))?;
        self.store.login_succeeded(&stranger("taken", "", NOW)).await?;
        equal("not below 0", self.state("taken", "").await?.failures, 0)?;
        for client in ["", "c", "c"] {
            self.store.count_login(&failure("taken", client, NOW + 2)).await?;
        }
        self.store.login_succeeded(&success("taken", "c", NOW + 9001)).await?;
        equal("the known client", self.state("taken", "c").await?, state("c", 0, NOW + 2, NOW + 9001))?;
        equal("the others", self.state("taken", "").await?.failures, 1)
    }

    async fn expired_attempts(&self) -> Checked {
        let long_ago = NOW - 1_000_000;
        for account in ["expired-1", "expired-2"] {
            self.store.count_login(&failure(account, "", long_ago)).await?;
        }
        self.store.count_login(&failure("live", "", long_ago + 1)).await?;
        self.store.count_login(&failure("fresh", "", long_ago + 1800)).await?;
        for account in ["expired-1", "expired-2"] {
            equal(account, self.state(account, "").await?, LoginState::default())?;
        }
        equal("one that has not expired", self.state("live", "").await?.failures, 1)?;
        // What has expired counts no more, even where it is still there.
        self.store.count_login(&failure("kept", "", NOW)).await?;
        self.store.login_succeeded(&success("kept", "c", NOW + 100)).await?;
        equal("a second before", self.state_at("kept", "c", NOW + 99).await?.client, "c".to_owned())?;
        equal(
            "a known client that has expired",
            self.state_at("kept", "c", NOW + 100).await?,
            state("", 1, NOW, NOW + 1800),
        )?;
        equal("failures that have expired", self.state_at("kept", "c", NOW + 1800).await?, LoginState::default())
    }

    async fn state(&self, account: &str, client: &str) -> Result<LoginState, Failed> {
        self.state_at(account, client, 0).await
    }

    async fn state_at(&self, account: &str, client: &str, now: i64) -> Result<LoginState, Failed> {
        Ok(self.store.user_at_login("nobody@example.com", false, account, client, now).await?.state)
    }

    /// Which of [`CLIENTS`] the store knows.
    async fn known(&self, account: &str) -> Result<Vec<&'static str>, Failed> {
        let mut known = Vec::new();
        for client in CLIENTS {
            if self.state(account, client).await?.client == client {
                known.push(client);
            }
        }
        Ok(known)
    }

    /// Inserts a user.
    async fn user(&self, email: &str) -> Result<UserRow, Failed> {
        let user = self.store.insert_user(email, HASH).await?;
        user.ok_or_else(|| Failed(format!("{email} is taken: is the store empty?")))
    }

    async fn hash_of(&self, id: &UserId) -> Result<String, Failed> {
        Ok(self.store.user_by_id(id, false).await?.map(|user| user.password).unwrap_or_default())
    }

    async fn version_of(&self, id: &UserId) -> Result<Option<i64>, Failed> {
        Ok(self.store.user_by_id(id, true).await?.and_then(|user| user.token_version))
    }
}

const CLIENTS: [&str; 6] = ["c1", "c2", "c3", "c4", "c5", "c6"];

/// A failure, which forgets what is 900 seconds old.
fn failure(account: &str, client: &str, now: i64) -> CountedLogin {
    CountedLogin {
        account: account.into(),
        client: client.into(),
        counts: true,
        now,
        since: now - 900,
        most: 100,
        expires_at: now + 1800,
    }
}

/// A success of a known client.
fn success(account: &str, client: &str, expires_at: i64) -> SucceededLogin {
    SucceededLogin { account: account.into(), client: client.into(), is_known: true, expires_at }
}

/// One of a client that was not known.
fn stranger(account: &str, client: &str, expires_at: i64) -> SucceededLogin {
    SucceededLogin { is_known: false, ..success(account, client, expires_at) }
}

fn state(client: &str, failures: i64, failed_at: i64, expires_at: i64) -> LoginState {
    LoginState { client: client.into(), failures, failed_at, expires_at }
}

/// How long a session can stay unused, in seconds.
const LIFETIME: i64 = 600;

/// A session of the first token, which begins now.
fn session(name: &str, user_id: &UserId) -> NewSession {
    NewSession {
        id: name.into(),
        user_id: user_id.clone(),
        password: HASH.into(),
        token_version: None,
        current: token(0),
        now: NOW,
        expires_at: NOW + LIFETIME,
        ends_at: NOW + 1_000_000,
        user_agent: None,
        address: None,
    }
}

/// The use of the token of this step.
fn rotation(name: &str, step: u8, now: i64) -> Rotation {
    Rotation {
        id: name.into(),
        old: token(step),
        new: token(step + 1),
        sealed: format!("sealed-{}", step + 1),
        now,
        expires_at: now + LIFETIME,
        grace_since: now - 30,
        with_token_version: false,
    }
}

fn end(name: &str, step: u8, now: i64) -> SessionEnd {
    SessionEnd {
        id: name.into(),
        old: token(step),
        now,
        grace_since: now - 30,
        is_verified: true,
        raise_token_version: true,
    }
}

/// In place of the hash of a token.
fn token(step: u8) -> String {
    format!("token-{step}")
}
