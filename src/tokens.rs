//! Issuing and verifying tokens: the part that may have to ask the host, for signatures of key pairs and for an identity
//! provider's keys.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    ask::{Host, Step, start},
    settings::Settings,
    token::{
        Claims, Either, ISS, Key, KeyRing, Provider, Rules, TokenRefusal,
        compact::{self, Unverified},
        provider::{ProviderKeys, max_age},
    },
};

/// Signs the claims with the ring's first key that may sign.
///
/// The bytes are those that PyJWT and python-jose make of the same claims.
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{token::{Algorithm, Claims, Key, KeyRing, Rules, UserId}, tokens};
///
/// let key = Key::secret(Algorithm::HS256, b"0123456789abcdef0123456789abcdef")?;
/// let ring = Arc::new(KeyRing::new(vec![key])?);
/// let rules = Rules::default();
/// let claims = Claims::new(UserId::new(1)?, 1_700_000_000, &rules);
/// let token = tokens::issue(claims, Arc::clone(&ring)).done().expect("a secret asks no host")?;
/// assert_eq!(
///     token,
///     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxLCJleHAiOjE3MDAwMDAwMDB9.\
///      uehgrBFFZUOqSNxYs42WIIb6wbIOIZRCLMF-ETgqSzM",
/// );
/// let verdict = tokens::verify(token, ring, rules, 1_699_999_999).done().expect("a secret asks no host");
/// assert_eq!(verdict?.user_id().map(UserId::get), Some(1));
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
        let token = Unverified::parse(&token)?;
        check_signature(&token, &ring.candidates(&token.header)?, &host).await?;
        rules.check_ours(token.payload()?, now)
    })
}

/// The claims of a token that the gate has issued.
pub(crate) async fn verify_ours(
    settings: &Settings,
    host: &Host,
    token: &str,
    now: u64,
) -> Result<Claims, TokenRefusal> {
    let token = Unverified::parse(token)?;
    check_signature(&token, &settings.ring.candidates(&token.header)?, host).await?;
    settings.rules.check_ours(token.payload()?, now)
}

/// The claims of a token that the gate or its identity provider has issued.
pub(crate) async fn verify_any(
    settings: &Settings,
    provider_keys: &Mutex<ProviderKeys>,
    host: &Host,
    token: &str,
    now: u64,
) -> Result<Claims, TokenRefusal> {
    let Some(provider) = &settings.provider else { return verify_ours(settings, host, token, now).await };
    let token = Unverified::parse(token)?;
    let payload = token.payload()?;
    // Whose token it claims to be decides by whose keys it is verified, so a lie is found out.
    let issuer = payload.get(ISS).and_then(|issuer| issuer.as_str());
    if issuer.is_none() || issuer != provider.rules.issuer.as_deref() {
        check_signature(&token, &settings.ring.candidates(&token.header)?, host).await?;
        return settings.rules.check_ours(payload, now);
    }
    fetch_keys(provider, provider_keys, host, &token, now).await;
    let keys = lock(provider_keys).candidates(&token.header, now)?;
    check_signature(&token, &keys.iter().map(Arc::as_ref).collect::<Vec<_>>(), host).await?;
    provider.rules.check(payload, now)
}

/// Signs by the ring's first key that may sign.
pub(crate) async fn sign(ring: &KeyRing, host: &Host, claims: &Claims) -> Result<String, TokenRefusal> {
    let key = ring.signing().ok_or(TokenRefusal::Key)?;
    let message = compact::message(key, claims.as_json());
    let signature = match key.sign(&message).ok_or(TokenRefusal::Key)? {
        Either::Known(signature) => signature,
        Either::Ask(job) => host.sign(job).await?,
    };
    Ok(compact::signed(&message, &signature))
}

async fn check_signature(token: &Unverified<'_>, keys: &[&Key], host: &Host) -> Result<(), TokenRefusal> {
    for key in keys {
        let holds = match key.verify(token.message, &token.signature) {
            Either::Known(holds) => holds,
            Either::Ask(check) => host.holds(check).await?,
        };
        if holds {
            return Ok(());
        }
    }
    Err(TokenRefusal::Signature)
}

/// Asks the provider for its keys, when that is due; without an answer, the keys that are known must do.
async fn fetch_keys(provider: &Provider, keys: &Mutex<ProviderKeys>, host: &Host, token: &Unverified<'_>, now: u64) {
    let due = lock(keys).is_to_be_asked(&token.header, now);
    if !due {
        return;
    }
    let answer = host.jwk_set(&provider.jwks_url).await;
    let mut keys = lock(keys);
    match answer {
        Some(set) => keys.answered(&set.body, max_age(set.cache_control.as_deref(), set.age.as_deref()), now),
        None => keys.failed(now),
    }
}

fn lock(keys: &Mutex<ProviderKeys>) -> MutexGuard<'_, ProviderKeys> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}
