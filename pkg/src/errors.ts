/**
 * An error in a call: an invalid setting, a cost out of range, an invalid stored hash.
 *
 * A wrong password and an invalid token are not errors but return values.
 *
 * @example
 * ```ts
 * await hashPassword("").catch((error) => error.code); // "password-empty"
 * ```
 */
export class EdgegateError extends Error {
  override readonly name = "EdgegateError";

  constructor(
    /** A stable code to match on, such as `setting`, `password-too-long` or `hash-malformed`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
