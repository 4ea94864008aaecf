//! Issuing and verifying tokens where the host may be asked: for signatures of key pairs and for an identity provider's
//! keys.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Host, Step, start};
use crate::{
    settings::Settings,
    token::{
        Check, Claims, KeyRing, Provider, ProviderKeys, Rules, Signing, TokenRefusal, Verifier, max_age, sign, signed,
    },
};

/// Signs the claims with the ring's first key that can sign.
///
/// The bytes are the same as those of PyJWT and python-jose for the same claims.
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{token::{Algorithm, Claims, Key, KeyRing, Rules}, host::tokens};
///
/// let key = Key::secret(Algorithm::HS256, &[7; 32])?;
/// let ring = Arc::new(KeyRing::new(vec![key])?);
/// let rules = Rules::default();
/// let claims = Claims::new(1, 1_700_000_000, &rules);
/// let token = tokens::issue(claims, Arc::clone(&ring)).done().expect("a secret asks no host")?;
/// assert_eq!(
///     token,
///     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxLCJleHAiOjE3MDAwMDAwMDB9.\
///      MWmhC0HXqw-s3Qn57bIKIKXtwRqpRJV8Odv0QvzHRPo",
/// );
/// let claims = tokens::verify(token, ring, rules, 1_699_999_999).done().expect("a secret asks no host")?;
/// assert_eq!(claims.get("user_id"), Some(&1.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TokenRefusal::Key`] when no key can sign, [`TokenRefusal::Host`] when the host's cryptography did not answer.
pub fn issue(claims: Claims, ring: Arc<KeyRing>) -> Step<Result<String, TokenRefusal>> {
    start(0, |host| async move { sign_by(&ring, &host, claims.text()).await })
}

/// Verifies a token at `now` (seconds since 1970) and returns its claims. A key of the ring must have signed it, and
/// the claims must meet the rules.
///
/// The token may come from any issuer and need not name a user of the gate: [`Claims::user_id`] is `None`.
///
/// # Errors
/// The first failed check, as a [`TokenRefusal`].
///
/// ```
/// use std::sync::Arc;
/// use edgegate::{host::tokens, token::{Algorithm, Claims, Key, KeyRing, Rules, TokenRefusal}};
///
/// let ring = Arc::new(KeyRing::new(vec![Key::secret(Algorithm::HS256, &[7; 32])?])?);
/// let claims = Claims::new(1, 1_700_000_000, &Rules::default());
/// let token = tokens::issue(claims, Arc::clone(&ring)).done().ok_or("a secret asks no host")??;
/// let step = tokens::verify(token, ring, Rules::default(), 1_700_000_000);
/// assert_eq!(step.done(), Some(Err(TokenRefusal::Expired)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(token: String, ring: Arc<KeyRing>, rules: Rules, now: u64) -> Step<Result<Claims, TokenRefusal>> {
    start(now, move |host| async move {
        let verifier = Verifier { ring: &ring, rules: &rules, needs_user: false, provider: None };
        settle(&host, verifier.check(&token, now)).await
    })
}

/// Verifies a token that the gate has issued.
pub(crate) async fn verify_ours(settings: &Settings, host: &Host, token: &str) -> Result<Claims, TokenRefusal> {
    settle(host, ours(settings).check(token, host.now())).await
}

/// Verifies a token of the gate or of its identity provider.
pub(crate) async fn verify_any(
    settings: &Settings,
    provider_keys: &Mutex<ProviderKeys>,
    host: &Host,
    token: &str,
) -> Result<Claims, TokenRefusal> {
    loop {
        match (check_any(settings, provider_keys, token, host.now()), &settings.provider) {
            (Check::NeedsKeys, Some(provider)) => fetch_keys(provider, provider_keys, host).await,
            (check, _) => return settle(host, check).await,
        }
    }
}

/// [`verify_any`] up to the first question to the host.
pub(crate) fn check_any<'t>(
    settings: &Settings,
    provider_keys: &Mutex<ProviderKeys>,
    token: &'t str,
    now: u64,
) -> Check<'t> {
    let keys = lock(provider_keys);
    let provider = settings.provider.as_ref().map(|provider| (provider, &*keys));
    Verifier { provider, ..ours(settings) }.check(token, now)
}

/// Signs the claims, a JSON object, with the ring's first key that can sign.
pub(crate) async fn sign_by(ring: &KeyRing, host: &Host, claims: &str) -> Result<String, TokenRefusal> {
    match sign(ring, claims)? {
        Signing::Signed(token) => Ok(token),
        Signing::Unsigned(key, message) => {
            let signature = host.sign(key.signing_job(&message).ok_or(TokenRefusal::Key)?).await?;
            Ok(signed(message, &signature))
        }
    }
}

fn ours(settings: &Settings) -> Verifier<'_> {
    Verifier { ring: &settings.ring, rules: &settings.rules, needs_user: true, provider: None }
}

/// Asks the host to check the signature with each candidate key.
async fn settle(host: &Host, check: Check<'_>) -> Result<Claims, TokenRefusal> {
    let (keys, message, signature, claims) = match check {
        Check::Known(verdict) => return verdict,
        Check::NeedsKeys => return Err(TokenRefusal::KeysUnavailable),
        Check::IfSigned { keys, message, signature, claims } => (keys, message, signature, claims),
    };
    for check in keys.iter().filter_map(|key| key.signature_check(message, &signature)) {
        if host.holds(check).await? {
            return claims;
        }
    }
    Err(TokenRefusal::Signature)
}

/// Fetches the provider's keys. Without an answer, the known keys are used.
async fn fetch_keys(provider: &Provider, keys: &Mutex<ProviderKeys>, host: &Host) {
    lock(keys).asked(host.now());
    let answer = host.jwk_set(&provider.jwks_url).await;
    let (mut keys, now) = (lock(keys), host.now());
    match answer {
        Some(set) => keys.answered(&set.body, max_age(set.cache_control.as_deref(), set.age.as_deref()), now),
        None => keys.failed(now),
    }
}

/// A poisoned lock is safe to use: the keys are only replaced as a whole.
pub(crate) fn lock(keys: &Mutex<ProviderKeys>) -> MutexGuard<'_, ProviderKeys> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}
