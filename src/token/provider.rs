//! An identity provider's keys: when they are fetched and how long they are used.

use std::sync::Arc;

use jsonwebtoken::Header;

use super::{Key, Rules, TokenRefusal, jwk, ring::of_algorithm};
use crate::limits::{
    JWK_SET_COOL_DOWN_SECONDS, JWK_SET_FRESH_DEFAULT_SECONDS, JWK_SET_FRESH_MAX_SECONDS, JWK_SET_STALE_MAX_SECONDS,
};

/// An identity provider whose tokens are accepted too.
///
/// ```
/// use edgegate::{Settings, Vars};
///
/// let settings = Settings::try_from(Vars {
///     secret_key: Some("secret".repeat(8).into()),
///     jwks_url: Some("https://id.example/jwks.json".into()),
///     jwks_issuer: Some("https://id.example".into()),
///     jwks_audience: Some("https://api.example".into()),
///     ..Vars::default()
/// })?;
/// let rules = settings.provider.map(|provider| provider.rules);
/// assert_eq!(rules.and_then(|rules| rules.audience).as_deref(), Some("https://api.example"));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The `https:` URL of its JWK set.
    pub jwks_url: String,
    /// The rules for its tokens. Issuer and audience are set: the issuer distinguishes them from the gate's own tokens,
    /// and the provider also issues tokens for other services (RFC 8725 3.8, 3.9).
    pub rules: Rules,
}

/// The provider's keys fetched so far.
#[derive(Debug, Default)]
pub(crate) struct ProviderKeys {
    known: Option<Known>,
    /// When the provider was last asked. Before the first response: when it last failed.
    asked_at: Option<u64>,
}

#[derive(Debug)]
struct Known {
    keys: Vec<Arc<Key>>,
    fresh_until: u64,
}

impl ProviderKeys {
    /// Whether the provider's keys must be fetched before a token with this header is verified.
    ///
    /// They must when they are stale or the token's key is unknown, but at most once in [`JWK_SET_COOL_DOWN_SECONDS`].
    pub(crate) fn is_due(&self, header: &Header, now: u64) -> bool {
        let wanted = match &self.known {
            None => true,
            Some(known) => now >= known.fresh_until || !known.keys.iter().any(|key| is_meant(key, header)),
        };
        let cooled = self.asked_at.is_none_or(|asked| now >= asked.saturating_add(JWK_SET_COOL_DOWN_SECONDS));
        wanted && cooled
    }

    /// Notes that the provider is asked. Before the first response every concurrent request asks, because no keys exist
    /// yet.
    pub(crate) fn asked(&mut self, now: u64) {
        if self.known.is_some() {
            self.asked_at = Some(now);
        }
    }

    /// Takes the provider's response. An invalid JWK set counts as a failure and leaves the keys unchanged.
    pub(crate) fn answered(&mut self, body: &[u8], max_age: Option<u64>, now: u64) {
        let keys = std::str::from_utf8(body).ok().and_then(|text| jwk::of_provider(text).ok());
        let Some(keys) = keys else { return self.failed(now) };
        let fresh = max_age.unwrap_or(JWK_SET_FRESH_DEFAULT_SECONDS).min(JWK_SET_FRESH_MAX_SECONDS);
        self.known = Some(Known { keys, fresh_until: now.saturating_add(fresh) });
        self.asked_at = Some(now);
    }

    pub(crate) fn failed(&mut self, now: u64) {
        self.asked_at = Some(now);
    }

    /// The keys that may verify a token with this header. Stale keys are included while the provider does not answer. A
    /// token without a `kid` may be verified by any key.
    pub(crate) fn candidates(&self, header: &Header, now: u64) -> Result<Vec<Arc<Key>>, TokenRefusal> {
        let known = self.known.as_ref().ok_or(TokenRefusal::KeysUnavailable)?;
        if now >= known.fresh_until.saturating_add(JWK_SET_STALE_MAX_SECONDS) {
            return Err(TokenRefusal::KeysUnavailable);
        }
        of_algorithm(known.keys.iter().filter(|key| is_meant(key, header)), header)
    }

    #[cfg(feature = "wasm-token")]
    pub(crate) fn keys(&self) -> &[Arc<Key>] {
        self.known.as_ref().map_or(&[], |known| &known.keys)
    }
}

fn is_meant(key: &Key, header: &Header) -> bool {
    header.kid.is_none() || key.kid() == header.kid.as_deref()
}

/// How many seconds a response stays fresh: `max-age` of `Cache-Control` minus `Age` (RFC 9111 4.2). `None` without
/// `max-age`; 0 when the response must not be stored.
pub(crate) fn max_age(cache_control: Option<&str>, age: Option<&str>) -> Option<u64> {
    let mut max_age = None;
    for directive in cache_control?.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(0),
            "max-age" => max_age = value.trim().trim_matches('"').parse::<u64>().ok(),
            _ => {}
        }
    }
    Some(max_age?.saturating_sub(age.and_then(|age| age.trim().parse().ok()).unwrap_or(0)))
}
