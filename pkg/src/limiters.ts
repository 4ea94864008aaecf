// Rate limits by limiters that all instances of an app share.

import { known, members, object } from "./argument.js";
import { answerWithin } from "./deadline.js";
import type { CallerQuestion } from "./turn.js";

/** Counts by a key. Cloudflare's rate limiting binding is one. */
export interface Limiter {
  /** Counts one more request of this key, 22 characters of base64url. Returns whether it is within the limit. */
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** The limiters of a gate. */
export interface Limiters {
  /** Counts the logins, sign-ups and refreshes of a client: an IPv4 address, or 64 bits of an IPv6 address. */
  client?: Limiter | undefined;
  /** Counts the logins and sign-ups with an e-mail address, whether there is a user or not. */
  account?: Limiter | undefined;
}

type Keys = Omit<Extract<CallerQuestion, { ask: "limit" }>, "ask">;

/** @throws {TypeError} unless each is a limiter, or left out. */
export function checkedLimiters(limiters: Limiters): Limiters {
  const { client, account } = known("limiters", members("limiters", limiters), ["client", "account"]);
  for (const [name, limiter] of Object.entries({ client, account })) {
    if (limiter !== undefined && typeof object(`limiters.${name}`, limiter).limit !== "function") {
      throw new TypeError(`edgegate: limiters.${name} must have a method limit`);
    }
  }
  return { client, account };
}

/**
 * Asks the limiters whether a request is within the limits. One that fails refuses nothing, and the others count all the same.
 *
 * @param counted Counts by the keys that have no limiter.
 * @param failed Is told why a limiter has failed.
 */
export async function isWithin(
  { client, account }: Limiters,
  keys: Keys,
  counted: (keys: Keys) => boolean,
  failed: (error: unknown) => void,
): Promise<boolean> {
  const asked = await Promise.allSettled([
    ask(client, keys.client),
    ask(account, keys.account),
    counted({ client: client ? undefined : keys.client, account: account ? undefined : keys.account }),
  ]);
  for (const answer of asked) if (answer.status === "rejected") failed(answer.reason);
  return asked.every((answer) => answer.status === "rejected" || answer.value);
}

async function ask(limiter: Limiter | undefined, key: string | undefined): Promise<boolean> {
  if (limiter === undefined || key === undefined) return true;
  const { success } = await answerWithin(LIMITER_MILLISECONDS, "a limiter", limiter.limit({ key }));
  if (typeof success !== "boolean") throw new TypeError("edgegate: a limiter must return { success: true } or { success: false }");
  return success;
}

/** How long a limiter may take: one that never answers must not keep everyone out. */
const LIMITER_MILLISECONDS = 2000;
