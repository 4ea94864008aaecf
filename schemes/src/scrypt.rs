//! scrypt, in the forms of better-auth, Werkzeug and Firebase.

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use scrypt::Params;
use zeroize::Zeroizing;

use crate::{
    Error,
    limits::{BLOCK_SIZE_MAX, LANES_MAX, MEMORY_MAX_KIB, SCRYPT_WORK_MAX_KIB, TAG_MAX},
    text::{Bytes, decimal, is_hex, parts, value},
};

/// The cost of scrypt, within the limits.
#[derive(Clone, Copy)]
struct Cost {
    log_n: u8,
    block_size: u32,
    parallelism: u32,
}

impl Cost {
    fn new(log_n: u32, block_size: u32, parallelism: u32) -> Result<Self, Error> {
        // More than the limit of the memory allows, and less than shifts too far.
        if log_n > 24 || block_size > BLOCK_SIZE_MAX || parallelism > LANES_MAX {
            return Err(Error::TooCostly);
        }
        if log_n == 0 || block_size == 0 || parallelism == 0 {
            return Err(Error::Malformed);
        }
        // N * r * 128 bytes are N * r / 8 KiB.
        let product = (1u32 << log_n).saturating_mul(block_size);
        if product > MEMORY_MAX_KIB * 8 || product.saturating_mul(parallelism) > SCRYPT_WORK_MAX_KIB * 8 {
            return Err(Error::TooCostly);
        }
        Ok(Self { log_n: log_n as u8, block_size, parallelism })
    }

    fn derive(self, password: &[u8], salt: &[u8], key: &mut [u8]) -> Result<(), Error> {
        let Self { log_n, block_size, parallelism } = self;
        // The crate would abort: it allocates N + p + 1 blocks of 128 * r bytes.
        let blocks = (1usize << log_n).saturating_add(parallelism as usize).saturating_add(2);
        if !has_room(blocks.saturating_mul(block_size as usize).saturating_mul(128)) {
            return Err(Error::NoMemory);
        }
        let params = Params::new(log_n, block_size, parallelism).map_err(|_| Error::Malformed)?;
        scrypt::scrypt(password, salt, &params, key).map_err(|_| Error::Malformed)
    }
}

#[cfg(all(target_arch = "wasm32", feature = "module"))]
use crate::module::allocator::has_room;

/// Whether so many bytes can be allocated: the memory is given back at once, and taken again.
#[cfg(not(all(target_arch = "wasm32", feature = "module")))]
fn has_room(bytes: usize) -> bool {
    alloc::vec::Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}

/// A stored hash of scrypt, whose salt is a text.
#[derive(Clone, Copy)]
pub struct Scrypt<'a> {
    cost: Cost,
    salt: &'a str,
    key: Bytes<64>,
}

impl<'a> Scrypt<'a> {
    /// Reads better-auth's form: `<salt>:<hex>`, both of hexadecimal digits. The salt is used as it is written.
    pub(crate) fn parse_better_auth(salt: &'a str, key: &str) -> Result<Self, Error> {
        if !is_hex(salt) {
            return Err(Error::Malformed);
        }
        Self::new(Cost { log_n: 14, block_size: 16, parallelism: 1 }, salt, key)
    }

    /// Reads what follows `scrypt:` in Werkzeug's form: `<N>:<r>:<p>$<salt>$<hex>`.
    pub(crate) fn parse_werkzeug(text: &'a str) -> Result<Self, Error> {
        let [method, salt, key] = parts(text, '$')?;
        let [n, block_size, parallelism] = parts(method, ':')?;
        let (n, block_size, parallelism) = (decimal(n)?, decimal(block_size)?, decimal(parallelism)?);
        if n < u32::MAX && !n.is_power_of_two() {
            return Err(Error::Malformed);
        }
        Self::new(Cost::new(if n == u32::MAX { n } else { n.ilog2() }, block_size, parallelism)?, salt, key)
    }

    fn new(cost: Cost, salt: &'a str, key: &str) -> Result<Self, Error> {
        if salt.is_empty() {
            return Err(Error::Malformed);
        }
        Ok(Self { cost, salt, key: Bytes::from_hex(key)?.checked(64..=64)? })
    }

    pub(crate) fn verify(&self, password: &[u8]) -> Result<bool, Error> {
        let mut key = Zeroizing::new([0; 64]);
        self.cost.derive(password, self.salt.as_bytes(), &mut *key)?;
        Ok(self.key.equals(&*key))
    }
}

/// A stored hash of Firebase's scrypt.
#[derive(Clone, Copy)]
pub struct FirebaseScrypt {
    cost: Cost,
    /// The salt and its separator.
    salt: ([u8; 2 * TAG_MAX], usize),
    signer_key: Bytes<TAG_MAX>,
    encrypted: Bytes<TAG_MAX>,
}

impl FirebaseScrypt {
    /// Reads what follows `$fbscrypt$` in the form of Supabase:
    /// `v=1,n=<log2 N>,r=<r>,p=<p>,ss=<salt separator>,sk=<signer key>$<salt>$<encrypted signer key>`, all of them base64. `ss` may
    /// be missing.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let [parameters, salt, encrypted] = parts(text, '$')?;
        let mut found = parameters.split(',');
        if value(found.next(), "v")? != "1" {
            return Err(Error::Malformed);
        }
        let mut number = |name| decimal(value(found.next(), name)?);
        let cost = Cost::new(number("n")?, number("r")?, number("p")?)?;
        let mut next = found.next();
        let mut separator = Bytes::from_base64("")?;
        if let Ok(text) = value(next, "ss") {
            separator = Bytes::<TAG_MAX>::from_base64(text)?.checked(1..=TAG_MAX)?;
            next = found.next();
        }
        let signer_key = Bytes::from_base64(value(next, "sk")?)?.checked(1..=TAG_MAX)?;
        if found.next().is_some() {
            return Err(Error::Malformed);
        }
        let salt = Bytes::<TAG_MAX>::from_base64(salt)?.checked(1..=TAG_MAX)?;
        let salt = joined(salt.as_slice(), separator.as_slice());
        let encrypted = Bytes::from_base64(encrypted)?.checked(1..=TAG_MAX)?;
        // A prefix of the encrypted key must not do.
        if encrypted.as_slice().len() != signer_key.as_slice().len() {
            return Err(Error::Malformed);
        }
        Ok(Self { cost, salt, signer_key, encrypted })
    }

    pub(crate) fn verify(&self, password: &[u8]) -> Result<bool, Error> {
        let mut key = Zeroizing::new([0; 32]);
        self.cost.derive(password, self.salt.0.get(..self.salt.1).unwrap_or_default(), &mut *key)?;
        // The counter begins at zero: each key encrypts one text.
        let mut encrypted = Zeroizing::new(*self.signer_key.as_array());
        Ctr128BE::<Aes256>::new((&*key).into(), &[0; 16].into()).apply_keystream(&mut *encrypted);
        Ok(self.encrypted.equals(encrypted.get(..self.signer_key.as_slice().len()).unwrap_or_default()))
    }
}

fn joined(first: &[u8], second: &[u8]) -> ([u8; 2 * TAG_MAX], usize) {
    let mut bytes = [0; 2 * TAG_MAX];
    for (to, from) in bytes.iter_mut().zip(first.iter().chain(second)) {
        *to = *from;
    }
    (bytes, first.len().saturating_add(second.len()))
}
