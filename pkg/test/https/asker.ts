// Verifies tokens in a process of its own: it trusts the server's certificate, which Node reads at start, and has a
// simulated clock.

import { createGate, type Settings } from "edgegate";
import { memoryUsers } from "../users.ts";

/** What the test sends. */
export interface Asked {
  settings: Settings;
  token: string;
  /** What the clock says, in seconds since 1970. */
  at: number;
}

const gates = new Map<string, ReturnType<typeof createGate>>();
let now = 0;
Date.now = () => now * 1000;

process.on("message", async ({ settings, token, at }: Asked) => {
  const name = JSON.stringify(settings);
  const gate = gates.get(name) ?? createGate(settings, memoryUsers());
  gates.set(name, gate);
  now = at;
  process.send?.(await gate.verifyToken(token));
});
