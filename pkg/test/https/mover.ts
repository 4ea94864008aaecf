// A gate in a process of its own: it trusts the certificate of the other backend, which Node reads at start.

import { createGate, type LogEntry, type Settings } from "edgegate";
import { memoryUsers, type MemoryUser } from "edgegate/memory";
import { schemes } from "edgegate/schemes";

/** What the test sends: a request to a gate with these settings and users. */
export interface Moving {
  /** Gates of the same name are one. */
  name: string;
  settings: Settings;
  users: MemoryUser[];
  request: { method: string; path: string; headers: [string, string][]; body?: string };
  address?: string;
}

/** What the process answers. */
export interface Moved {
  status: number;
  headers: [string, string][];
  body: string;
  log: Record<string, unknown>[];
  /** The users afterwards, by address. */
  user: unknown;
}

const gates = new Map<string, ReturnType<typeof open>>();

function open(settings: Settings, users: MemoryUser[]) {
  const entries: LogEntry[] = [];
  const store = memoryUsers(users);
  return { entries, store, gate: createGate(settings, store, { schemes, log: (entry) => void entries.push(entry) }) };
}

process.on("message", async ({ name, settings, users, request: { method, path, headers, body }, address }: Moving) => {
  const opened = gates.get(name) ?? open(settings, users);
  gates.set(name, opened);
  const { gate, store, entries } = opened;
  const works: Promise<unknown>[] = [];
  // As a server gives it.
  const length: [string, string][] = body === undefined ? [] : [["content-length", String(Buffer.byteLength(body))]];
  const request = new Request(`http://edge.example${path}`, { method, headers: [...headers, ...length], ...(body === undefined ? {} : { body }) });
  const response = await gate.fetch(request, { address, waitUntil: (promise) => void works.push(promise) });
  const text = await response.text();
  await Promise.all(works);
  const log = entries.splice(0).map(({ error, ...entry }) => ({ ...entry, ...(error === undefined ? {} : { error: String(error) }) }));
  const user = await store.userByEmail("ada@example.com", { tokenVersion: false });
  process.send?.({ status: response.status, headers: [...response.headers], body: text, log, user } satisfies Moved);
});
