//! Refresh tokens (RFC 6749 6): opaque, single-use, each use returns the next one (RFC 9700 4.14.2).
//!
//! A session is one login and all refresh tokens that follow from it. The store keeps one row for a session, with the hashes
//! of the current token and of the previous one. A token that is used after its successor ends the session.
//!
//! The next token is random. The row keeps it sealed under the token that it replaces. So two tabs that use the same token at
//! once, or a client that repeats a request after a lost response, get the same next token, and neither the database nor the
//! signing key nor both of them contain a token.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    limits::REFRESH_GRACE_SECONDS,
    row::{Columns, InvalidRow},
    token::{Key, KeyRing},
    user::UserId,
};

/// The token that a client holds: `id.secret.mac`. The MAC tells a token from garbage without a question to the store.
pub(crate) struct RefreshToken {
    id: String,
    secret: Secret,
    /// Whether a key of the ring has made it. One of which the ring has only the public half cannot tell.
    is_verified: bool,
}

/// 32 random bytes.
type Secret = Zeroizing<[u8; 32]>;

/// A session to store, if the user still has this password hash and this token version.
///
/// One SQL statement does it, and affects no row when the login has become invalid while the password was checked:
///
/// ```sql
/// INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at)
/// SELECT :id, users.id, :current, :now, :now, :expires_at, :ends_at FROM users
/// WHERE users.id = :user_id AND password = :password AND token_version = :token_version
/// ```
///
/// Without `token_version` the last condition is left out. The host adds what it knows of the client, such as the user agent.
///
/// ```
/// use edgegate::{Question, host::NewSession};
///
/// let session = NewSession {
///     id: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     user_id: 7.into(),
///     password: "$2b$12$".into(),
///     token_version: Some(3),
///     current: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
///     now: 1_700_000_000,
///     expires_at: 1_700_600_000,
///     ends_at: 1_707_776_000,
/// };
/// assert!(!format!("{session:?}").contains("$2b$"));
/// assert!(matches!(Question::InsertSession(session), Question::InsertSession(_)));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    /// The name of the session: 16 random bytes in base64url.
    pub id: String,
    /// The user.
    pub user_id: UserId,
    /// The password hash that the login has checked.
    pub password: String,
    /// The token version that the login has read, with `REVOCATION=on`.
    pub token_version: Option<i64>,
    /// The hash of the refresh token: SHA-256 in base64url.
    pub current: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// When the session ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// When the session ends in any case, in seconds since 1970.
    pub ends_at: i64,
}

/// The use of a refresh token.
///
/// One SQL statement does it, and also accepts the same use again within the grace period:
///
/// ```sql
/// UPDATE sessions SET previous = :old,
///   current = CASE WHEN current = :old THEN :new ELSE current END,
///   sealed = CASE WHEN current = :old THEN :sealed ELSE sealed END,
///   rotated_at = CASE WHEN current = :old THEN :now ELSE rotated_at END,
///   expires_at = CASE WHEN current = :old THEN MIN(:expires_at, ends_at) ELSE expires_at END
/// WHERE id = :id AND expires_at > :now AND (current = :old OR (previous = :old AND rotated_at > :grace_since))
///   AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id)
/// RETURNING user_id, sealed, (SELECT token_version FROM users WHERE users.id = sessions.user_id) AS token_version
/// ```
///
/// If it returns no row, the core asks [`Question::EndSession`](crate::Question::EndSession).
///
/// ```
/// use edgegate::{Gate, Question, Settings, Step, Vars};
///
/// let gate = Gate::new(Settings::try_from(Vars {
///     secret_key: Some("0123456789abcdef0123456789abcdef".into()),
///     refresh_token_expire_minutes: Some("60".into()),
///     ..Vars::default()
/// })?);
/// // Garbage is refused without a question.
/// assert!(gate.refresh("x".into(), 1_700_000_000).done().is_some_and(|result| result.is_err()));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The name of the session.
    pub id: String,
    /// The hash of the used token.
    pub old: String,
    /// The hash of the next token.
    pub new: String,
    /// The next token, sealed under the used one.
    pub sealed: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// When the session now ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// A token that was replaced after this time is accepted once more.
    pub grace_since: i64,
    /// Whether `token_version` is wanted.
    pub with_token_version: bool,
}

/// What the store has after a [`Rotation`].
///
/// ```
/// let rotated = edgegate::host::Rotated { user_id: 7.into(), sealed: "abc".into(), token_version: None };
/// assert_eq!(rotated.user_id, 7.into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The user whose session it is.
    pub user_id: UserId,
    /// The column `sealed`.
    pub sealed: String,
    /// The user's token version, if it was wanted.
    pub token_version: Option<i64>,
}

