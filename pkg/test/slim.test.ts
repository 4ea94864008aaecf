import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bind, createGate, stopWork, verifyPassword } from "edgegate/slim";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const wasm = (name: string) => readFileSync(new URL(`../wasm/${name}_bg.wasm`, import.meta.url));
const HASH = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/** A module that exports `gate_handle` and imports a function that the glue does not have, as one of another version may. */
const OTHER_VERSION = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0, 7, 15, 1, 11],
  ...Buffer.from("gate_handle"),
  ...[0, 0],
]);

test("before `bind`, and after a `bind` that failed, calls say so; a second `bind` does nothing", async () => {
  const unbound = { message: "edgegate: `bind` was not called with the wasm module" };
  for (const [value, error] of [
    [undefined, TypeError],
    ["bytes", TypeError],
    [{ [Symbol.toStringTag]: "WebAssembly.Module" }, TypeError],
    [new Uint8Array(8), WebAssembly.CompileError],
    [new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])), TypeError],
    [wasm("password"), TypeError],
    [OTHER_VERSION, WebAssembly.LinkError],
  ] as const) {
    assert.throws(() => bind(value as object), error);
    await assert.rejects(verifyPassword("U*U", HASH), unbound);
    assert.throws(() => createGate({ SECRET_KEY }, memoryUsers()), unbound);
  }
  bind(new WebAssembly.Module(wasm("edgegate")));
  assert.equal(await verifyPassword("U*U", HASH), true);
  const gate = createGate({ SECRET_KEY }, memoryUsers());
  const token = await gate.issueToken(1);
  bind(wasm("edgegate").buffer);
  assert.equal((await gate.verifyToken(token)).outcome, "accepted");
  stopWork();
  bind(wasm("edgegate"));
  await assert.rejects(verifyPassword("U*U", HASH), { code: "busy" });
  stopWork(false);
});
