//! Refresh tokens (RFC 6749 6): opaque, single-use, each use returns the next one (RFC 9700 4.14.2).
//!
//! A session is one login and all refresh tokens that follow from it. The store keeps one row for a session, with the hashes
//! of the current token and of the previous one. A token that is used after its successor ends the session.
//!
//! The next token is random. The row keeps it sealed under the token that it replaces. So two tabs that use the same token at
//! once, or a client that repeats a request after a lost response, get the same next token, and neither the database nor the
//! signing key nor both of them contain a token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Rotation, SessionEnd};
use crate::{
    limits::REFRESH_GRACE_SECONDS,
    token::{Key, KeyRing},
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
