//! What a store must do for sessions.

use edgegate::{
    UserId,
    host::{Ended, NewSession, Rotated, Rotation, Session, SessionEnd},
};

use super::{Checked, Failed, HASH, NOW, RACES, Suite, equal};
use crate::{Store, StoreError};

impl<S: Store, D: AsyncFn(&UserId) -> Result<(), StoreError>> Suite<'_, S, D> {
    pub(super) async fn revocation_deletes_sessions(&self) -> Checked {
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

    pub(super) async fn outdated_logins(&self) -> Checked {
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

    pub(super) async fn revocation_beside_a_login(&self) -> Checked {
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

    pub(super) async fn rotation(&self) -> Checked {
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

    pub(super) async fn rotation_in_the_grace(&self) -> Checked {
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

    pub(super) async fn rotation_beside_rotation(&self) -> Checked {
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

    pub(super) async fn lifetimes(&self) -> Checked {
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

    pub(super) async fn sessions_of_deleted_users(&self) -> Checked {
        let id = self.user("gone@example.com").await?.id;
        self.store.insert_session(&session("gone", &id)).await?;
        (self.delete_user)(&id).await?;
        equal("a use", self.store.rotate_session(&rotation("gone", 0, NOW)).await?, None)?;
        equal("a new session", self.store.insert_session(&session("gone-2", &id)).await?, false)?;
        equal("the list", self.store.sessions(&id, NOW).await?, Vec::new())
    }

    pub(super) async fn reuse_ends_a_session(&self) -> Checked {
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

    pub(super) async fn what_ends_no_session(&self) -> Checked {
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

    pub(super) async fn deletion(&self) -> Checked {
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

    pub(super) async fn the_list(&self) -> Checked {
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
}

/// How long a session can stay unused, in seconds.
const LIFETIME: i64 = 600;

/// A session of the first token, which begins now.
pub(super) fn session(name: &str, user_id: &UserId) -> NewSession {
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
