// Signs up in a process of its own: it trusts the server's certificate, which Node reads at start.

import { createGate, type LogEntry, type Settings } from "edgegate";
import { memoryUsers } from "../users.ts";

/** What the test sends. */
export interface SigningUp {
  settings: Settings;
  password: string;
}

/** What the process answers. */
export interface SignedUp {
  status: number;
  body: string;
  /** The reasons and the errors in the log. */
  logged: string[][];
}

process.on("message", async ({ settings, password }: SigningUp) => {
  const entries: LogEntry[] = [];
  const gate = createGate(settings, memoryUsers(), { log: (entry) => void entries.push(entry) });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: "ada@example.com", password }) };
  const response = await gate.fetch(new Request("http://localhost/users", init));
  const logged = entries.map(({ reason, error }) => [reason, error === undefined ? "" : String(error)]);
  process.send?.({ status: response.status, body: await response.text(), logged } satisfies SignedUp);
});
