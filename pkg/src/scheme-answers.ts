// Answers the core's questions about stored hashes of other schemes than bcrypt.

import { object, text } from "./argument.js";
import { answerWithin } from "./deadline.js";
import type { Turn } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import type { PasswordSchemes } from "./schemes.js";
import type { Step } from "./turn.js";

/** 64 callers that wait for hashes of 100 ms each take 7 s. */
const PATIENCE_MILLISECONDS = 30_000;

/** Answers `verify` or `hash`. Rejects without schemes, if they reject, and if there is no memory for a hash. */
export async function askSchemes(schemes: PasswordSchemes | undefined, turn: Handle<Turn>, ask: "verify" | "hash"): Promise<Step> {
  if (!schemes) throw new TypeError("edgegate: PASSWORD_SCHEME=argon2id needs the option `schemes`");
  const answer = ask === "verify" ? await verified(schemes, turn) : await hashed(schemes, turn);
  if (!answer) throw new Error("edgegate: there is no memory for a password hash");
  return answer;
}

async function verified(schemes: PasswordSchemes, turn: Handle<Turn>): Promise<Step | undefined> {
  const asked = turn.call((turn) => [turn.password(), turn.storedHash()] as const);
  const verdict = await answerWithin(PATIENCE_MILLISECONDS, "schemes.verify", schemes.verify(...asked));
  if (verdict === "busy") return busy(turn);
  if (verdict === "no-memory") return undefined;
  return turn.call((turn) => turn.answerVerified(typeof verdict === "boolean" ? verdict : undefined));
}

async function hashed(schemes: PasswordSchemes, turn: Handle<Turn>): Promise<Step | undefined> {
  const password = turn.call((turn) => turn.password());
  const made = await answerWithin(PATIENCE_MILLISECONDS, "schemes.hash", schemes.hash(password));
  if (made === "busy") return busy(turn);
  if (typeof made === "string") return undefined;
  // Read outside wasm: it may be anything that an app has returned.
  const stored = text("stored, as `schemes.hash` has returned it,", object("what `schemes.hash` has returned", made).stored);
  return turn.call((turn) => turn.answerHashed(stored));
}

function busy(turn: Handle<Turn>): Step {
  return turn.call((turn) => (turn.answerBusy(), turn.step()));
}
