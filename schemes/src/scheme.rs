use crate::{
    Argon2, Error, FirebaseScrypt, Pbkdf2, Scrypt,
    limits::{PASSWORD_MAX, STORED_MAX},
};

/// A stored password hash, read and within the [limits](crate::limits).
///
/// ```
/// use edgegate_schemes::{Error, Scheme};
///
/// let stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
/// let scheme = Scheme::parse(stored)?;
/// assert!(scheme.verify(b"password")?);
/// assert!(!scheme.verify(b"passwore")?);
/// assert!(matches!(Scheme::parse("$2b$10$..."), Err(Error::Unknown)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Scheme<'a> {
    /// `$argon2id$v=19$m=65536,t=3,p=4$<salt>$<tag>`, also `argon2i` and `argon2d`.
    Argon2(Argon2),
    /// Django: `pbkdf2_sha256$<iterations>$<salt>$<base64>`.
    Django(Pbkdf2<'a>),
    /// Werkzeug: `pbkdf2:sha256:<iterations>$<salt>$<hex>`.
    WerkzeugPbkdf2(Pbkdf2<'a>),
    /// Werkzeug: `scrypt:<N>:<r>:<p>$<salt>$<hex>`.
    WerkzeugScrypt(Scrypt<'a>),
    /// better-auth: `<hex>:<hex>`, scrypt with N = 16384, r = 16 and p = 1.
    BetterAuth(Scrypt<'a>),
    /// Firebase in the form of Supabase: `$fbscrypt$v=1,n=14,r=8,p=1,ss=<base64>,sk=<base64>$<base64>$<base64>`.
    Firebase(FirebaseScrypt),
}

impl<'a> Scheme<'a> {
    /// Reads a stored text.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Malformed`] or [`Error::TooCostly`].
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let too_long = text.len() > STORED_MAX;
        if text.starts_with("$argon2") && !too_long {
            Argon2::parse(text).map(Self::Argon2)
        } else if let Some(rest) = text.strip_prefix("$fbscrypt$").filter(|_| !too_long) {
            FirebaseScrypt::parse(rest).map(Self::Firebase)
        } else if let Some(rest) = text.strip_prefix("pbkdf2_sha256$").filter(|_| !too_long) {
            Pbkdf2::parse_django(rest).map(Self::Django)
        } else if let Some(rest) = text.strip_prefix("pbkdf2:").filter(|_| !too_long) {
            Pbkdf2::parse_werkzeug(rest).map(Self::WerkzeugPbkdf2)
        } else if let Some(rest) = text.strip_prefix("scrypt:").filter(|_| !too_long) {
            Scrypt::parse_werkzeug(rest).map(Self::WerkzeugScrypt)
        } else if let Some((salt, key)) = text.split_once(':').filter(|_| !too_long) {
            Scrypt::parse_better_auth(salt, key).map(Self::BetterAuth).map_err(|_| Error::Unknown)
        } else {
            Err(Error::Unknown)
        }
    }

    /// Whether the password is the one of the hash. The bytes are those of its UTF-8.
    ///
    /// better-auth normalises passwords to NFKC. So does this function, except in wasm, where the caller does, with
    /// `String.prototype.normalize`.
    ///
    /// # Errors
    /// [`Error::PasswordTooLong`] and [`Error::NoMemory`].
    pub fn verify(&self, password: &[u8]) -> Result<bool, Error> {
        if password.len() > PASSWORD_MAX {
            return Err(Error::PasswordTooLong);
        }
        match self {
            Self::Argon2(hash) => hash.verify(password),
            Self::Django(hash) | Self::WerkzeugPbkdf2(hash) => Ok(hash.verify(password)),
            Self::WerkzeugScrypt(hash) => hash.verify(password),
            Self::BetterAuth(hash) => hash.verify(normalized(password).as_ref()),
            Self::Firebase(hash) => hash.verify(password),
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn normalized(password: &[u8]) -> &[u8] {
    password
}

#[cfg(not(target_arch = "wasm32"))]
fn normalized(password: &[u8]) -> zeroize::Zeroizing<alloc::vec::Vec<u8>> {
    use unicode_normalization::UnicodeNormalization as _;

    // What is no UTF-8 is no password of better-auth: it stays as it is.
    let Ok(text) = core::str::from_utf8(password) else { return password.to_vec().into() };
    let mut bytes = alloc::vec::Vec::with_capacity(text.nfkc().map(char::len_utf8).sum());
    for character in text.nfkc() {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    bytes.into()
}
