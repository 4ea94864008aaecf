//! Argon2 in the form of the PHC: `$argon2id$v=19$m=65536,t=3,p=4$<salt>$<tag>`.

#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
mod kernel;

use alloc::string::String;

use base64ct::{Base64Unpadded, Encoding as _};
use zeroize::Zeroizing;

use crate::{
    Error,
    limits::{ARGON2_WORK_MAX_KIB, LANES_MAX, MEMORY_MAX_KIB, PASSES_MAX, PASSWORD_MAX, SALT_MAX, TAG_MAX},
    text::{Bytes, decimal, parts, value},
};

/// The variant of Argon2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Argon2d: addresses depend on the data.
    D,
    /// Argon2i: addresses do not depend on the data.
    I,
    /// Argon2id: the first half of the first pass as Argon2i, the rest as Argon2d.
    Id,
}

/// The version of Argon2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Version 1.0, which later passes overwrite.
    V10,
    /// Version 1.3, that of RFC 9106.
    V13,
}

/// The cost of Argon2.
///
/// ```
/// use edgegate_schemes::{Argon2Cost, Error};
///
/// let cost = Argon2Cost::new(19_456, 2, 1)?;
/// assert_eq!(cost.memory_kib(), 19_456);
/// assert_eq!(Argon2Cost::new(1 << 20, 1, 1), Err(Error::TooCostly));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Argon2Cost {
    /// 64 MiB, 3 passes and 4 lanes: the second recommendation of RFC 9106.
    fn default() -> Self {
        Self { memory_kib: 65_536, passes: 3, lanes: 4 }
    }
}

impl Argon2Cost {
    /// A cost within the [limits](crate::limits).
    ///
    /// `memory_kib` is the memory in KiB, at least 8 for each lane; `passes` the number of passes over it; `lanes` the degree of
    /// parallelism, which changes the result and not the time.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a number is below what Argon2 allows, [`Error::TooCostly`] when one exceeds the limits.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, Error> {
        if memory_kib > MEMORY_MAX_KIB || passes > PASSES_MAX || lanes > LANES_MAX {
            return Err(Error::TooCostly);
        }
        if passes == 0 || lanes == 0 || memory_kib < lanes.saturating_mul(8) {
            return Err(Error::Malformed);
        }
        if memory_kib.saturating_mul(passes) > ARGON2_WORK_MAX_KIB {
            return Err(Error::TooCostly);
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// The memory in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// The number of passes over the memory.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// The degree of parallelism.
    #[must_use]
    pub fn lanes(self) -> u32 {
        self.lanes
    }
}

/// A stored hash of Argon2.
#[derive(Clone, Copy)]
pub struct Argon2 {
    variant: Variant,
    version: Version,
    cost: Argon2Cost,
    salt: Bytes<SALT_MAX>,
    tag: Bytes<TAG_MAX>,
}

impl Argon2 {
    /// Reads a text that begins with `$argon2`. Without `v=` the version is 1.0, as in the reference implementation.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (variant, rest) =
            text.strip_prefix("$argon2").and_then(|rest| rest.split_once('$')).ok_or(Error::Malformed)?;
        let variant = match variant {
            "d" => Variant::D,
            "i" => Variant::I,
            "id" => Variant::Id,
            _ => return Err(Error::Malformed),
        };
        let (version, rest) = match rest.strip_prefix("v=").and_then(|rest| rest.split_once('$')) {
            None => (Version::V10, rest),
            Some(("16", rest)) => (Version::V10, rest),
            Some(("19", rest)) => (Version::V13, rest),
            Some(_) => return Err(Error::Malformed),
        };
        let [cost, salt, tag] = parts(rest, '$')?;
        let [memory_kib, passes, lanes] = parts(cost, ',')?;
        let number = |part, name| decimal(value(Some(part), name)?);
        let cost = Argon2Cost::new(number(memory_kib, "m")?, number(passes, "t")?, number(lanes, "p")?)?;
        let salt = Bytes::from_unpadded(salt)?.checked(8..=SALT_MAX)?;
        let tag = Bytes::from_unpadded(tag)?.checked(4..=TAG_MAX)?;
        Ok(Self { variant, version, cost, salt, tag })
    }

