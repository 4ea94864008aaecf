import { Core, type IssueOptions, type Settings } from "./core.js";
import type { TokenVerdict } from "./verdict.js";

/**
 * A token for this user, as a login would answer with: claims `user_id` and `exp`, and what the settings say besides.
 *
 * @param options.claims Further claims.
 * @throws {EdgegateError} `setting` for a setting that is wrong, `claim:user_id` for no whole number, `claim:<name>` for a claim
 * that a setting decides, `no-signing-key` when all keys of `JWT_KEYS` are public.
 */
export async function issueToken(userId: number, settings: Settings, options?: IssueOptions): Promise<string> {
  return coreOf(settings).issueToken(userId, options);
}

/**
 * Whether a token holds, and what it says: a token of ours, or with `JWKS_URL` one of the identity provider's. It never throws
 * for a bad token.
 *
 * @throws {EdgegateError} `setting` for a setting that is wrong.
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
