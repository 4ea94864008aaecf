//! The host's part in Rust: `jsonwebtoken`'s own provider, behind the feature `rust_crypto`.

use jsonwebtoken::{DecodingKey, EncodingKey, crypto::rust_crypto::DEFAULT_PROVIDER, jwk::Jwk};
use zeroize::Zeroizing;

use super::{SignatureCheck, SigningJob};
use crate::{
    base_64,
    json::{Dialect, parse},
};

impl SignatureCheck {
    /// Whether the signature holds, by RustCrypto's implementations. Needs the feature `rust_crypto`.
    ///
    /// By an RSA key of more than 4096 bits, or with an exponent of more than 33, none does: RustCrypto takes no such key.
    #[must_use]
    pub fn holds(&self) -> bool {
        let verified = || {
            let algorithm = self.algorithm.name().parse().ok()?;
            let key = DecodingKey::from_jwk(&serde_json::from_str::<Jwk>(&self.jwk).ok()?).ok()?;
            let verifier = (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).ok()?;
            verifier.verify(self.message.as_bytes(), &self.signature).ok()
        };
        verified().is_some()
    }
}

impl SigningJob {
    /// The signature, by RustCrypto's implementations; `None` when the key is none. Needs the feature `rust_crypto`.
    #[must_use]
    pub fn signature(&self) -> Option<Vec<u8>> {
        let jwk = parse(self.jwk.as_bytes(), Dialect::Strict).ok()?;
        let seed = Zeroizing::new(base_64::from_url(jwk.get("d")?.as_str()?)?);
        let key = EncodingKey::from_ed_der(&Zeroizing::new([PKCS8_ED25519, &seed].concat()));
        let signer = (DEFAULT_PROVIDER.signer_factory)(&self.algorithm.name().parse().ok()?, &key).ok()?;
        signer.try_sign(self.message.as_bytes()).ok()
    }
}

/// What stands before the seed in PKCS #8 (RFC 8410 7).
const PKCS8_ED25519: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
