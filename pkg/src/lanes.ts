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
  isDone: boolean;
}

const queue: Entry[] = [];
const expected = new Set<{ since: number }>();

/** How many batches were computed. */
let batches = 0;

/** Whether a batch was computed in this turn of the event loop, as far as is known: a cancelled request does not tell. */
let hasComputed = false;

/** Announces that the caller may soon ask for work. The returned function withdraws it. */
export function expectWork(): () => void {
  const caller = { since: Date.now() };
  expected.add(caller);
  return () => void expected.delete(caller);
}

/** Computes the work that a turn asks for. */
export async function work(turn: Handle<Turn>): Promise<void> {
  if (queue.length >= QUEUE_MAX) return turn.call((turn) => turn.answerBusy());
  const entry: Entry = { turn, isDone: false };
  queue.push(entry);
  // The calls of one `Promise.all` join the queue before the first of them computes.
  await Promise.resolve();
  if (queue.length === 1 && !hasComputed && !isWorkExpected()) {
    began();
    computeTogether(takeBatch());
  }
  while (!entry.isDone && (await ownTurn(() => entry.isDone))) computeTogether(takeBatch());
}

/**
 * Waits for a turn of the event loop in which no other caller has computed: one batch a turn, so that a request without password
 * work waits for one at most. On Workers the timer belongs to the waiting request.
 *
 * @returns `false` as soon as the work is done by another caller.
 */
export async function ownTurn(isDone = (): boolean => false): Promise<boolean> {
  for (;;) {
    const before = batches;
    await nextTurn();
    if (isDone()) return false;
    if (batches === before) {
      began();
      return true;
    }
  }
}

function began(): void {
  batches += 1;
  hasComputed = true;
  void nextTurn().then(() => (hasComputed = false));
}

/** `setTimeout` takes a millisecond in Node. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
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

/** Takes the oldest turns, as many as there are lanes. A turn of a replaced wasm instance is dropped. */
function takeBatch(): Handle<Turn>[] {
  const entries = queue.splice(0, LANES);
  for (const entry of entries) entry.isDone = true;
  return entries.map(({ turn }) => turn).filter((turn) => turn.isCurrent);
}

function isWorkExpected(): boolean {
  const oldest = Date.now() - EXPECTED_MAX;
  for (const caller of expected) if (caller.since < oldest) expected.delete(caller);
  return expected.size > 0;
}
