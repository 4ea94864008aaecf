import type { Outcome, Question, Turn } from "../wasm/edgegate.js";
import { holds, sign } from "./crypto.js";
import type { Handle } from "./instance.js";
import { fetchJwkSet } from "./jwks.js";
import { expectWork, work } from "./lanes.js";

/** A question that the platform answers, the same for every caller. */
type PlatformQuestion = Extract<Question, { ask: "checkSignature" | "sign" | "jwkSet" }>;

/** A question that only the caller can answer. */
export type CallerQuestion = Exclude<Question, PlatformQuestion | { ask: "work" }>;

export type Step = Question | Outcome;

/** Answers the core's questions until it is done. */
export async function run<Verdict extends Outcome>(
  turn: Handle<Turn>,
  answer: (question: CallerQuestion) => Promise<Step> = refuseWithoutStore,
): Promise<Verdict> {
  const withdraw = expectWork();
  try {
    let step = stepOf(turn);
    while (isQuestion(step)) {
      if (step.ask === "work") {
        withdraw();
        await work(turn);
        step = stepOf(turn);
      } else {
        step = await (isPlatformQuestion(step) ? askPlatform(turn, step) : answer(step));
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

async function refuseWithoutStore({ ask }: CallerQuestion): Promise<never> {
  throw new TypeError(`edgegate: there is no store to answer ${ask}`);
}
