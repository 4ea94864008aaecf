//! What a store must do for the lockout.

use edgegate::{
    UserId,
    host::{CountedLogin, LoginState, SucceededLogin},
};

use super::{Checked, Failed, NOW, RACES, Suite, equal};
use crate::{Store, StoreError};

impl<S: Store, D: AsyncFn(&UserId) -> Result<(), StoreError>> Suite<'_, S, D> {
    pub(super) async fn users_at_login(&self) -> Checked {
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

    pub(super) async fn failures(&self) -> Checked {
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

    pub(super) async fn failure_beside_failure(&self) -> Checked {
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

    pub(super) async fn known_clients(&self) -> Checked {
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

    pub(super) async fn successes(&self) -> Checked {
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

    pub(super) async fn expired_attempts(&self) -> Checked {
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
