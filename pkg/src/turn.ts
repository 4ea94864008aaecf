import type { Outcome, Question, Turn } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import { onTheWay, work } from "./lanes.js";

/** A question that only the caller can answer. */
export type CallersQuestion = Exclude<Question, { ask: "work" }>;

/** While the core asks, answer it. */
export async function run<Verdict extends Outcome>(
  turn: Handle<Turn>,
  answer: (question: CallersQuestion) => Promise<void>,
): Promise<Verdict> {
  const arrived = onTheWay();
  try {
    for (;;) {
      const question = turn.call((turn) => turn.question());
      if (!question) return turn.call((turn) => turn.outcome()) as Verdict;
      if (question.ask === "work") {
        arrived();
        await work(turn, question.lanes);
      } else {
        await answer(question);
      }
    }
  } finally {
    arrived();
    turn.free();
  }
}
