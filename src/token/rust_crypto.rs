//! Signatures of key pairs in Rust (feature `rust_crypto`), by jsonwebtoken's RustCrypto provider.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{CRYPTO_PROVIDER, SignatureCheck, SigningJob};

impl SignatureCheck {
    /// Returns whether the signature is valid, by RustCrypto. Needs the feature `rust_crypto`.
    ///
    /// It returns `false` for RSA keys of more than 4096 bits or with an exponent of more than 33 bits, which
    /// RustCrypto does not support.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use edgegate::{Question, Step, host::tokens, token::{Key, KeyRing, Rules}};
    ///
    /// // The token of RFC 8037 A.4, whose payload is not JSON.
    /// let key: Key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.parse()?;
    /// let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCj\
    ///     P0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    /// let step = tokens::verify(token.into(), Arc::new(KeyRing::new(vec![key])?), Rules::default(), 1_700_000_000);
    /// let Step::Ask(Question::CheckSignature(check), _) = step else { panic!() };
    /// assert!(check.holds());
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn holds(&self) -> bool {
        let verifier =
            DecodingKey::from_jwk(&self.jwk).and_then(|key| (CRYPTO_PROVIDER.verifier_factory)(&self.algorithm, &key));
        verifier.is_ok_and(|verifier| verifier.verify(self.message.as_bytes(), &self.signature).is_ok())
    }
}

impl SigningJob {
    /// Returns the signature, by RustCrypto; `None` when the key cannot sign. Needs the feature `rust_crypto`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use edgegate::{Answer, Question, Step, host::tokens, token::{Claims, Key, KeyRing, Rules}};
    ///
    /// // RFC 8037 A.1
    /// let key: Key = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA",
    ///     "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    ///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.parse()?;
    /// let step = tokens::issue(Claims::new(7, 1_700_000_000, &Rules::default()), Arc::new(KeyRing::new(vec![key])?));
    /// let Step::Ask(Question::Sign(job), pending) = step else { panic!() };
    /// let answer = job.signature().map_or(Answer::Unavailable, Answer::Signature);
    /// assert!(matches!(pending.answer(answer, 0).done(), Some(Ok(token)) if token.starts_with("ey")));
    /// # Ok::<(), edgegate::token::KeyError>(())
    /// ```
    #[must_use]
    pub fn signature(&self) -> Option<Vec<u8>> {
        /// RFC 8037 2. Borrowed, so that no copy needs to be wiped.
        #[derive(Deserialize)]
        struct Private<'j> {
            d: &'j str,
        }
        let Private { d } = serde_json::from_str(&self.jwk).ok()?;
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(d).ok()?);
        let key = EncodingKey::from_ed_der(&Zeroizing::new([PKCS8_ED25519, &seed].concat()));
        let signer = (CRYPTO_PROVIDER.signer_factory)(&self.algorithm, &key).ok()?;
        signer.try_sign(self.message.as_bytes()).ok()
    }
}

/// The bytes before the seed in PKCS #8 (RFC 8410 7).
const PKCS8_ED25519: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
