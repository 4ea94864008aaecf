//! Limits and defaults, with units and sources.

/// Size of a request body: 16 KiB, far more than a login form needs.
///
/// It is less than Starlette's limits of a field (1 MiB) and of the parts of a multipart form (1000), which need no check.
pub(crate) const BODY_MAX_BYTES: usize = 16 * 1024;

/// Fields of a form (Starlette's `max_fields`).
pub(crate) const FORM_MAX_FIELDS: usize = 1000;

/// Size of an e-mail address (RFC 5321 4.5.3.1.3, minus the two angle brackets).
pub(crate) const EMAIL_MAX_BYTES: usize = 254;

/// Size of a user id that is a string: the common limit of an indexed column.
pub(crate) const USER_ID_MAX_BYTES: usize = 255;

/// bcrypt reads no more bytes of a password.
pub(crate) const PASSWORD_MAX_BYTES: usize = 72;

/// Characters that the password of a new user must have (`PASSWORD_MIN_LENGTH`). The maximum leaves room below
/// [`PASSWORD_MAX_BYTES`].
pub(crate) const PASSWORD_MIN_LENGTHS: core::ops::RangeInclusive<u32> = 1..=64;

/// Characters that the password of a new user must have without `PASSWORD_MIN_LENGTH` (NIST SP 800-63B).
pub(crate) const PASSWORD_MIN_LENGTH_DEFAULT: u32 = 8;

/// Nesting depth of JSON input. It bounds the recursion of the parser.
pub(crate) const JSON_MAX_DEPTH: usize = 64;

/// Length of a password at login (passlib's limit).
pub(crate) const PASSWORD_MAX_CHARS: usize = 4096;

/// Costs of a new hash (`BCRYPT_COST`): OWASP's Password Storage Cheat Sheet requires at least 10; 14 takes about a
/// second.
pub(crate) const HASH_COSTS: core::ops::RangeInclusive<u32> = 10..=14;

/// Cost of a new hash without `BCRYPT_COST`.
pub(crate) const HASH_COST_DEFAULT: u32 = 12;

/// Costs of a stored hash: bcrypt's minimum, and the maximum that is verified (about three seconds).
pub(crate) const STORED_COSTS: core::ops::RangeInclusive<u32> = 4..=16;

/// Characters of `User-Agent` that a session keeps.
pub(crate) const USER_AGENT_MAX_CHARS: usize = 256;

/// The time over which requests are counted: a minute, the longer one of the two that Cloudflare's binding has.
pub(crate) const RATE_LIMIT_PERIOD_SECONDS: u64 = 60;

/// Logins, sign-ups and refreshes of one client within [`RATE_LIMIT_PERIOD_SECONDS`]: an office behind one address logs in.
pub(crate) const RATE_LIMIT_CLIENT: u16 = 60;

/// Logins and sign-ups of one e-mail address within [`RATE_LIMIT_PERIOD_SECONDS`].
pub(crate) const RATE_LIMIT_ACCOUNT: u16 = 10;

/// Hashes that are computed together, and in one step of a list.
pub(crate) const LANES: usize = 4;

/// Keys of a key ring, and of an identity provider.
pub(crate) const KEYS_MAX: usize = 32;

/// Failed logins of an account after which its logins are delayed.
pub(crate) const LOCKOUT_FAILURES: i64 = 10;

/// How long failures are remembered after the last one, beside its delay: 15 minutes.
pub(crate) const LOCKOUT_WINDOW_SECONDS: i64 = 15 * 60;

/// The first delay; each further failure doubles it.
pub(crate) const LOCKOUT_FIRST_SECONDS: i64 = 30;

/// The longest delay: 15 minutes.
pub(crate) const LOCKOUT_MAX_SECONDS: i64 = 15 * 60;

/// How far the clocks of machines that share a store may differ.
pub(crate) const CLOCK_DIFFERENCE_SECONDS: i64 = 60;

/// How long a client that has logged in is known: 90 days.
pub(crate) const KNOWN_CLIENT_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Bits of an RSA key: the minimum of RFC 7518 3.3, and a maximum that takes a few milliseconds to verify.
pub(crate) const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// Size of the exponent of an RSA key. The usual 65537 has three bytes.
pub(crate) const RSA_EXPONENT_MAX_BYTES: usize = 8;

/// Size of an identity provider's JWK set: 128 KiB, about ten times the largest common ones.
pub(crate) const JWK_SET_MAX_BYTES: usize = 128 * 1024;

/// How long an identity provider's keys are fresh without `max-age`: 5 minutes.
pub(crate) const JWK_SET_FRESH_DEFAULT_SECONDS: u64 = 300;

/// How long an identity provider's keys are fresh at most, whatever `max-age` says: a day.
pub(crate) const JWK_SET_FRESH_MAX_SECONDS: u64 = 24 * 60 * 60;

