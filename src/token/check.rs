//! Verification of a token up to the first question to the host.

use std::sync::Arc;

use super::{
    Claims, Key, KeyRing, Provider, ProviderKeys, Rules, TokenRefusal,
    claims::ISS,
    jws::{Jws, Object},
};

/// The keys and rules that tokens are verified with.
#[derive(Clone, Copy)]
pub(crate) struct Verifier<'a> {
    /// The keys of the gate's own tokens.
    pub(crate) ring: &'a KeyRing,
    /// The rules for the gate's own tokens.
    pub(crate) rules: &'a Rules,
    /// Whether the gate's own tokens must name a user, in the claim of [`Rules::user_id_claim`].
    pub(crate) needs_user: bool,
    /// The identity provider whose tokens are accepted too, with the keys fetched so far.
    pub(crate) provider: Option<(&'a Provider, &'a ProviderKeys)>,
}

/// The result of a check without I/O.
pub(crate) enum Check<'t> {
    /// The final verdict.
    Known(Result<Claims, TokenRefusal>),
    /// The verdict, if the host finds the signature valid.
    IfSigned {
        /// The key pairs that may have signed the token.
        keys: Vec<Arc<Key>>,
        /// The signed bytes.
        message: &'t str,
        /// The signature.
        signature: Vec<u8>,
        /// The verdict for a valid signature. For an invalid one it is [`TokenRefusal::Signature`].
        claims: Result<Claims, TokenRefusal>,
    },
    /// The identity provider's keys must be fetched first.
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
        // The unverified issuer only selects the keys. The signature check then proves the issuer.
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

/// All keys have the algorithm of the token's header, so all are secrets or all are key pairs.
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
