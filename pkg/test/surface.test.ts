import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as edgegate from "edgegate";
import * as d1 from "edgegate/d1";
import * as libsql from "edgegate/libsql";
import * as memory from "edgegate/memory";
import * as postgres from "edgegate/postgres";
import * as sqlite from "edgegate/sqlite";
import * as storeTest from "edgegate/store-test";

test("the public names are these and no others", () => {
  const names = "EdgegateError createGate hashPassword hashPasswords issueToken stopWork verifyPassword verifyPasswords verifyToken";
  assert.deepEqual(Object.keys(edgegate).sort(), names.split(" "));
  const stores = [d1, libsql, memory, postgres, sqlite, storeTest].map((store) => Object.keys(store).sort().join(" "));
  assert.deepEqual(stores, [
    "d1Users sqliteSchema",
    "libsqlUsers sqliteSchema",
    "memoryUsers",
    "postgresSchema postgresUsers",
    "sqliteSchema sqliteUsers",
    "storeChecks",
  ]);
});

test("require works as import does", () => {
  const required = createRequire(import.meta.url)("edgegate") as typeof edgegate;
  assert.equal(required.createGate, edgegate.createGate);
});
