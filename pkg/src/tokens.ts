import { Core, type IssueOptions, type Settings } from "./core.js";
import type { UserId } from "../wasm/edgegate.js";
import type { Claims, TokenVerdict } from "./verdict.js";

/**
 * Issues the token that a login of this user returns: a JWT (RFC 7519) with `user_id`, `exp` and the claims of the settings.
 *
 * @param options.claims Further claims.
 * @throws {EdgegateError} `setting` for an invalid setting, `claim:user_id` for an invalid id, `claim:<name>` for a claim that
 * the settings determine, `no-signing-key` when all keys of `JWT_KEYS` are public.
 * @example
 * ```ts
 * const token = await issueToken(7, { SECRET_KEY }, { claims: { role: "admin" } });
 * ```
 */
export async function issueToken<C extends object = Record<string, unknown>>(
  userId: UserId,
  settings: Settings,
  options?: IssueOptions<C>,
): Promise<string> {
  return coreOf(settings).issueToken(userId, options);
}

/**
 * Verifies a token and returns its claims: a token of this service, or with `JWKS_URL` one of the identity provider. An invalid
 * token, or a value that is not a string, does not throw but returns `outcome: "refused"`.
 *
 * @typeParam C The type of the claims. It is not checked.
 * @throws {EdgegateError} `setting` for an invalid setting.
 * @example
 * ```ts
 * const verdict = await verifyToken(token, { SECRET_KEY });
 * if (verdict.outcome === "accepted") console.log(verdict.issuer, verdict.userId);
 * else console.log(verdict.reason); // "expired", "signature", "claim:exp", ...
 * ```
 */
export async function verifyToken<C extends object = Claims>(token: string, settings: Settings): Promise<TokenVerdict<C>> {
  return coreOf(settings).verifyToken<C>(token);
}

/** One core for each settings object: parsing settings and keys takes longer than verifying a token. */
const cores = new WeakMap<Settings, Core>();

function coreOf(settings: Settings): Core {
  let core = cores.get(settings);
  if (!core) cores.set(settings, (core = new Core(settings)));
  return core;
}
