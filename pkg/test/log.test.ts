// The log on the console, and the class of errors.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createGate, EdgegateError, hashPassword, type UserStore } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

/** The lines that a login writes to each method of the console. */
async function lines(users: Partial<UserStore>): Promise<Record<string, Record<string, unknown>[]>> {
  const levels = ["info", "warn", "error", "log"] as const;
  const mocks = levels.map((level) => mock.method(console, level, () => {}));
  const gate = createGate({ SECRET_KEY, BCRYPT_COST: 10 }, { ...memoryUsers(), ...users });
  const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
  await gate.fetch(new Request("http://localhost/login", { method: "POST", body })).finally(() => mocks.forEach((of) => of.mock.restore()));
  const entries = levels.map((level, at) => [level, mocks[at]?.mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line))) ?? []]);
  return Object.fromEntries(entries);
}

const failing = (error: unknown): Partial<UserStore> => ({ userByEmail: () => Promise.reject(error) });

test("an entry is a line of JSON, at its level", async () => {
  const { info, ...others } = await lines({});
  assert.deepEqual(info, [{ source: "edgegate", level: "info", reason: "unknown-user", status: 403, path: "/login" }]);
  assert.deepEqual(others, { warn: [], error: [], log: [] });
});

test("an error is written with its cause, whatever was thrown", async () => {
  for (const [thrown, expected] of [
    [new Error("no database", { cause: new Error("no route") }), { error: "no database", cause: "no route" }],
    [new Error("no database", { cause: "a text" }), { error: "no database" }],
    ["a text", { error: "a text" }],
    [undefined, {}],
    [Object.create(null), { error: "a thrown object" }],
  ] as const) {
    const { error, warn } = await lines(failing(thrown));
    const [store, reply] = error ?? [];
    assert.deepEqual(store, { source: "edgegate", level: "error", reason: "store", path: "/login", ...expected });
    assert.deepEqual(reply, { source: "edgegate", level: "error", reason: "store-unavailable", status: 503, path: "/login" });
    assert.deepEqual(warn, []);
  }
});

test("an error of the package has a name and a code", async () => {
  const error = await hashPassword("").catch((error: unknown) => error);
  assert(error instanceof EdgegateError);
  assert.deepEqual([error.name, error.code], ["EdgegateError", "password-empty"]);
});

test("a path that is the app's own is not in the log", async () => {
  const entries: object[] = [];
  for (const ACCESS_LOG of ["on", "off"]) {
    const gate = createGate({ SECRET_KEY, ACCESS_LOG }, memoryUsers(), { log: (entry) => void entries.push(entry) });
    await gate.fetch(new Request("http://localhost/reset/ada@example.com/a-token"));
    await gate.requireUser(new Request("http://localhost/reset/ada@example.com/a-token"));
    await gate.fetch(new Request("http://localhost/me"));
  }
  assert.deepEqual(entries.map((entry) => ("path" in entry ? entry.path : "none")), ["none", "none", "/me", "none", "/me"]);
  assert(!JSON.stringify(entries).includes("reset"));
});