    /// The variant.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The cost.
    #[must_use]
    pub fn cost(&self) -> Argon2Cost {
        self.cost
    }

    pub(crate) fn verify(&self, password: &[u8]) -> Result<bool, Error> {
        let mut tag = Zeroizing::new([0; TAG_MAX]);
        let tag = tag.get_mut(..self.tag.as_slice().len()).ok_or(Error::Malformed)?;
        let input = Input {
            variant: self.variant,
            version: self.version,
            cost: self.cost,
            password,
            salt: self.salt.as_slice(),
        };
        compute(&input, tag)?;
        Ok(self.tag.equals(tag))
    }
}

/// What a tag is computed of.
pub(crate) struct Input<'a> {
    pub(crate) variant: Variant,
    pub(crate) version: Version,
    pub(crate) cost: Argon2Cost,
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8],
}

/// Makes a hash by Argon2id, version 1.3, with a tag of 32 bytes.
///
/// The caller draws the salt at random for each hash.
///
/// ```
/// use edgegate_schemes::{Argon2Cost, Scheme, hash_argon2id};
///
/// let cost = Argon2Cost::new(64, 1, 1)?; // For tests: use `Argon2Cost::default()`.
/// let stored = hash_argon2id(b"correct horse", b"0123456789abcdef", cost)?;
/// assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"));
/// assert!(Scheme::parse(&stored)?.verify(b"correct horse")?);
/// # Ok::<(), edgegate_schemes::Error>(())
/// ```
///
/// # Errors
/// [`Error::PasswordTooLong`] and [`Error::NoMemory`].
pub fn hash_argon2id(password: &[u8], salt: &[u8; 16], cost: Argon2Cost) -> Result<String, Error> {
    if password.len() > PASSWORD_MAX {
        return Err(Error::PasswordTooLong);
    }
    let mut tag = Zeroizing::new([0; 32]);
    compute(&Input { variant: Variant::Id, version: Version::V13, cost, password, salt }, &mut *tag)?;
    let mut text = String::new();
    for (name, number) in [("$argon2id$v=19$m=", cost.memory_kib), (",t=", cost.passes), (",p=", cost.lanes)] {
        text.push_str(name);
        push_decimal(&mut text, number);
    }
    let (mut encoded_salt, mut encoded_tag) = ([0; 22], [0; 43]);
    for encoded in [
        Base64Unpadded::encode(salt, &mut encoded_salt).map_err(|_| Error::Malformed)?,
        Base64Unpadded::encode(&*tag, &mut encoded_tag).map_err(|_| Error::Malformed)?,
    ] {
        text.push('$');
        text.push_str(encoded);
    }
    Ok(text)
}

/// Without `format!`, which adds 2 KB to the wasm.
fn push_decimal(text: &mut String, number: u32) {
    if let Some(higher) = number.checked_div(10).filter(|higher| *higher > 0) {
        push_decimal(text, higher);
    }
    text.extend(char::from_digit(number % 10, 10));
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn compute(input: &Input<'_>, tag: &mut [u8]) -> Result<(), Error> {
    kernel::compute(input, tag)
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn compute(input: &Input<'_>, tag: &mut [u8]) -> Result<(), Error> {
    let Argon2Cost { memory_kib, passes, lanes } = input.cost;
    let algorithm = match input.variant {
        Variant::D => argon2::Algorithm::Argon2d,
        Variant::I => argon2::Algorithm::Argon2i,
        Variant::Id => argon2::Algorithm::Argon2id,
    };
    let version = match input.version {
        Version::V10 => argon2::Version::V0x10,
        Version::V13 => argon2::Version::V0x13,
    };
    let failed = |error| if error == argon2::Error::OutOfMemory { Error::NoMemory } else { Error::Malformed };
    let params = argon2::Params::new(memory_kib, passes, lanes, Some(tag.len())).map_err(failed)?;
    argon2::Argon2::new(algorithm, version, params).hash_password_into(input.password, input.salt, tag).map_err(failed)
}
