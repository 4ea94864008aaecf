import type { Outcome, Question, Turn } from "../wasm/edgegate.js";
import { holds, sign } from "./crypto.js";
import type { Handle } from "./instance.js";
import { fetchJwkSet } from "./jwks.js";
import { expectAnswer, expectWork, work } from "./lanes.js";

/** A question that the platform answers, the same for every caller. */
type PlatformQuestion = Extract<Question, { ask: "checkSignature" | "sign" | "jwkSet" }>;

/** A question about the body of a request. */
export type BodyQuestion = Extract<Question, { ask: "body" }>;

/** A question that only the caller can answer. */
export type CallerQuestion = Exclude<Question, PlatformQuestion | BodyQuestion | { ask: "work" }>;

/** A question for a user store. */
export type StoreQuestion = Exclude<CallerQuestion, { ask: "claims" | "limit" | "securityEvent" | "verify" | "hash" | "later" | "sendMail" | "pwnedPasswords" | "upstream" }>;

/** Whether the store answers the question. */
export function isOfStore(question: CallerQuestion): question is StoreQuestion {
  return !["claims", "limit", "securityEvent", "verify", "hash", "later", "sendMail", "pwnedPasswords", "upstream"].includes(question.ask);
}

export type Step = Question | Outcome;

/** Who answers what the platform does not. */
export interface Caller {
  /** Reads the body of the request, and returns how to answer with it. It is the first question of a turn, or is not asked. */
  body?(question: BodyQuestion): Promise<(turn: Turn) => Step>;
  /** Answers any other question. */
  answer?(turn: Handle<Turn>, question: CallerQuestion): Promise<Step>;
}

/**
 * Answers the core's questions until it is done.
 *
 * @param begin Starts the turn. It is called again when the body of the request has arrived.
 */
export async function run<Verdict extends Outcome>(
  begin: () => Handle<Turn>,
  { body = refuseWithoutRequest, answer = refuseWithoutStore }: Caller = {},
): Promise<Verdict> {
  let turn = begin();
  const withdraw = expectWork();
  try {
    let step = stepOf(turn);
    if (isQuestion(step) && step.ask === "body") {
      // Nothing in wasm is held while the client sends. On Workers a request whose client disconnects is cancelled: it never wakes
      // again, so no `finally` runs, and not every runtime has a FinalizationRegistry.
      turn.free();
      const withBody = await body(step);
      turn = begin();
      step = turn.call(withBody);
    }
    while (isQuestion(step)) {
      if (step.ask === "work") {
        withdraw();
        await work(turn);
        step = stepOf(turn);
      } else if (isPlatformQuestion(step)) {
        step = await askPlatform(turn, step);
      } else if (step.ask === "body") {
        throw new Error("edgegate: the body is not the first question");
      } else {
        const answered = expectAnswer();
        step = await answer(turn, step).finally(answered);
      }
    }
    return step as Verdict;
  } finally {
    withdraw();
    turn.free();
  }
}

function stepOf(turn: Handle<Turn>): Step {
  return turn.call((turn) => turn.step());
}

function isQuestion(step: Step): step is Question {
  return typeof step === "object" && "ask" in step;
}

function isPlatformQuestion(question: Question): question is PlatformQuestion {
  return question.ask === "checkSignature" || question.ask === "sign" || question.ask === "jwkSet";
}

/** When the platform fails, the core uses the keys that it has, or refuses the token. */
async function askPlatform(turn: Handle<Turn>, question: PlatformQuestion): Promise<Step> {
  try {
    return await answerByPlatform(turn, question);
  } catch {
    return turn.call((turn) => turn.answerUnavailable());
  }
}

async function answerByPlatform(turn: Handle<Turn>, question: PlatformQuestion): Promise<Step> {
  switch (question.ask) {
    case "checkSignature": {
      const [message, signature] = turn.call((turn) => [turn.message(), turn.signature()]);
      const good = await holds(question.key, () => turn.call((turn) => turn.jwk()), message, signature);
      return turn.call((turn) => turn.answerHolds(good));
    }
    case "sign": {
      const message = turn.call((turn) => turn.message());
      const signature = await sign(question.key, () => turn.call((turn) => turn.jwk()), message);
      return turn.call((turn) => turn.answerSignature(signature));
    }
    case "jwkSet": {
      const { body, cacheControl, age } = await fetchJwkSet(question.url, question.atMost);
      return turn.call((turn) => turn.answerJwkSet(body, cacheControl, age));
    }
  }
}

async function refuseWithoutRequest(): Promise<never> {
  throw new TypeError("edgegate: a call without a request has no body");
}

async function refuseWithoutStore(_: Handle<Turn>, { ask }: CallerQuestion): Promise<never> {
  throw new TypeError(`edgegate: there is no store to answer ${ask}`);
}