impl Rotated {
    /// Reads it from the columns `user_id`, `sealed` and, if it was wanted, `token_version`.
    ///
    /// # Errors
    /// [`InvalidRow`] with the first of these columns that is missing or has the wrong type.
    ///
    /// ```
    /// let error = edgegate::host::Rotated::from_columns(serde_json::Map::new()).unwrap_err();
    /// assert_eq!(error.column, "user_id");
    /// ```
    pub fn from_columns(columns: Map<String, Value>) -> Result<Self, InvalidRow> {
        let mut row = Columns(columns);
        Ok(Self {
            user_id: UserId::from_column(&mut row, "user_id")?,
            sealed: row.text("sealed")?,
            token_version: row.optional_integer("token_version")?,
        })
    }
}

/// The end of a session because of a refresh token that [`Rotation`] did not accept.
///
/// Two SQL statements in one transaction do it. The first is for `raise_token_version` only:
///
/// ```sql
/// UPDATE users SET token_version = token_version + 1 WHERE id = (
///   SELECT user_id FROM sessions WHERE id = :id AND expires_at > :now AND (:is_verified OR previous = :old)
///   AND NOT (COALESCE(previous, '') = :old AND rotated_at > :grace_since));
/// DELETE FROM sessions WHERE id = :id AND (:is_verified OR previous = :old)
/// AND NOT (COALESCE(previous, '') = :old AND rotated_at > :grace_since)
/// RETURNING expires_at <= :now AS expired
/// ```
///
/// ```
/// let end = edgegate::host::SessionEnd {
///     id: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     old: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
///     now: 1_700_000_000,
///     grace_since: 1_699_999_970,
///     is_verified: true,
///     raise_token_version: true,
/// };
/// assert_eq!(end.now - end.grace_since, 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct SessionEnd {
    /// The name of the session.
    pub id: String,
    /// The hash of the used token.
    pub old: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// A token that was replaced after this time ends nothing.
    pub grace_since: i64,
    /// Whether a key of the ring has made the token. One that may be of a retired key must be one that the row knows.
    pub is_verified: bool,
    /// Whether the access tokens of the user are revoked as well.
    pub raise_token_version: bool,
}

/// What a [`SessionEnd`] came to.
///
/// ```
/// assert_ne!(edgegate::host::Ended::Reused, edgegate::host::Ended::Expired);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no such session.
    Unknown,
    /// It had expired, and is deleted.
    Expired,
    /// It was live, and is deleted: the token had been used before.
    Reused,
}

/// Shows neither the password hash nor the hash of the token.
impl fmt::Debug for NewSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSession")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

impl RefreshToken {
    /// The first token of a new session; `None` when the system has no randomness.
    pub(crate) fn random() -> Option<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        Some(Self { id: URL_SAFE_NO_PAD.encode(id), secret: secret()?, is_verified: true })
    }

    /// `None` when the text is not a refresh token that a key of the ring can have made.
    pub(crate) fn parse(text: &str, ring: &KeyRing) -> Option<Self> {
        let (token, mac) = text.rsplit_once('.')?;
        let (id, secret) = token.split_once('.')?;
        let mut bytes = Secret::default();
        let is_32_bytes = URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut()) == Ok(32);
        let is_id = URL_SAFE_NO_PAD.decode(id).is_ok_and(|id| id.len() == 16);
        let is_ours = |key: &Key| key_mac(key, token).is_some_and(|own| own.as_bytes().ct_eq(mac.as_bytes()).into());
        let is_verified = ring.keys().iter().any(|key| is_ours(key));
        let may_be_ours = is_verified || ring.keys().iter().any(|key| key.derive(LABEL, "").is_none());
        (is_32_bytes && is_id && may_be_ours).then(|| Self { id: id.to_owned(), secret: bytes, is_verified })
    }

    /// The text for the client; `None` when no key of the ring can sign.
    pub(crate) fn to_text(&self, ring: &KeyRing) -> Option<String> {
        let token = Zeroizing::new(format!("{}.{}", self.id, *self.encoded()));
        Some([token.as_str(), ".", &key_mac(ring.signing()?, &token)?].concat())
    }

    /// Its hash, if the ring cannot tell whether one of its keys has made it: then the row must know the token.
    pub(crate) fn unverified_hash(&self) -> Option<String> {
        (!self.is_verified).then(|| self.hash())
    }

    /// The name of the session.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A token that may replace this one; `None` when the system has no randomness.
    pub(crate) fn successor(&self) -> Option<Self> {
        Some(Self { id: self.id.clone(), secret: secret()?, is_verified: true })
    }

    /// The next token, sealed under this one.
    pub(crate) fn seal(&self, next: &Self) -> String {
        URL_SAFE_NO_PAD.encode(self.mask(&next.secret).as_slice())
    }

    /// The next token, which was sealed under this one; `None` for what is no sealed token.
    pub(crate) fn unseal(&self, sealed: &str) -> Option<Self> {
        let mut bytes = Secret::default();
        let is_32_bytes = URL_SAFE_NO_PAD.decode_slice(sealed, bytes.as_mut()) == Ok(32);
        is_32_bytes.then(|| Self { id: self.id.clone(), secret: self.mask(&bytes), is_verified: true })
    }

    /// The token has 32 random bytes, so the hash needs no salt and no work factor.
    pub(crate) fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.encoded().as_bytes()))
    }

    /// The replacement of this token by `next`.
    pub(crate) fn rotation(&self, next: &Self, now: i64, lifetime: i64, with_token_version: bool) -> Rotation {
        Rotation {
            id: self.id.clone(),
            old: self.hash(),
            new: next.hash(),
            sealed: self.seal(next),
            now,
            expires_at: now.saturating_add(lifetime),
            grace_since: now.saturating_sub(REFRESH_GRACE_SECONDS),
            with_token_version,
        }
    }

    /// The end of the session whose token this was.
    pub(crate) fn end(&self, now: i64, raise_token_version: bool) -> SessionEnd {
        let grace_since = now.saturating_sub(REFRESH_GRACE_SECONDS);
        SessionEnd {
            id: self.id.clone(),
            old: self.hash(),
            now,
            grace_since,
            is_verified: self.is_verified,
            raise_token_version,
        }
    }

    fn encoded(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.as_slice()))
    }

    /// A pad from the secret: of the values that it seals, one is stored. The label separates it from the stored hash.
    fn mask(&self, value: &Secret) -> Secret {
        let pad = Sha256::new().chain_update("edgegate refresh token successor\0").chain_update(self.secret.as_slice());
        let mut masked = value.clone();
        masked.iter_mut().zip(pad.finalize()).for_each(|(byte, pad)| *byte ^= pad);
        masked
    }
}