/// Size of a range of Have I Been Pwned: 128 KiB. Those with padding have about 40.
pub(crate) const PWNED_RANGE_MAX_BYTES: usize = 128 * 1024;

/// Maximum length of an answer of the backend of `UPSTREAM` that is read.
pub(crate) const UPSTREAM_MAX_BYTES: usize = 64 * 1024;

/// How long the token is valid by which the backend of `UPSTREAM` stores a new password, in seconds.
pub(crate) const UPSTREAM_TOKEN_SECONDS: u64 = 300;

/// How long stale keys are used while the identity provider does not answer: a day.
pub(crate) const JWK_SET_STALE_MAX_SECONDS: u64 = 24 * 60 * 60;

/// Minimum time between two requests to an identity provider (jose's `cooldownDuration`).
pub(crate) const JWK_SET_COOL_DOWN_SECONDS: u64 = 30;

/// Maximum of `JWT_LEEWAY_SECONDS`: 5 minutes.
pub(crate) const LEEWAY_MAX_SECONDS: u32 = 300;

/// How long a body may take to arrive (`BODY_TIMEOUT_SECONDS`).
pub(crate) const BODY_TIMEOUTS_SECONDS: core::ops::RangeInclusive<u32> = 1..=60;

/// How long a body may take to arrive without `BODY_TIMEOUT_SECONDS`.
pub(crate) const BODY_TIMEOUT_DEFAULT_SECONDS: u32 = 10;

/// How long a session lives at most (`REFRESH_TOKEN_MAX_DAYS`).
pub(crate) const REFRESH_TOKEN_MAX_DAYS_RANGE: core::ops::RangeInclusive<u32> = 1..=3660;

/// How long a session lives at most without `REFRESH_TOKEN_MAX_DAYS`.
pub(crate) const REFRESH_TOKEN_MAX_DAYS_DEFAULT: u32 = 90;

/// Maximum of `REFRESH_TOKEN_EXPIRE_MINUTES`: a year.
pub(crate) const REFRESH_TOKEN_EXPIRE_MINUTES_MAX: u32 = 366 * 24 * 60;

/// How long a used refresh token is accepted again, for a second tab or after a lost response.
pub(crate) const REFRESH_GRACE_SECONDS: i64 = 30;

/// Lifetime of a token without `ACCESS_TOKEN_EXPIRE_MINUTES`: 30 minutes (FastAPI's tutorial).
pub(crate) const ACCESS_TOKEN_EXPIRE_MINUTES_DEFAULT: u32 = 30;

/// Maximum of `ACCESS_TOKEN_EXPIRE_MINUTES`: a year.
pub(crate) const ACCESS_TOKEN_EXPIRE_MINUTES_MAX: u32 = 366 * 24 * 60;

/// How many hours the link of a mail is valid (`EMAIL_RESET_TOKEN_EXPIRE_HOURS`).
pub(crate) const MAIL_TOKEN_HOURS: core::ops::RangeInclusive<u32> = 1..=168;

/// How many hours it is valid without `EMAIL_RESET_TOKEN_EXPIRE_HOURS`.
pub(crate) const MAIL_TOKEN_HOURS_DEFAULT: u32 = 1;

/// How many hours the link to verify an address is valid: two days.
pub(crate) const VERIFICATION_HOURS: u32 = 48;

/// Time between two mails to an address: a minute. Others can ask for them, too.
pub(crate) const MAIL_INTERVAL_SECONDS: i64 = 60;

/// Size of a token: 8 KiB, a common server limit for a header field.
pub(crate) const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// `Retry-After` of a 503.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 2;

/// Header lines of a part (python-multipart's `DEFAULT_MAX_HEADER_COUNT`).
pub(crate) const PART_MAX_HEADERS: usize = 8;

/// Size of a part's header line (python-multipart's `DEFAULT_MAX_HEADER_SIZE`).
pub(crate) const PART_HEADER_MAX_BYTES: usize = 4096 + 128;

/// Size of a multipart boundary (python-multipart's `MAX_BOUNDARY_LENGTH`).
pub(crate) const BOUNDARY_MAX_BYTES: usize = 256;

/// Length of the text that is parsed as an e-mail address (pydantic's `MAX_EMAIL_LENGTH`).
pub(crate) const EMAIL_TEXT_MAX_CHARS: usize = 2048;

/// Length of a domain (RFC 1035 2.3.4, minus the final dot and the root label).
pub(crate) const EMAIL_DOMAIN_MAX_CHARS: usize = 253;

/// Length of a domain label (RFC 1035 2.3.1).
pub(crate) const EMAIL_LABEL_MAX_CHARS: usize = 63;

/// Memory in KiB and passes of new hashes of Argon2id: those of pwdlib and of argon2-cffi, RFC 9106's second recommendation.
pub(crate) const ARGON2ID_COST: [u32; 2] = [65_536, 3];
