import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as edgegate from "edgegate";
import * as d1 from "edgegate/d1";

test("the public names are these and no others", () => {
  const names = "EdgegateError createGate hashPassword hashPasswords issueToken stopWork verifyPassword verifyPasswords verifyToken";
  assert.deepEqual(Object.keys(edgegate).sort(), names.split(" "));
  assert.deepEqual(Object.keys(d1), ["d1Users"]);
});

test("require works as import does", () => {
  const required = createRequire(import.meta.url)("edgegate") as typeof edgegate;
  assert.equal(required.createGate, edgegate.createGate);
});
