// Answers the core's questions about stored hashes of other schemes than bcrypt.

import type { Turn } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import type { PasswordSchemes } from "./schemes.js";
import type { Step } from "./turn.js";

/** Answers `verify` or `hash`. Rejects without schemes, if they reject, and if there is no memory for a hash. */
export async function askSchemes(schemes: PasswordSchemes | undefined, turn: Handle<Turn>, ask: "verify" | "hash"): Promise<Step> {
  if (!schemes) throw new TypeError("edgegate: PASSWORD_SCHEME=argon2id needs the option `schemes`");
  const answer = ask === "verify" ? await verified(schemes, turn) : await hashed(schemes, turn);
  if (!answer) throw new Error("edgegate: there is no memory for a password hash");
  return answer;
}

async function verified(schemes: PasswordSchemes, turn: Handle<Turn>): Promise<Step | undefined> {
  const verdict = await schemes.verify(...turn.call((turn) => [turn.password(), turn.storedHash()] as const));
  if (verdict === "busy") return busy(turn);
  if (verdict === "no-memory") return undefined;
  return turn.call((turn) => turn.answerVerified(typeof verdict === "boolean" ? verdict : undefined));
}

async function hashed(schemes: PasswordSchemes, turn: Handle<Turn>): Promise<Step | undefined> {
  const made = await schemes.hash(turn.call((turn) => turn.password()));
  if (made === "busy") return busy(turn);
  return typeof made === "string" ? undefined : turn.call((turn) => turn.answerHashed(made.stored));
}

function busy(turn: Handle<Turn>): Step {
  return turn.call((turn) => (turn.answerBusy(), turn.step()));
}
