//! Refresh tokens (RFC 6749 6): opaque, single-use, each use returns the next one (RFC 9700 4.14.2).
//!
//! A session is one login and all refresh tokens derived from it. The store keeps one row for a session, with the
//! hashes of the current token and of the previous one. A token that is used twice ends the session.
//!
//! The next token is derived from the used one and a key of the ring. So two tabs that use the same token at once, or a
//! client that repeats a request after a lost response, get the same next token, and the store never contains a token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{limits::REFRESH_GRACE_SECONDS, token::KeyRing, user::UserId};

/// The token that a client holds.
pub(crate) struct RefreshToken {
    family: String,
    secret: Zeroizing<String>,
}

/// A session to store.
///
/// ```
/// use edgegate::{Question, host::Session};
///
/// let session = Session {
///     family: "Fq2xXIVp4hQx0P0mZkq1dA".into(),
///     user_id: 7.into(),
///     current: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
///     expires_at: 1_700_600_000,
///     now: 1_700_000_000,
/// };
/// assert!(matches!(Question::InsertSession(session), Question::InsertSession(session) if session.user_id == 7.into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The name of the session: 16 random bytes in base64url.
    pub family: String,
    /// The user.
    pub user_id: UserId,
    /// The hash of the refresh token: SHA-256 in base64url.
    pub current: String,
    /// When the session ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// The current time, in seconds since 1970.
    pub now: i64,
}

/// The replacement of a session's refresh token by the next one.
///
/// One SQL statement does it, and also accepts the same use again within the grace period:
///
/// ```sql
/// UPDATE refresh_tokens SET previous = :old, current = :new, expires_at = :expires_at,
///   rotated_at = CASE WHEN current = :old THEN :now ELSE rotated_at END
/// WHERE family = :family AND expires_at > :now
///   AND (current = :old OR (previous = :old AND current = :new AND rotated_at > :grace_since))
/// RETURNING user_id
/// ```
///
/// If it returns no row, the token is unknown, expired or was used before. The session is then ended:
///
/// ```sql
/// DELETE FROM refresh_tokens
/// WHERE family = :family AND NOT (COALESCE(previous, '') = :old AND rotated_at > :grace_since)
/// ```
///
/// Delete a user's sessions together with the user.
///
/// ```
/// use edgegate::{Gate, Question, Settings, Step, Vars};
///
/// let gate = Gate::new(Settings::try_from(Vars {
///     secret_key: Some("0123456789abcdef0123456789abcdef".into()),
///     refresh_token_expire_minutes: Some("60".into()),
///     ..Vars::default()
/// })?);
/// let token = format!("{}.{}", "A".repeat(22), "A".repeat(43));
/// let step = gate.refresh(token, 1_700_000_000);
/// let Step::Ask(Question::RotateSession(rotation), _) = step else { panic!() };
/// assert_eq!((rotation.expires_at, rotation.grace_since), (1_700_003_600, 1_699_999_970));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The name of the session.
    pub family: String,
    /// The hash of the used token.
    pub old: String,
    /// The hash of the next token.
    pub new: String,
    /// When the session now ends if it is not used, in seconds since 1970.
    pub expires_at: i64,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// A token that was replaced after this time is accepted once more.
    pub grace_since: i64,
}

impl RefreshToken {
    /// The first token of a new session; `None` when the system has no randomness.
    pub(crate) fn random() -> Option<Self> {
        let (mut family, mut secret) = ([0; 16], Zeroizing::new([0; 32]));
        getrandom::fill(&mut family).ok()?;
        getrandom::fill(secret.as_mut()).ok()?;
        Some(Self {
            family: URL_SAFE_NO_PAD.encode(family),
            secret: Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice())),
        })
    }

    /// `None` when the text is not a refresh token.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (family, secret) = text.split_once('.')?;
        let is_base64url = |part: &str, bytes: usize| {
            URL_SAFE_NO_PAD.decode(part).is_ok_and(|part| Zeroizing::new(part).len() == bytes)
        };
        let sound = is_base64url(family, 16) && is_base64url(secret, 32);
        sound.then(|| Self { family: family.to_owned(), secret: Zeroizing::new(secret.to_owned()) })
    }

    pub(crate) fn to_text(&self) -> String {
        format!("{}.{}", self.family, self.secret.as_str())
    }

    /// The next token; `None` when no key of the ring can sign.
    pub(crate) fn next(&self, ring: &KeyRing) -> Option<Self> {
        let secret = ring.signing()?.derive("edgegate refresh token", &self.secret)?;
        Some(Self { family: self.family.clone(), secret: Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice())) })
    }

    /// The session that starts with this token.
    pub(crate) fn session(&self, user_id: UserId, now: i64, lifetime: i64) -> Session {
        let expires_at = now.saturating_add(lifetime);
        Session { family: self.family.clone(), user_id, current: self.hash(), expires_at, now }
    }

    /// The replacement of this token by `next`.
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

    /// The token has 32 random bytes, so the hash needs no salt and no work factor.
    fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.secret.as_bytes()))
    }
}
