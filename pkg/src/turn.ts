import type { Outcome, Question, Turn } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import { onTheWay, work } from "./lanes.js";

/** A question that only the caller can answer. */
export type CallersQuestion = Exclude<Question, { ask: "work" }>;

type Step = Question | Outcome;

/** While the core asks, answer it; every answer leads to the next step. */
export async function run<Verdict extends Outcome>(
  turn: Handle<Turn>,
  answer: (question: CallersQuestion) => Promise<string>,
): Promise<Verdict> {
  const arrived = onTheWay();
  try {
    let step = stepOf(turn);
    while (isQuestion(step)) {
      if (step.ask === "work") {
        arrived();
        await work(turn, step.lanes);
        step = stepOf(turn);
      } else {
        step = JSON.parse(await answer(step)) as Step;
      }
    }
    return step as Verdict;
  } finally {
    arrived();
    turn.free();
  }
}

/** Where the turn stands. */
export function stepOf(turn: Handle<Turn>): Step {
  return JSON.parse(turn.call((turn) => turn.step())) as Step;
}

export function isQuestion(step: Step): step is Question {
  return "ask" in step;
}
