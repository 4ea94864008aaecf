//! Issuing and verifying tokens: the part that may have to ask the host, for signatures of key pairs and for an identity
//! provider's keys.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Host, Step, start};
use crate::{
    settings::Settings,
    token::{
        Claims, Either, ISS, Key, KeyRing, Provider, Rules, TokenRefusal,
        jws::{self, Unverified},
        provider::{ProviderKeys, max_age},
    },
};

/// Signs the claims with the ring's first key that may sign.
///
/// The bytes are those that PyJWT and python-jose make of the same claims.
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{token::{Algorithm, Claims, Key, KeyRing, Rules}, host::tokens};
///
/// let key = Key::secret(Algorithm::HS256, b"0123456789abcdef0123456789abcdef")?;
/// let ring = Arc::new(KeyRing::new(vec![key])?);
/// let rules = Rules::default();
/// let claims = Claims::new(1, 1_700_000_000, &rules);
/// let token = tokens::issue(claims, Arc::clone(&ring)).done().expect("a secret asks no host")?;
/// assert_eq!(
///     token,
///     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxLCJleHAiOjE3MDAwMDAwMDB9.\
///      uehgrBFFZUOqSNxYs42WIIb6wbIOIZRCLMF-ETgqSzM",
/// );
/// let verdict = tokens::verify(token, ring, rules, 1_699_999_999).done().expect("a secret asks no host");
/// assert_eq!(verdict?.user_id(), Some(&1.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TokenRefusal::Key`] when no key can sign, [`TokenRefusal::Host`] when the host's cryptography did not answer.
pub fn issue(claims: Claims, ring: Arc<KeyRing>) -> Step<Result<String, TokenRefusal>> {
    start(|host| async move { sign(&ring, &host, &claims).await })
}

/// The claims of a token that holds at `now` (seconds since 1970): signed by a key of the ring, and as the rules want it.
///
/// # Errors
/// The first reason found, of [`TokenRefusal`].
pub fn verify(token: String, ring: Arc<KeyRing>, rules: Rules, now: u64) -> Step<Result<Claims, TokenRefusal>> {
    start(move |host| async move {
        let token = Unverified::parse(&token, &ring)?;
        Case { keys: ring.candidates(&token.header)?, token, rules: &rules, is_ours: true }.judge(&host, now).await
    })
}

/// The claims of a token that the gate has issued.
pub(crate) async fn verify_ours(
    settings: &Settings,
    host: &Host,
    token: &str,
    now: u64,
) -> Result<Claims, TokenRefusal> {
    Case::of_ours(settings, Unverified::parse(token, &settings.ring)?)?.judge(host, now).await
}

/// The claims of a token that the gate or its identity provider has issued.
pub(crate) async fn verify_any(
    settings: &Settings,
    provider_keys: &Mutex<ProviderKeys>,
    host: &Host,
    token: &str,
    now: u64,
) -> Result<Claims, TokenRefusal> {
    let token = Unverified::parse(token, &settings.ring)?;
    if let Some(provider) = provider_of(settings, &token)? {
        if lock(provider_keys).is_due(&token.header, now) {
            fetch_keys(provider, provider_keys, host, now).await;
        }
        // Its own statement, so that nobody holds the lock while the host is asked.
        let case = Case::of_provider(provider, &lock(provider_keys), token, now)?;
        return case.judge(host, now).await;
    }
    Case::of_ours(settings, token)?.judge(host, now).await
}

/// What can be said of a token at once.
pub enum AtOnce {
    /// All.
    Known(Result<Claims, TokenRefusal>),
    /// This, if its signature holds by the key of this number, and else [`TokenRefusal::Signature`].
    IfSigned(u32, Result<Claims, TokenRefusal>),
    /// Nothing yet: there are several keys to try, or the provider's have to be fetched.
    Unknown,
}

/// [`verify_any`], as far as it comes without asking.
pub(crate) fn at_once(settings: &Settings, provider_keys: &Mutex<ProviderKeys>, token: &str, now: u64) -> AtOnce {
    let case = || {
        let token = Unverified::parse(token, &settings.ring)?;
        let Some(provider) = provider_of(settings, &token)? else { return Case::of_ours(settings, token).map(Some) };
        let keys = lock(provider_keys);
        if keys.is_due(&token.header, now) {
            return Ok(None);
        }
        Case::of_provider(provider, &keys, token, now).map(Some)
    };
    match case() {
        Ok(Some(case)) => case.at_once(now),
        Ok(None) => AtOnce::Unknown,
        Err(refusal) => AtOnce::Known(Err(refusal)),
    }
}

/// A token, the keys that may have signed it, and what its claims must be.
struct Case<'a> {
    token: Unverified<'a>,
    keys: Vec<Arc<Key>>,
    rules: &'a Rules,
    is_ours: bool,
}

