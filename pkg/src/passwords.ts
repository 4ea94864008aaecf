import type { Failure, HashVerdict, PasswordVerdict, Turn } from "../wasm/edgegate.js";
import { array, optionalNumber, text } from "./argument.js";
import { EdgegateError } from "./errors.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";
import { computeTogether, yieldToEventLoop } from "./lanes.js";
import { isQuestion, run, stepOf } from "./turn.js";

/** Hashes of one list worked out side by side: the fourth lane shortens the whole, and nobody waits for a part. */
const BULK_LANES = 4;

/**
 * Hashes a new password with bcrypt (`$2b$`) and a random salt.
 *
 * @param options.cost 10 to 14, 12 by default: the hash takes 2^cost rounds.
 * @throws {EdgegateError} `password-empty`, `password-too-long` (more than 72 bytes), `password-nul`, `cost-out-of-range`,
 * `busy`.
 * @example
 * ```ts
 * const hash = await hashPassword("correct horse battery staple");
 * await verifyPassword("correct horse battery staple", hash); // true
 * ```
 */
export async function hashPassword(password: string, options: { cost?: number } = {}): Promise<string> {
  return value(await run<HashVerdict>(startHash(password, options.cost))).hash;
}

/**
 * Whether this is the password of this stored hash (`$2a$`, `$2b$`, `$2y$`). Of the password, the first 72 bytes count.
 *
 * @throws {EdgegateError} `hash-malformed`, `hash-version`, `hash-too-costly` (above 16), `busy`. A wrong password is `false`.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  return value(await run<PasswordVerdict>(startVerify(password, hash))).matches;
}

/**
 * Hashes a list of new passwords, several side by side, for less than half the time each.
 *
 * @throws {EdgegateError} As {@link hashPassword}, before any work is done: with all of them or with none.
 */
export async function hashPasswords(passwords: readonly string[], options: { cost?: number } = {}): Promise<string[]> {
  const turns = array("passwords", passwords).map((password) => startHash(password, options.cost));
  try {
    // A turn that is done before any work has been refused.
    for (const step of turns.map(stepOf)) if (!isQuestion(step)) value(step as HashVerdict);
    return (await workAll<HashVerdict>(turns)).map((verdict) => value(verdict).hash);
  } finally {
    for (const turn of turns) turn.free();
  }
}

/**
 * Verifies a list of passwords against their stored hashes, several side by side, for less than half the time each.
 *
 * @returns For each, in order, whether it is the password, or the {@link EdgegateError} that {@link verifyPassword} throws:
 * a stored hash that cannot be used keeps none of the others from being verified.
 */
export async function verifyPasswords(
  pairs: readonly { password: string; hash: string }[],
): Promise<(boolean | EdgegateError)[]> {
  const turns = array("pairs", pairs).map(({ password, hash }) => startVerify(password, hash));
  try {
    const verdicts = await workAll<PasswordVerdict>(turns);
    return verdicts.map((verdict) => (verdict.outcome === "accepted" ? verdict.matches : failure(verdict)));
  } finally {
    for (const turn of turns) turn.free();
  }
}

/**
 * Gives up all password work, and does none until it is called with `false`: logins are answered 503 with `Retry-After`, and
 * what hashes or verifies throws `busy`. For a server that is about to end.
 */
export function stopWork(stop = true): void {
  call(() => glue.stopWork(Boolean(stop)));
}

function startHash(password: string, cost: number | undefined): Handle<Turn> {
  const [checked, rounds] = [text("password", password), optionalNumber("cost", cost)];
  return new Handle(() => glue.hashPassword(checked, rounds));
}

function startVerify(password: string, hash: string): Handle<Turn> {
  const [checked, stored] = [text("password", password), text("hash", hash)];
  return new Handle(() => glue.verifyPassword(checked, stored));
}

async function workAll<Verdict>(turns: Handle<Turn>[]): Promise<Verdict[]> {
  const waiting = turns.filter((turn) => isQuestion(stepOf(turn)));
  for (let at = 0; at < waiting.length; at += BULK_LANES) {
    // Others want their turn too.
    if (at > 0) await yieldToEventLoop();
    computeTogether(waiting.slice(at, at + BULK_LANES));
  }
  return turns.map((turn) => stepOf(turn) as Verdict);
}

function value<Verdict extends { outcome: string }>(verdict: Verdict): Exclude<Verdict, { outcome: "refused" }> {
  if (verdict.outcome === "refused") throw failure(verdict as Verdict & Failure);
  return verdict as Exclude<Verdict, { outcome: "refused" }>;
}

function failure({ code, message }: Failure): EdgegateError {
  return new EdgegateError(code, message);
}