fn secret() -> Option<Secret> {
    let mut secret = Secret::default();
    getrandom::fill(secret.as_mut()).ok()?;
    Some(secret)
}

const LABEL: &str = "edgegate refresh token";

/// 16 bytes in base64url.
fn key_mac(key: &Key, token: &str) -> Option<String> {
    let mac = key.derive(LABEL, token)?;
    Some(URL_SAFE_NO_PAD.encode(mac.first_chunk::<16>()?))
}

#[cfg(test)]
mod tests {
    use super::RefreshToken;
    use crate::token::{Algorithm, Key, KeyRing};

    fn ring(secrets: &[u8]) -> KeyRing {
        let key = |byte: &u8| Key::secret(Algorithm::HS256, &[*byte; 32]).unwrap().named(byte.to_string());
        KeyRing::new(secrets.iter().map(key).collect()).unwrap()
    }

    #[test]
    fn a_token_is_read_by_every_ring_that_has_its_key() {
        let token = RefreshToken::random().unwrap();
        let text = token.to_text(&ring(&[1, 2])).unwrap();
        assert_eq!(text.len(), 22 + 1 + 43 + 1 + 22);
        for secrets in [&[1][..], &[2, 1]] {
            assert_eq!(RefreshToken::parse(&text, &ring(secrets)).unwrap().hash(), token.hash());
        }
        assert!(RefreshToken::parse(&text, &ring(&[2, 3])).is_none());
    }

    #[test]
    fn every_changed_character_is_refused() {
        let ring = ring(&[1]);
        let text = RefreshToken::random().unwrap().to_text(&ring).unwrap();
        for at in 0..text.len() {
            for other in ["A", "B", ".", "=", ""] {
                let changed = [&text[..at], other, &text[at + 1..]].concat();
                assert!(changed == text || RefreshToken::parse(&changed, &ring).is_none(), "{at} {other}");
            }
        }
        for longer in [format!("{text}A"), format!("A{text}"), format!("{text}."), format!(" {text}")] {
            assert!(RefreshToken::parse(&longer, &ring).is_none(), "{longer}");
        }
    }

    #[test]
    fn the_next_token_is_read_with_the_used_one_only() {
        let (used, other) = (RefreshToken::random().unwrap(), RefreshToken::random().unwrap());
        let next = used.successor().unwrap();
        let sealed = used.seal(&next);
        assert_eq!(used.unseal(&sealed).unwrap().hash(), next.hash());
        assert_ne!(other.unseal(&sealed).unwrap().hash(), next.hash());
        assert_ne!(sealed, *next.encoded());
        assert!(used.unseal("abc").is_none() && used.unseal(&format!("{sealed}A")).is_none());
        assert_ne!(used.successor().unwrap().hash(), next.hash(), "it is random");
    }
}
