import { Core, type Settings } from "./core.js";
import type { TokenVerdict } from "./verdict.js";

/**
 * A token for this user, as a login would answer with (HS256, claims `user_id` and `exp`).
 *
 * @throws {EdgegateError} `setting` when `SECRET_KEY` is missing or short, `claim:user_id` for no whole number.
 */
export async function issueToken(userId: number, settings: Settings): Promise<string> {
  return coreOf(settings).issueToken(userId);
}

/**
 * Whether a token holds, and what it says. It never throws for a bad token.
 *
 * @throws {EdgegateError} `setting` when `SECRET_KEY` is missing or short.
 * @example
 * ```ts
 * const verdict = await verifyToken(token, { SECRET_KEY });
 * if (verdict.outcome === "accepted") console.log(verdict.claims.user_id);
 * else console.log(verdict.reason); // "expired", "signature", "claim:exp", ...
 * ```
 */
export async function verifyToken(token: string, settings: Settings): Promise<TokenVerdict> {
  return coreOf(settings).verifyToken(token);
}

/** The key is set up once for each settings object. */
const cores = new WeakMap<Settings, Core>();

function coreOf(settings: Settings): Core {
  let core = cores.get(settings);
  if (!core) cores.set(settings, (core = new Core(settings)));
  return core;
}
