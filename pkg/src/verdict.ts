/** What a token says. One of ours has the claim that `USER_ID_CLAIM` names: `user_id` unless that is set. */
export interface Claims {
  user_id?: number;
  /** When it expires, in seconds since 1970. */
  exp?: number;
  [claim: string]: unknown;
}

/** Whether a token holds, and what it says; `reason` is a stable code, to be kept from the client. */
export type TokenVerdict = { outcome: "accepted"; claims: Claims } | { outcome: "refused"; reason: string };
