// Computes bcrypt for concurrent callers together: three hashes take little more time than one.
//
// No promise crosses callers, because Workers forbid a promise to cross requests. Each caller adds its turn to the
// queue and waits on its own timer. The first caller to wake computes the oldest turns of the queue; the other callers
// find their results when they wake. If a caller was cancelled, another one computes its turn.

import type { Turn } from "../wasm/edgegate.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";

/** Hashes of different callers that are computed together. A fourth would delay each caller by more than it saves. */
const LANES = 3;

/** Turns in the queue. Further callers are answered 503. */
const QUEUE_MAX = 64;

/** How long a caller is expected to ask for work, in milliseconds: a cancelled request does not withdraw. */
const EXPECTED_MAX = 1000;

interface Entry {
  turn: Handle<Turn>;
  lanes: number;
  isDone: boolean;
}

const queue: Entry[] = [];
const expected = new Set<{ since: number }>();

/** Announces that the caller may soon ask for work. The returned function withdraws it. */
export function expectWork(): () => void {
  const caller = { since: Date.now() };
  expected.add(caller);
  return () => void expected.delete(caller);
}

/** Computes the work that a turn asks for, which takes this many lanes. */
export async function work(turn: Handle<Turn>, lanes: number): Promise<void> {
  if (queue.length >= QUEUE_MAX) return turn.call((turn) => turn.answerBusy());
  const entry: Entry = { turn, lanes, isDone: false };
  queue.push(entry);
  if (queue.length > 1 || isWorkExpected()) await yieldToEventLoop();
  while (!entry.isDone) {
    computeTogether(takeBatch());
    if (!entry.isDone) await yieldToEventLoop();
  }
}

/** Lets other callers run. On Workers the timer belongs to the waiting request. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Computes the work of these turns together. */
function computeTogether(turns: Handle<Turn>[]): void {
  const lanes = new Handle(() => new glue.Lanes());
  try {
    call(() => turns.forEach((turn) => lanes.object.add(turn.object)));
    call(() => lanes.object.run());
    call(() => turns.forEach((turn) => lanes.object.give(turn.object)));
  } finally {
    lanes.free();
  }
}

/** Takes the oldest turns that fit the lanes. A turn of a replaced wasm instance is dropped. */
function takeBatch(): Handle<Turn>[] {
  const turns: Handle<Turn>[] = [];
  let free = LANES;
  for (let entry = queue[0]; entry && entry.lanes <= free; entry = queue[0]) {
    queue.shift();
    entry.isDone = true;
    if (!entry.turn.isCurrent) continue;
    turns.push(entry.turn);
    free -= entry.lanes;
  }
  return turns;
}

function isWorkExpected(): boolean {
  const oldest = Date.now() - EXPECTED_MAX;
  for (const caller of expected) if (caller.since < oldest) expected.delete(caller);
  return expected.size > 0;
}
