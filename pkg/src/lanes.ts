// bcrypt is worked out here, that of callers in flight together side by side: three hashes take little more time than one.
//
// No promise crosses callers, for Workers forbid it to cross requests. Each caller puts its turn into the queue and sleeps on
// a timer of its own; whoever wakes first works for those who have waited longest, and they find their answers there. A
// caller that is gone harms nobody: what it left in the queue is worked out by the next.

import type { Turn } from "../wasm/edgegate.js";
import { glue } from "./glue.js";
import { Handle } from "./instance.js";

/** Hashes of different callers worked out side by side: a fourth would add more to each one's wait than it saves. */
const LANES = 3;

/** Turns that may wait. Beyond, a caller is told to come back later, rather than to wait for seconds. */
const QUEUE_MAX = 64;

/** How long somebody counts as on the way, in milliseconds: a request that is cut off never arrives and never says so. */
const ON_THE_WAY_MAX = 1000;

interface Place {
  turn: Handle<Turn>;
  lanes: number;
  isDone: boolean;
}

const queue: Place[] = [];
const underWay = new Set<{ since: number }>();

/** Says that the caller may want work done soon; to be taken back by what is returned. */
export function onTheWay(): () => void {
  const caller = { since: Date.now() };
  underWay.add(caller);
  return () => void underWay.delete(caller);
}

/** Answers a turn's question for work, which takes so many lanes. */
export async function work(turn: Handle<Turn>, lanes: number): Promise<void> {
  if (queue.length >= QUEUE_MAX) return turn.call((turn) => turn.answerBusy());
  const place: Place = { turn, lanes, isDone: false };
  queue.push(place);
  if (queue.length > 1 || somebodyIsOnTheWay()) await tick();
  while (!place.isDone) {
    workTogether(takeTheFirst());
    if (!place.isDone) await tick();
  }
}

/** Answers all these turns' questions for work, side by side. */
export function workTogether(turns: Handle<Turn>[]): void {
  const batch = new Handle(() => new glue.Batch());
  try {
    for (const turn of turns) turn.call((turn) => batch.call((batch) => batch.add(turn)));
    batch.call((batch) => batch.run());
    for (const turn of turns) turn.call((turn) => batch.call((batch) => batch.give(turn)));
  } finally {
    batch.free();
  }
}

/** A moment for everybody else; on Workers it belongs to the request that waits. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Those who have waited longest, as many as there are lanes. A turn that died with its instance has nothing to get. */
function takeTheFirst(): Handle<Turn>[] {
  const turns: Handle<Turn>[] = [];
  let free = LANES;
  for (let place = queue[0]; place && place.lanes <= free; place = queue[0]) {
    queue.shift();
    place.isDone = true;
    if (!place.turn.isAlive) continue;
    turns.push(place.turn);
    free -= place.lanes;
  }
  return turns;
}

function somebodyIsOnTheWay(): boolean {
  const oldest = Date.now() - ON_THE_WAY_MAX;
  for (const caller of underWay) if (caller.since < oldest) underWay.delete(caller);
  return underWay.size > 0;
}
