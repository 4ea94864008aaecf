import { Core, type IssueOptions, type Settings } from "./core.js";
import type { UserId } from "../wasm/edgegate.js";
import { object } from "./argument.js";
import type { Claims, TokenVerdict } from "./verdict.js";

/**
 * A token for this user, as a login would answer with: claims `user_id` and `exp`, and what the settings say besides.
 *
 * @param options.claims Further claims.
 * @throws {EdgegateError} `setting` for a setting that is wrong, `claim:user_id` for an id that no user can have, `claim:<name>` for a claim
 * that a setting decides, `no-signing-key` when all keys of `JWT_KEYS` are public.
 */
export async function issueToken<C extends object = Record<string, unknown>>(
  userId: UserId,
  settings: Settings,
  options?: IssueOptions<C>,
): Promise<string> {
  return coreOf(settings).issueToken(userId, options);
}

/**
 * Whether a token holds, and what it says: a token of ours, or with `JWKS_URL` one of the identity provider's. It never throws
 * for a bad token, nor for what is no string.
 *
 * @typeParam C The claims that the token carries, if its issuer is trusted to write them so.
 * @throws {EdgegateError} `setting` for a setting that is wrong.
 * @example
 * ```ts
 * const verdict = await verifyToken(token, { SECRET_KEY });
 * if (verdict.outcome === "accepted") console.log(verdict.claims.user_id);
 * else console.log(verdict.reason); // "expired", "signature", "claim:exp", ...
 * ```
 */
export async function verifyToken<C extends object = Claims>(token: string, settings: Settings): Promise<TokenVerdict<C>> {
  return coreOf(settings).verifyToken<C>(token);
}

/** The key is set up once for each settings object. */
const cores = new WeakMap<Settings, Core>();

function coreOf(settings: Settings): Core {
  let core = cores.get(object("settings", settings));
  if (!core) cores.set(settings, (core = new Core(settings)));
  return core;
}
