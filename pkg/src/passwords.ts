import type { Failure, HashList, HashVerdict, PasswordVerdict, Turn, VerifyList } from "../wasm/edgegate.js";
import { object, optionalNumber, text, texts } from "./argument.js";
import { EdgegateError } from "./errors.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";
import { nextTurn, ownTurn } from "./lanes.js";
import { run } from "./turn.js";

/**
 * Hashes a new password with bcrypt (`$2b$`) and a random salt.
 *
 * @param options.cost 10 to 14, 12 by default: bcrypt computes 2^cost rounds. 10 is the minimum of OWASP's Password Storage
 * Cheat Sheet.
 * @throws {EdgegateError} `password-empty`, `password-too-long` (more than 72 bytes), `password-nul`, `cost-out-of-range`,
 * `busy`.
 * @example
 * ```ts
 * const hash = await hashPassword("correct horse battery staple");
 * await verifyPassword("correct horse battery staple", hash); // true
 * ```
 */
export async function hashPassword(password: string, options: { cost?: number } = {}): Promise<string> {
  return value(await run<HashVerdict>(() => startHash(password, options.cost))).hash;
}

/**
 * Verifies a password against a stored hash (`$2a$`, `$2b$`, `$2y$`). Only the first 72 bytes of the password count.
 *
 * @returns `true` for the right password, `false` for a wrong one.
 * @throws {EdgegateError} `hash-malformed`, `hash-version`, `hash-too-costly` (cost above 16), `busy`.
 * @example
 * ```ts
 * await verifyPassword("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"); // true
 * ```
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  return value(await run<PasswordVerdict>(() => startVerify(password, hash))).matches;
}

/**
 * Hashes a list of new passwords, up to four together, in less than half the time for each.
 *
 * @throws {EdgegateError} As {@link hashPassword}, before any hash is computed. If one password is refused, none is hashed.
 * @example
 * ```ts
 * const [first, second] = await hashPasswords(["correct horse", "battery staple"]);
 * ```
 */
export async function hashPasswords(passwords: readonly string[], options: { cost?: number } = {}): Promise<string[]> {
  const [list = []] = texts("passwords", passwords, ["", (password) => password]);
  const cost = optionalNumber("cost", options.cost);
  const hashes = new Handle(() => new glue.HashList(list, cost));
  return stepThrough(hashes, (hashes) => hashes.hashes());
}

/**
 * Verifies a list of passwords against their stored hashes, up to four together, in less than half the time for each.
 *
 * @returns For each pair, in order: `true`, `false`, or the {@link EdgegateError} that {@link verifyPassword} throws. An
 * invalid stored hash does not affect the other pairs.
 * @example
 * ```ts
 * const hash = await hashPassword("correct horse");
 * await verifyPasswords([{ password: "correct horse", hash }, { password: "wrong", hash }]); // [true, false]
 * ```
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
 * Stops all password work, and refuses new work until it is called with `false`: logins are answered 503 with `Retry-After`,
 * and functions that hash or verify throw `busy`. For the shutdown of a server.
 *
 * @example
 * ```ts
 * process.on("SIGTERM", () => stopWork());
 * ```
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

/** Turns of the event loop in which a list lets logins go first: without a limit, a flood of logins would stop it. */
const LIST_PATIENCE = 8;

/** One call into wasm for four hashes. Other callers run between the calls. */
async function stepThrough<List extends HashList | VerifyList, R>(list: Handle<List>, results: (list: List) => R): Promise<R> {
  try {
    while (list.call((list) => list.step())) {
      // A turn for the callers that have waited since the last step.
      await nextTurn();
      await ownTurn(undefined, LIST_PATIENCE);
    }
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
