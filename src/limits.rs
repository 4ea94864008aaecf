//! Every limit and default, with its unit and its source.

/// The most bytes a request body may hold: 16 KiB, far above any login form.
pub(crate) const BODY_MAX_BYTES: usize = 16 * 1024;

/// The most fields a form may hold (Starlette's `max_fields`).
pub(crate) const FORM_MAX_FIELDS: usize = 1000;

/// The most bytes an e-mail address may hold (RFC 5321 4.5.3.1.3, less the two angle brackets).
pub(crate) const EMAIL_MAX_BYTES: usize = 254;

/// The most bytes of a user's id that is a text: what an indexed column commonly holds.
pub(crate) const USER_ID_MAX_BYTES: usize = 255;

/// The most bytes of a password that bcrypt reads.
pub(crate) const PASSWORD_MAX_BYTES: usize = 72;

/// The deepest nesting of a JSON text that is read; deeper texts are refused before the stack is at risk.
pub(crate) const JSON_MAX_DEPTH: usize = 64;

/// The most characters a password may hold at login: passlib's limit.
pub(crate) const PASSWORD_MAX_CHARS: usize = 4096;

/// The costs that a new hash may be given (`BCRYPT_COST`): 10 is the least that OWASP's Password Storage Cheat Sheet
/// accepts, 14 takes about a second.
pub(crate) const HASH_COSTS: core::ops::RangeInclusive<u32> = 10..=14;

/// The cost of a new hash when `BCRYPT_COST` is not set.
pub(crate) const HASH_COST_DEFAULT: u32 = 12;

/// The costs that a stored hash may have: bcrypt's least, and the most that is worked for (some three seconds).
pub(crate) const STORED_COSTS: core::ops::RangeInclusive<u32> = 4..=16;

/// The most hashes that are worked out side by side, and in one step of a list.
pub(crate) const LANES: usize = 4;

/// The most keys of a key ring, or of an identity provider.
pub(crate) const KEYS_MAX: usize = 32;

/// The bits of an RSA key: the least of RFC 7518 3.3, and the most that are verified in a moment.
pub(crate) const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// The most bytes of an RSA key's exponent; nearly all have three.
pub(crate) const RSA_EXPONENT_MAX_BYTES: usize = 8;

/// The most bytes of an identity provider's JWK set: 128 KiB, some ten times the largest common ones.
pub(crate) const JWK_SET_MAX_BYTES: usize = 128 * 1024;

/// How long an identity provider's keys are fresh when it does not say: 5 minutes, in seconds.
pub(crate) const JWK_SET_FRESH_DEFAULT_SECONDS: u64 = 300;

/// The longest that an identity provider's keys are fresh, whatever it says: a day, in seconds.
pub(crate) const JWK_SET_FRESH_MAX_SECONDS: u64 = 24 * 60 * 60;

/// How long keys are used beyond that while the identity provider does not answer: a day, in seconds.
pub(crate) const JWK_SET_STALE_MAX_SECONDS: u64 = 24 * 60 * 60;

/// The least time between two requests to an identity provider: 30 seconds (jose's `cooldownDuration`).
pub(crate) const JWK_SET_COOL_DOWN_SECONDS: u64 = 30;

/// The most that two clocks may be allowed to differ (`JWT_LEEWAY_SECONDS`): 5 minutes.
pub(crate) const LEEWAY_MAX_SECONDS: u32 = 300;

/// The longest that a session may go unused (`REFRESH_TOKEN_EXPIRE_MINUTES`): a year, in minutes.
pub(crate) const REFRESH_TOKEN_EXPIRE_MINUTES_MAX: u32 = 366 * 24 * 60;

/// How long a refresh token may be used once more, by a second tab or after a lost answer, in seconds.
pub(crate) const REFRESH_GRACE_SECONDS: i64 = 30;

/// How long a token lives when `ACCESS_TOKEN_EXPIRE_MINUTES` is not set: 30 minutes, as FastAPI's tutorial has it.
pub(crate) const ACCESS_TOKEN_EXPIRE_MINUTES_DEFAULT: u32 = 30;

/// The longest that a token may live: a year, in minutes.
pub(crate) const ACCESS_TOKEN_EXPIRE_MINUTES_MAX: u32 = 366 * 24 * 60;

/// The most bytes of a token that are looked at: 8 KiB, what servers commonly allow a header field.
pub(crate) const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// How long a client should wait before it asks again after a 503, in seconds.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 2;

/// The most bytes that the name and the value of one form field, or one part, may hold (Starlette's `max_part_size`).
pub(crate) const FORM_FIELD_MAX_BYTES: usize = 1024 * 1024;

/// The most file parts a form may hold (Starlette's `max_files`).
pub(crate) const FORM_MAX_FILES: usize = 1000;

/// The most header lines a part may have (python-multipart's `DEFAULT_MAX_HEADER_COUNT`).
pub(crate) const PART_MAX_HEADERS: usize = 8;

/// The most bytes of a part's header line (python-multipart's `DEFAULT_MAX_HEADER_SIZE`).
pub(crate) const PART_HEADER_MAX_BYTES: usize = 4096 + 128;

/// The most bytes of a multipart boundary (python-multipart's `MAX_BOUNDARY_LENGTH`).
pub(crate) const BOUNDARY_MAX_BYTES: usize = 256;

/// The most characters that are read as an e-mail address at all (pydantic's `MAX_EMAIL_LENGTH`).
pub(crate) const EMAIL_TEXT_MAX_CHARS: usize = 2048;

/// The most characters after the @-sign (RFC 1035 2.3.4, less the final dot and the root label).
pub(crate) const EMAIL_DOMAIN_MAX_CHARS: usize = 253;

/// The most characters between two dots of a domain (RFC 1035 2.3.1).
pub(crate) const EMAIL_LABEL_MAX_CHARS: usize = 63;
