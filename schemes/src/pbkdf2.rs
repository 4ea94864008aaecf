//! PBKDF2 with HMAC-SHA-256.

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    Error,
    limits::ITERATIONS_MAX,
    text::{Bytes, decimal, parts},
};

/// A stored hash of PBKDF2 with HMAC-SHA-256.
#[derive(Clone, Copy)]
pub struct Pbkdf2<'a> {
    iterations: u32,
    salt: &'a str,
    digest: Bytes<32>,
}

impl<'a> Pbkdf2<'a> {
    /// Reads what follows `pbkdf2_sha256$` in Django's form: `<iterations>$<salt>$<base64>`.
    pub(crate) fn parse_django(text: &'a str) -> Result<Self, Error> {
        let [iterations, salt, digest] = parts(text, '$')?;
        Self::new(iterations, salt, Bytes::from_base64(digest)?)
    }

    /// Reads what follows `pbkdf2:` in Werkzeug's form: `sha256:<iterations>$<salt>$<hex>`.
    pub(crate) fn parse_werkzeug(text: &'a str) -> Result<Self, Error> {
        let [method, salt, digest] = parts(text, '$')?;
        let iterations = method.strip_prefix("sha256:").ok_or(Error::Malformed)?;
        Self::new(iterations, salt, Bytes::from_hex(digest)?)
    }

    fn new(iterations: &str, salt: &'a str, digest: Bytes<32>) -> Result<Self, Error> {
        let iterations = decimal(iterations)?;
        if iterations > ITERATIONS_MAX {
            return Err(Error::TooCostly);
        }
        if iterations == 0 || salt.is_empty() {
            return Err(Error::Malformed);
        }
        Ok(Self { iterations, salt, digest: digest.checked(32..=32)? })
    }

    /// The number of iterations.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(crate) fn verify(&self, password: &[u8]) -> bool {
        let mut digest = Zeroizing::new([0; 32]);
        pbkdf2_hmac::<Sha256>(password, self.salt.as_bytes(), self.iterations, &mut *digest);
        self.digest.equals(&*digest)
    }
}
