import type { UserId } from "../wasm/edgegate.js";

/** What a token says. One of ours has the claim that `USER_ID_CLAIM` names: `user_id` unless that is set. */
export interface Claims {
  user_id?: UserId;
  /** When it expires, in seconds since 1970. */
  exp?: number;
  [claim: string]: unknown;
}

/** Whether a token holds, and what it says; `reason` is a stable code, to be kept from the client. */
export type TokenVerdict<C extends object = Claims> =
  | { outcome: "accepted"; claims: C }
  | { outcome: "refused"; reason: string };

export function refused(reason: string): { outcome: "refused"; reason: string } {
  return { outcome: "refused", reason };
}
