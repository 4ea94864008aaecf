import { glue } from "./glue.js";
import { call } from "./instance.js";

/**
 * Hashes a new password with bcrypt (`$2b$`) and a random salt.
 *
 * @param options.cost 10 to 14, 12 by default: the hash takes 2^cost rounds.
 * @throws {EdgegateError} `password-empty`, `password-too-long` (more than 72 bytes), `password-nul`, `cost-out-of-range`.
 * @example
 * ```ts
 * const hash = await hashPassword("correct horse battery staple");
 * await verifyPassword("correct horse battery staple", hash); // true
 * ```
 */
export async function hashPassword(password: string, options: { cost?: number } = {}): Promise<string> {
  return call(() => glue.hashPassword(password, options.cost));
}

/**
 * Whether this is the password of this stored hash (`$2a$`, `$2b$`, `$2y$`). Of the password, the first 72 bytes count.
 *
 * @throws {EdgegateError} `hash-malformed`, `hash-version`, `hash-too-costly` (above 16). A wrong password is `false`.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  return call(() => glue.verifyPassword(password, hash));
}
