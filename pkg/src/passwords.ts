import type { Failure, HashList, HashVerdict, PasswordVerdict, Turn, VerifyList } from "../wasm/edgegate.js";
import { object, optionalNumber, text, texts } from "./argument.js";
import { EdgegateError } from "./errors.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";
import { yieldToEventLoop } from "./lanes.js";
import { run } from "./turn.js";

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
  const [list = []] = texts("passwords", passwords, ["", (password) => password]);
  const cost = optionalNumber("cost", options.cost);
  const hashes = new Handle(() => new glue.HashList(list, cost));
  return stepThrough(hashes, (hashes) => hashes.hashes());
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
  const [passwords = [], hashes = []] = texts(
    "pairs",
    pairs,
    [".password", (pair) => object("a pair", pair).password],
    [".hash", (pair) => pair.hash],
  );
  const verdicts = new Handle(() => new glue.VerifyList(passwords, hashes));
  const all = await stepThrough(verdicts, (verdicts) => verdicts.verdicts());
  return all.map((verdict) => (verdict.outcome === "accepted" ? verdict.matches : failure(verdict)));
}

/**
 * Stops all password work, and refuses it until it is called with `false`: logins are answered 503 with `Retry-After`, and
 * functions that hash or verify throw `busy`. For a server that shuts down.
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

/** One call into wasm for every four hashes; other callers run in between. */
async function stepThrough<List extends HashList | VerifyList, R>(list: Handle<List>, results: (list: List) => R): Promise<R> {
  try {
    while (list.call((list) => list.step())) await yieldToEventLoop();
    return list.call(results);
  } finally {
    list.free();
  }
}

function value<Verdict extends { outcome: string }>(verdict: Verdict): Exclude<Verdict, { outcome: "refused" }> {
  if (verdict.outcome === "refused") throw failure(verdict as Verdict & Failure);
  return verdict as Exclude<Verdict, { outcome: "refused" }>;
}

function failure({ code, message }: Failure): EdgegateError {
  return new EdgegateError(code, message);
}
