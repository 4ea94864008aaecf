// What is stored of a user, for programs that bring users along.

import { text } from "./argument.js";
import { glue } from "./glue.js";
import { call } from "./instance.js";

/**
 * The cost of a stored hash of bcrypt (`$2a$`, `$2b$`, `$2y$`): it takes 2^cost rounds.
 *
 * @throws {EdgegateError} `hash-malformed`, `hash-version`, `hash-too-costly`: no login could verify it.
 * @example
 * ```ts
 * bcryptCost("$2b$12$LQv3c1yqBWVHxkd0LHAkCOYz6TtxMQJqhN8/LewKyNiLXCQfLzvVC"); // 12
 * ```
 */
export function bcryptCost(hash: string): number {
  const stored = text("hash", hash);
  return call(() => glue.bcryptCost(stored));
}

/**
 * The form of an e-mail address in which a login looks it up, and in which it must be stored: trimmed, with its domain in ASCII and in lower
 * case, and the part before in the normalization form C. A text that is no address is only trimmed: other backends have other names.
 *
 * @returns `undefined` when no login finds it: it is empty, too long, or has a NUL.
 * @example
 * ```ts
 * storedEmail("Ada@MÜNCHEN.de"); // "Ada@xn--mnchen-3ya.de"
 * ```
 */
export function storedEmail(email: string): string | undefined {
  const typed = text("email", email);
  return call(() => glue.storedEmail(typed));
}
