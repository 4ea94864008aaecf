import type { Reason, TokenReason, UserId } from "../wasm/edgegate.js";

/** The claims of a token (RFC 7519 4). Tokens of this service have the claim that `USER_ID_CLAIM` names, by default `user_id`. */
export interface Claims {
  user_id?: UserId;
  /** When the token expires, in seconds since 1970 (RFC 7519 4.1.4). */
  exp?: number;
  [claim: string]: unknown;
}

/**
 * The result of a verification. `reason` is a stable code for the log; do not send it to the client. A token of the identity provider
 * has no `userId`, whatever its claims say: its users are not those of this service.
 */
export type TokenVerdict<C extends object = Claims> =
  | { outcome: "accepted"; issuer: "own"; userId: UserId; claims: C }
  | { outcome: "accepted"; issuer: "provider"; userId?: never; claims: C }
  | { outcome: "refused"; reason: TokenReason };

export function refused<R extends Reason>(reason: R): { outcome: "refused"; reason: R } {
  return { outcome: "refused", reason };
}
