// The line is compared with what the console gets for the same login.

import assert from "node:assert/strict";
import { mock } from "node:test";
import { createGate, hashPassword } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { block, SECRET_KEY } from "../../tests/documents/support/run.mts";

const shown = JSON.parse(block(blocks, 0, "json").code) as Record<string, unknown>;
const users = memoryUsers([{ id: 7, email: "ada@example.com", password: await hashPassword("secret", { cost: 12 }) }]);
const gate = createGate({ SECRET_KEY, ACCESS_LOG: "on" }, users);
const body = new URLSearchParams({ username: "ada@example.com", password: "wrong" });
const info = mock.method(console, "info", () => {});
await gate.fetch(new Request("http://localhost/login", { method: "POST", body }), { requestId: "8f2a...", address: "192.0.2.1" });
const lines = info.mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as Record<string, unknown>);
info.mock.restore();
const [written, ...others] = lines;
assert(written && others.length === 0);
assert.deepEqual(Object.keys(shown), Object.keys(written));
for (const [name, value] of Object.entries(written)) {
  if (["account", "client"].includes(name)) for (const one of [value, shown[name]]) assert.match(String(one), /^[\w-]{22}$/, name);
  else if (name === "store_ms") for (const one of [value, shown[name]]) assert.equal(typeof one, "number");
  else assert.equal(shown[name], value, name);
}
