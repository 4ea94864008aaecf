/**
 * A call that cannot be carried out: a setting that is wrong, a cost out of range, a stored hash that is none.
 * A wrong password and a token that does not hold are no errors: they are answers.
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
