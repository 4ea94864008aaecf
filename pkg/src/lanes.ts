// bcrypt of callers in flight at the same time is computed side by side: three hashes take little more time than one.
//
// No promise crosses callers, because Workers forbid a promise to cross requests. Each caller puts its turn into the queue and
// sleeps on a timer of its own. The caller that wakes first computes for the turns that have waited longest; their callers find
// the answers when they wake. A caller that was cancelled does no harm: another one computes what it left in the queue.

import type { Turn } from "../wasm/edgegate.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";

/** How many hashes of different callers are computed side by side. A fourth would add more to each one's wait than it saves. */
const LANES = 3;

/** How many turns may wait. A caller beyond is told to come back later. */
const QUEUE_MAX = 64;

/** How long a caller counts as expected, in milliseconds: a request that was cut off never says so. */
const EXPECTED_MAX = 1000;

interface Entry {
  turn: Handle<Turn>;
  lanes: number;
  isDone: boolean;
}

const queue: Entry[] = [];
const expected = new Set<{ since: number }>();

/** Says that the caller may ask for work soon. What is returned takes it back. */
export function expectWork(): () => void {
  const caller = { since: Date.now() };
  expected.add(caller);
  return () => void expected.delete(caller);
}

/** Answers a turn's question for work, which takes this many lanes. */
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

/** Lets other callers run. On Workers the timer belongs to the request that waits. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Answers these turns' questions for work. */
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

/** The turns that have waited longest, as many as there are lanes. A turn whose wasm instance is gone gets no answer. */
function takeBatch(): Handle<Turn>[] {
  const turns: Handle<Turn>[] = [];
  let free = LANES;
  for (let entry = queue[0]; entry && entry.lanes <= free; entry = queue[0]) {
    queue.shift();
    entry.isDone = true;
    if (!entry.turn.isAlive) continue;
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
