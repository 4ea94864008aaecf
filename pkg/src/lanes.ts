// Computes bcrypt for concurrent callers together: three hashes take little more time than one.
//
// No promise crosses callers, because Workers forbid a promise to cross requests. Each caller adds its turn to the
// queue and waits on its own timer. The first caller to wake computes the oldest turns of the queue; the other callers
// find their results when they wake. The turn of a caller that was cancelled is dropped.

import type { Turn } from "../wasm/edgegate.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";

/** Hashes of different callers that are computed together. A fourth would delay each caller by more than it saves. */
const LANES = 3;

/** Turns in the queue. Further callers are answered 503. */
const QUEUE_MAX = 64;

/** How long a caller is expected to ask for work or to be answered, in milliseconds: a cancelled request does not withdraw. */
const EXPECTED_MAX = 1000;

/** How often a caller looks whether a store has answered, before it computes all the same: 24 ms in all. */
const HOLDS_MAX = 12;
const HOLD_MILLISECONDS = 2;

interface Entry {
  turn: Handle<Turn>;
  isDone: boolean;
  /** After how many batches its caller was last awake. On Workers a client that disconnects cancels its request, which never wakes again. */
  seenBatch: number;
  /** In which search for cancelled callers it was last awake. */
  seenSearch: number;
}

/** A caller, from an announcement until it is withdrawn. */
type Announced = Set<{ since: number }>;

let queue: Entry[] = [];
const expected: Announced = new Set();
const asking: Announced = new Set();

/** How many batches were computed. */
let batches = 0;

/** How many callers have found the queue full, and looked for cancelled ones. */
let searches = 0;

/** Whether a batch was computed in this turn of the event loop, as far as is known: a cancelled request does not tell. */
let hasComputed = false;

/** Announces that the caller may soon ask for work. The returned function withdraws it. */
export function expectWork(): () => void {
  return announce(expected);
}

/** Announces that the caller waits for its store. The returned function withdraws it. */
export function expectAnswer(): () => void {
  return announce(asking);
}

function announce(callers: Announced): () => void {
  const caller = { since: Date.now() };
  forgetCancelled(callers);
  callers.add(caller);
  return () => void callers.delete(caller);
}

/** Computes the work that a turn asks for. */
export async function work(turn: Handle<Turn>): Promise<void> {
  if (queue.length >= QUEUE_MAX) await removeCancelled();
  if (queue.length >= QUEUE_MAX) return turn.call((turn) => turn.answerBusy());
  const entry: Entry = { turn, isDone: false, seenBatch: batches, seenSearch: searches };
  queue.push(entry);
  // The calls of one `Promise.all` join the queue before the first of them computes.
  await Promise.resolve();
  if (queue.length === 1 && !hasComputed && !isAny(expected)) {
    began();
    computeTogether(takeBatch());
  }
  const isDone = () => {
    [entry.seenBatch, entry.seenSearch] = [batches, searches];
    return entry.isDone;
  };
  while (!entry.isDone && (await ownTurn(isDone))) computeTogether(takeBatch());
}

/** Removes the turns whose callers do not wake any more. */
async function removeCancelled(): Promise<void> {
  const since = (searches += 1);
  for (let turns = 0; turns < 3; turns += 1) await nextTurn();
  remove((entry) => entry.seenSearch < since);
}

/** A caller that lives all the same finds its turn unanswered, and asks again. */
function remove(isCancelled: (entry: Entry) => boolean): void {
  for (const entry of queue) entry.isDone ||= isCancelled(entry);
  queue = queue.filter((entry) => !entry.isDone);
}

/**
 * Waits for a turn of the event loop in which no other caller has computed: one batch a turn, so that a request without
 * password work waits for one at most. A request that waits for its store is let through before the next batch, if the store is
 * quick: it would wait for a second batch otherwise. On Workers the timer belongs to the waiting request.
 *
 * @param isDone Called when the caller is awake.
 * @param patience How many turns it lets others compute.
 * @returns `false` as soon as the work is done by another caller.
 */
export async function ownTurn(isDone = (): boolean => false, patience = Infinity): Promise<boolean> {
  for (let turns = 0, holds = 0; ; turns += 1) {
    const before = batches;
    await (holds > 0 ? pause(HOLD_MILLISECONDS) : nextTurn());
    if (isDone()) return false;
    if (batches !== before && turns < patience) {
      holds = 0;
    } else if (holds < HOLDS_MAX && isAny(asking)) {
      holds += 1;
    } else {
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
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    try {
      // As a member: a bundler for that runtime warns of the name alone.
      globalThis.setImmediate(resolve);
    } catch {
      // It is missing, as in browsers, or it throws, as in Vercel's edge runtime.
      setTimeout(resolve, 0);
    }
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
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
  // Between two batches every caller was awake; one batch more, because their order is not certain.
  remove((entry) => entry.seenBatch < batches - 2);
  const entries = queue.splice(0, LANES);
  for (const entry of entries) entry.isDone = true;
  return entries.map(({ turn }) => turn).filter((turn) => turn.isCurrent);
}

function isAny(callers: Announced): boolean {
  forgetCancelled(callers);
  return callers.size > 0;
}

/** A cancelled request does not withdraw. The callers are in the order of their time. */
function forgetCancelled(callers: Announced): void {
  const oldest = Date.now() - EXPECTED_MAX;
  for (const caller of callers) {
    if (caller.since >= oldest) break;
    callers.delete(caller);
  }
}
