//! Refresh tokens (RFC 6749 6): opaque, good for one use, each use gives the next (RFC 9700 4.14.2).
//!
//! A session is one login and every refresh token that descends from it. The store keeps one row for it, with the hashes of
//! the current token and of the one before, so that a token that turns up twice ends the session of whoever holds it.
//!
//! The next token is derived from the one that is used and a key of the ring. Two tabs that use the same token at once, or
//! one that asks again because the answer was lost, are thus given the same next token, although nobody has stored it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{limits::REFRESH_GRACE_SECONDS, token::KeyRing, user::UserId};

/// What a client holds.
pub(crate) struct RefreshToken {
    family: String,
    secret: Zeroizing<String>,
}

/// A session that is to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its name, 16 random bytes in base64url.
    pub family: String,
    /// The user whose it is.
    pub user_id: UserId,
    /// The hash of its refresh token: SHA-256 in base64url.
    pub current: String,
    /// When it ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// The next refresh token of a session in place of the one that was used.
///
/// The one statement in SQL, which also lets the same use happen twice within the grace:
///
/// ```sql
/// UPDATE refresh_tokens SET previous = :old, current = :new, expires_at = :expires_at,
///   rotated_at = CASE WHEN current = :old THEN :now ELSE rotated_at END
/// WHERE family = :family AND expires_at > :now
///   AND (current = :old OR (previous = :old AND current = :new AND rotated_at > :grace_since))
/// RETURNING user_id
/// ```
///
/// When it finds no row, the token was used before, or is none; the session is then ended:
///
/// ```sql
/// DELETE FROM refresh_tokens
/// WHERE family = :family AND NOT (COALESCE(previous, '') = :old AND rotated_at > :grace_since)
/// ```
///
/// A session is to be deleted with its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The session's name.
    pub family: String,
    /// The hash of the token that was used.
    pub old: String,
    /// The hash of the next one.
    pub new: String,
    /// When the session now ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// A token that was replaced after this time may be used once more.
    pub grace_since: i64,
}

impl RefreshToken {
    /// A new session's first one; `None` when there is no randomness.
    pub(crate) fn random() -> Option<Self> {
        let (mut family, mut secret) = ([0; 16], Zeroizing::new([0; 32]));
        getrandom::fill(&mut family).ok()?;
        getrandom::fill(secret.as_mut()).ok()?;
        Some(Self {
            family: URL_SAFE_NO_PAD.encode(family),
            secret: Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice())),
        })
    }

    /// `None` for what cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (family, secret) = text.split_once('.')?;
        let is_base64url = |part: &str, bytes: usize| {
            URL_SAFE_NO_PAD.decode(part).is_ok_and(|part| Zeroizing::new(part).len() == bytes)
        };
        let sound = is_base64url(family, 16) && is_base64url(secret, 32);
        sound.then(|| Self { family: family.to_owned(), secret: Zeroizing::new(secret.to_owned()) })
    }

    /// What the client is given.
    pub(crate) fn to_text(&self) -> String {
        format!("{}.{}", self.family, self.secret.as_str())
    }

    /// The one that takes its place; `None` when no key of the ring can sign.
    pub(crate) fn next(&self, ring: &KeyRing) -> Option<Self> {
        let secret = ring.signing()?.derive("edgegate refresh token", &self.secret)?;
        Some(Self { family: self.family.clone(), secret: Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice())) })
    }

    /// The session that it begins.
    pub(crate) fn session(&self, user_id: UserId, now: i64, lifetime: i64) -> Session {
        let expires_at = now.saturating_add(lifetime);
        Session { family: self.family.clone(), user_id, current: self.hash(), expires_at, now }
    }

    /// Its replacement by the next one.
    pub(crate) fn rotation(&self, next: &Self, now: i64, lifetime: i64) -> Rotation {
        Rotation {
            family: self.family.clone(),
            old: self.hash(),
            new: next.hash(),
            expires_at: now.saturating_add(lifetime),
            now,
            grace_since: now.saturating_sub(REFRESH_GRACE_SECONDS),
        }
    }

    /// 32 random bytes need no salt and no slow hash.
    fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.secret.as_bytes()))
    }
}
