//! What a stored text may ask for. The limits are checked before any work.

/// Bytes of a password.
pub const PASSWORD_MAX: usize = 4096;

/// Bytes of a stored text.
pub const STORED_MAX: usize = 1024;

/// Memory of one hash in KiB, of Argon2 and of scrypt: half of what an isolate of Workers may use.
pub const MEMORY_MAX_KIB: u32 = 65_536;

/// Passes of Argon2 over its memory.
pub const PASSES_MAX: u32 = 16;

/// The product of Argon2's memory in KiB and its passes.
pub const ARGON2_WORK_MAX_KIB: u32 = MEMORY_MAX_KIB * 8;

/// Lanes of Argon2, and the parallelism of scrypt.
pub const LANES_MAX: u32 = 16;

/// Bytes of Argon2's salt.
pub const SALT_MAX: usize = 64;

/// Bytes of Argon2's tag, of an encrypted signer key, and of any other digest.
pub const TAG_MAX: usize = 64;

/// The block size of scrypt, `r`.
pub const BLOCK_SIZE_MAX: u32 = 32;

/// Memory in KiB that scrypt fills in all: `N * r * p / 8`.
pub const SCRYPT_WORK_MAX_KIB: u32 = MEMORY_MAX_KIB * 4;

/// Iterations of PBKDF2.
pub const ITERATIONS_MAX: u32 = 2_000_000;
