use core::fmt;

/// Why there is no verdict about a password, or no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The stored text has none of the known forms.
    Unknown,
    /// The stored text begins as one of the known forms and is none, or a value is outside the range of its scheme.
    Malformed,
    /// The parameters need more memory or more time than the [limits](crate::limits) allow.
    TooCostly,
    /// The password is longer than [`limits::PASSWORD_MAX`](crate::limits::PASSWORD_MAX) bytes.
    PasswordTooLong,
    /// The memory for the computation could not be allocated.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "the stored hash has an unknown form",
            Self::Malformed => "the stored hash is malformed",
            Self::TooCostly => "the parameters of the stored hash exceed the limits",
            Self::PasswordTooLong => "the password is too long",
            Self::NoMemory => "there is not enough memory to compute the hash",
        })
    }
}

impl core::error::Error for Error {}
