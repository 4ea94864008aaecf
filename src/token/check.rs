//! The verdict on a token, as far as it comes without asking the host.

use std::sync::Arc;

use super::{
    Claims, Key, KeyRing, Provider, ProviderKeys, Rules, TokenRefusal,
    claims::ISS,
    jws::{Jws, Object},
};

/// Verifies tokens by the keys and the rules that it is given.
#[derive(Clone, Copy)]
pub(crate) struct Verifier<'a> {
    /// The keys of our own tokens.
    pub(crate) ring: &'a KeyRing,
    /// What our own tokens must be.
    pub(crate) rules: &'a Rules,
    /// Whether our own tokens must name a user, in the claim that the rules say.
    pub(crate) needs_user: bool,
    /// The identity provider whose tokens are accepted too, and as much of its keys as is known.
    pub(crate) provider: Option<(&'a Provider, &'a ProviderKeys)>,
}

/// What can be said of a token.
pub(crate) enum Check<'t> {
    /// The verdict.
    Known(Result<Claims, TokenRefusal>),
    /// The verdict, if the host's cryptography finds the signature good.
    IfSigned {
        /// The key pairs that may have signed it.
        keys: Vec<Arc<Key>>,
        /// What is signed.
        message: &'t str,
        /// The signature.
        signature: Vec<u8>,
        /// The verdict if it is the signature of one of the keys; else it is [`TokenRefusal::Signature`].
        claims: Result<Claims, TokenRefusal>,
    },
    /// Nothing until the identity provider's keys are fetched.
    NeedsKeys,
}

impl Verifier<'_> {
    /// Checks a token at `now`, in seconds since 1970.
    pub(crate) fn check<'t>(&self, token: &'t str, now: u64) -> Check<'t> {
        self.try_check(token, now).unwrap_or_else(|refusal| Check::Known(Err(refusal)))
    }

    fn try_check<'t>(&self, token: &'t str, now: u64) -> Result<Check<'t>, TokenRefusal> {
        let jws = Jws::split(token)?;
        let header = self.ring.header(&jws)?;
        let signature = jws.signature()?;
        let Some((provider, keys)) = self.provider else {
            let keys = self.ring.candidates(&header)?;
            return Ok(by_keys(keys, &jws, signature, || self.ours(jws.payload()?, now)));
        };
        // The issuer that a token names decides whose keys verify it. A false name is refused: those keys did not sign it.
        let payload = jws.payload()?;
        let issuer = payload.members.get(ISS).and_then(|issuer| issuer.as_str());
        if issuer.is_none() || issuer != provider.rules.issuer.as_deref() {
            let keys = self.ring.candidates(&header)?;
            return Ok(by_keys(keys, &jws, signature, || self.ours(payload, now)));
        }
        if keys.is_due(&header, now) {
            return Ok(Check::NeedsKeys);
        }
        let keys = keys.candidates(&header, now)?;
        Ok(by_keys(keys, &jws, signature, || provider.rules.check(payload, now)))
    }

    fn ours(&self, payload: Object, now: u64) -> Result<Claims, TokenRefusal> {
        match self.needs_user {
            true => self.rules.check_with_user(payload, now),
            false => self.rules.check(payload, now),
        }
    }
}

/// The keys are all for the algorithm of the token's header, so they are all secrets or all pairs.
fn by_keys<'t>(
    keys: Vec<Arc<Key>>,
    jws: &Jws<'t>,
    signature: Vec<u8>,
    claims: impl FnOnce() -> Result<Claims, TokenRefusal>,
) -> Check<'t> {
    if keys.iter().any(|key| key.hmac().is_none()) {
        return Check::IfSigned { keys, message: jws.message, signature, claims: claims() };
    }
    Check::Known(match keys.iter().any(|key| key.verifies(jws.message, &signature)) {
        true => claims(),
        false => Err(TokenRefusal::Signature),
    })
}
