// The routes of the gate, and the user of every other request in `locals`.

import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";

let gate;

export async function handle({ event, resolve }) {
  // A real app has its users in D1: `d1Users(event.platform.env.DB)`.
  gate ??= createGate(event.platform.env, memoryUsers());
  const answer = await gate.fetch(event.request, { fallThrough: true });
  if (answer) return answer;
  event.locals.gate = gate;
  return resolve(event);
}
