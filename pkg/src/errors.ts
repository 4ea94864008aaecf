import type { ErrorCode } from "../wasm/edgegate.js";

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
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** An error of another entry is one too: each entry is a file of its own, with a class of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** Symbols of the registry are the same in all files. */
const BRAND = Symbol.for("edgegate.EdgegateError");