impl<'a> Case<'a> {
    fn of_ours(settings: &'a Settings, token: Unverified<'a>) -> Result<Self, TokenRefusal> {
        Ok(Self { keys: settings.ring.candidates(&token.header)?, token, rules: &settings.rules, is_ours: true })
    }

    fn of_provider(
        provider: &'a Provider,
        keys: &ProviderKeys,
        token: Unverified<'a>,
        now: u64,
    ) -> Result<Self, TokenRefusal> {
        Ok(Self { keys: keys.candidates(&token.header, now)?, token, rules: &provider.rules, is_ours: false })
    }

    async fn judge(self, host: &Host, now: u64) -> Result<Claims, TokenRefusal> {
        for key in &self.keys {
            let holds = match key.verify(self.token.message, &self.token.signature) {
                Either::Known(holds) => holds,
                Either::Ask(check) => host.holds(check).await?,
            };
            if holds {
                return self.claims(now);
            }
        }
        Err(TokenRefusal::Signature)
    }

    fn at_once(self, now: u64) -> AtOnce {
        match self.keys.as_slice() {
            [key] if key.is_pair() => AtOnce::IfSigned(key.number(), self.claims(now)),
            keys if keys.iter().any(|key| key.is_pair()) => AtOnce::Unknown,
            keys => {
                let holds = |key: &Arc<Key>| {
                    matches!(key.verify(self.token.message, &self.token.signature), Either::Known(true))
                };
                AtOnce::Known(if keys.iter().any(holds) { self.claims(now) } else { Err(TokenRefusal::Signature) })
            }
        }
    }

    fn claims(&self, now: u64) -> Result<Claims, TokenRefusal> {
        let (payload, text) = self.token.payload()?;
        let claims = if self.is_ours { self.rules.check_ours(payload, now) } else { self.rules.check(payload, now) };
        claims.map(|claims| claims.read_from(text))
    }
}

/// Whose token it claims to be decides by whose keys it is verified, so a lie is found out.
fn provider_of<'s>(settings: &'s Settings, token: &Unverified<'_>) -> Result<Option<&'s Provider>, TokenRefusal> {
    let Some(provider) = &settings.provider else { return Ok(None) };
    let (payload, _) = token.payload()?;
    let issuer = payload.get(ISS).and_then(|issuer| issuer.as_str());
    Ok(Some(provider).filter(|provider| issuer.is_some() && issuer == provider.rules.issuer.as_deref()))
}

/// Signs by the ring's first key that may sign.
pub(crate) async fn sign(ring: &KeyRing, host: &Host, claims: &Claims) -> Result<String, TokenRefusal> {
    let (key, message) = to_sign(ring, claims)?;
    let signature = match key.sign(&message).ok_or(TokenRefusal::Key)? {
        Either::Known(signature) => signature,
        Either::Ask(job) => host.sign(job).await?,
    };
    Ok(jws::signed(&message, &signature))
}

/// A token, as far as it can be had at once.
pub enum Issued {
    /// All of it.
    Token(String),
    /// All but the signature, by the key of this number.
    Unsigned(u32, String),
}

/// [`sign`], as far as it comes without asking.
pub(crate) fn sign_at_once(ring: &KeyRing, claims: &Claims) -> Result<Issued, TokenRefusal> {
    let (key, message) = to_sign(ring, claims)?;
    match key.is_pair() {
        true => Ok(Issued::Unsigned(key.number(), message)),
        false => match key.sign(&message) {
            Some(Either::Known(signature)) => Ok(Issued::Token(jws::signed(&message, &signature))),
            _ => Err(TokenRefusal::Key),
        },
    }
}

fn to_sign<'r>(ring: &'r KeyRing, claims: &Claims) -> Result<(&'r Key, String), TokenRefusal> {
    let key = ring.signing().ok_or(TokenRefusal::Key)?;
    Ok((key, jws::message(key, claims.as_json())))
}

/// Asks the provider for its keys; without an answer, those that are known must do.
async fn fetch_keys(provider: &Provider, keys: &Mutex<ProviderKeys>, host: &Host, now: u64) {
    lock(keys).asked(now);
    let answer = host.jwk_set(&provider.jwks_url).await;
    let mut keys = lock(keys);
    match answer {
        Some(set) => keys.answered(&set.body, max_age(set.cache_control.as_deref(), set.age.as_deref()), now),
        None => keys.failed(now),
    }
}

/// The provider's keys, also after a panic elsewhere: they are replaced as a whole.
pub(crate) fn lock(keys: &Mutex<ProviderKeys>) -> MutexGuard<'_, ProviderKeys> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}
