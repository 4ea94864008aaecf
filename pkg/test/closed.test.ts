// Clients that close their request before its body has arrived.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { LogEntry } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

// Older runtimes have none, and a request that a platform has cancelled never wakes again.
const Registry = FinalizationRegistry;
delete (globalThis as { FinalizationRegistry?: unknown }).FinalizationRegistry;
const memories: WebAssembly.Memory[] = [];
const instantiate = WebAssembly.Instance;
WebAssembly.Instance = new Proxy(instantiate, {
  construct(target, args: [WebAssembly.Module, WebAssembly.Imports]) {
    const instance = new target(...args);
    memories.push(instance.exports.memory as WebAssembly.Memory);
    return instance;
  },
});
const { createGate } = await import("edgegate");
[globalThis.FinalizationRegistry, WebAssembly.Instance] = [Registry, instantiate];

const settings = { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open", REFRESH_TOKEN_EXPIRE_MINUTES: 60 };
const FORM = "application/x-www-form-urlencoded";

function upload(path: string, body: ReadableStream, signal?: AbortSignal): Request {
  const init = { method: "POST", body, duplex: "half", headers: { "content-type": FORM }, signal };
  return new Request(`http://localhost${path}`, init as RequestInit);
}

/** A body that begins and does not end. */
function endless(start: (stream: ReadableStreamDefaultController) => void = () => {}): ReadableStream {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode("username=a&"));
      start(stream);
    },
  });
}

test("an upload that the client aborts is no error of the service", async () => {
  const log: LogEntry[] = [];
  const gate = createGate(settings, memoryUsers(), { log: (entry) => log.push(entry) });
  const paths = ["/login", "/users", "/revoke"];
  const isGone = new Error("aborted");
  for (const path of paths) {
    const abort = new AbortController();
    const answers = [
      gate.fetch(upload(path, endless((stream) => setTimeout(() => stream.error(isGone), 1)))),
      gate.fetch(upload(path, endless(), abort.signal)),
      gate.fetch(upload(path, endless(), AbortSignal.abort())),
    ];
    setTimeout(() => abort.abort(), 1);
    for (const answer of await Promise.all(answers)) {
      assert.deepEqual([answer.status, await answer.text()], [400, '{"detail":"There was an error parsing the body"}']);
    }
  }
  const expected = paths.flatMap((path) => Array(3).fill({ level: "info", reason: "client-closed", status: 400, path }) as LogEntry[]);
  assert.deepEqual(log, expected);
});

test("a body that yields no bytes is an error of the host", async () => {
  const log: LogEntry[] = [];
  const gate = createGate(settings, memoryUsers(), { log: (entry) => log.push(entry) });
  const body = new ReadableStream({ start: (stream) => stream.enqueue("text") });
  assert.equal((await gate.fetch(upload("/login", body))).status, 500);
  assert.deepEqual(log.map(({ level, reason }) => [level, reason]), [["error", "internal"]]);
});

test("a body that does not arrive in time is 408, and the rest of it is cancelled", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const gate = createGate({ ...settings, BODY_TIMEOUT_SECONDS: 3 }, memoryUsers(), { log: () => {} });
  let isCancelled = false;
  const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const answer = gate.fetch(upload("/login", body));
  mock.timers.tick(2999);
  assert.equal(isCancelled, false);
  mock.timers.tick(1);
  mock.timers.reset();
  assert.equal((await answer).status, 408);
  assert.equal(isCancelled, true);
});

test("requests that are cancelled while their body arrives leave nothing in wasm", async () => {
  const memory = memories.at(-1);
  assert(memory);
  mock.timers.enable({ apis: ["setTimeout"] });
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  const cancelled = () => void gate.fetch(upload("/login", endless()));
  for (let at = 0; at < 100; at += 1) cancelled();
  const before = memory.buffer.byteLength;
  // 1.6 KB for each would be 8 MB.
  for (let at = 0; at < 5000; at += 1) cancelled();
  const after = memory.buffer.byteLength;
  mock.timers.reset();
  assert.equal(after, before);
});

test("a body that was read, or was not there, leaves neither a timer nor a listener behind", async () => {
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    addEventListener: (_: "abort", listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: "abort", listener: () => void) => void listeners.delete(listener),
  };
  const headers = new Headers({ "content-type": "application/x-www-form-urlencoded" });
  for (const [body, status] of [[new Response("username=a").body, 422], [null, 422]] as const) {
    const before = timers();
    const response = await gate.fetch({ method: "POST", url: "http://localhost/login", headers, body, signal });
    assert.deepEqual([response.status, timers(), listeners.size], [status, before, 0]);
  }
});
