
/** Why a token was refused. */
export type TokenReason =
  | "token-too-long"
  | "malformed"
  | "algorithm"
  | "critical"
  | "unknown-key"
  | "keys-unavailable"
  | "signature"
  | "expired"
  | "not-yet-valid"
  | "too-old"
  | "revoked"
  | `claim:${string}`
  | "claims"
  | "no-signing-key"
  | "host";

/** Why a stored hash cannot be used. */
export type HashCode = "hash-malformed" | "hash-version" | "hash-too-costly" | "busy";

/** Why a password cannot be hashed. */
export type PasswordCode =
  | "password-empty"
  | "password-too-long"
  | "password-nul"
  | "cost-out-of-range"
  | "no-randomness"
  | "busy";

/** Why a request, a login or a token was refused. */
export type Reason =
  | TokenReason
  | HashCode
  | PasswordCode
  | "unknown-path"
  | "method"
  | "slash"
  | "body-too-large"
  | "body-timeout"
  | "client-closed"
  | "body-unprocessable"
  | "body-bad-request"
  | "cross-site"
  | "rate-limited"
  | "unknown-user"
  | "wrong-password"
  | "held-up"
  | "inactive-user"
  | "email-not-verified"
  | "overlong-password"
  | "same-password"
  | "no-token"
  | "refresh-token-malformed"
  | "refresh-token-unknown"
  | "refresh-token-expired"
  | "refresh-token-reused"
  | "mail-token"
  | "unknown-session"
  | "user-gone"
  | "registration-closed"
  | "invitation"
  | "email-taken"
  | "store-unavailable"
  | "upstream-unavailable"
  | "upstream-timeout"
  | "upstream-answer"
  | "upstream-token"
  | "upstream-taken"
  | "upstream-user"
  | "upstream-new-password"
  | "upstream-password"
  | `upstream-status:${number}`
  | `invalid-row:${string}`
  | `unsigned:${TokenReason}`
  | "internal";

/** What is wrong with a call. */
export type ErrorCode = "setting" | "email" | TokenReason | HashCode | PasswordCode | "internal";
