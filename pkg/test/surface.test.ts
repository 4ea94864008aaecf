import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as edgegate from "edgegate";
import * as d1 from "edgegate/d1";
import * as express from "edgegate/express";
import * as hono from "edgegate/hono";
import * as inline from "edgegate/inline";
import * as libsql from "edgegate/libsql";
import * as memory from "edgegate/memory";
import * as password from "edgegate/password";
import * as postgres from "edgegate/postgres";
import * as slim from "edgegate/slim";
import * as sqlite from "edgegate/sqlite";
import * as storeTest from "edgegate/store-test";
import * as token from "edgegate/token";

test("the public names are these and no others", () => {
  const names = "EdgegateError bcryptCost bindingMail consoleLog consoleMail createGate hashPassword hashPasswords issueToken stopWork storedEmail verifyPassword verifyPasswords verifyToken webhookMail";
  assert.deepEqual(Object.keys(edgegate).sort(), names.split(" "));
  assert.deepEqual(Object.keys(inline).sort(), names.split(" "));
  assert.deepEqual(Object.keys(slim).sort(), `${names} bind`.split(" ").sort());
  assert.equal(Object.keys(token).sort().join(" "), "EdgegateError issueToken verifyToken");
  assert.equal(Object.keys(password).sort().join(" "), "EdgegateError hashPassword hashPasswords stopWork verifyPassword verifyPasswords");
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

test("the names of the middleware are these", () => {
  assert.deepEqual([express, hono].map((middleware) => Object.keys(middleware).sort().join(" ")), ["gate requireUser userOf", "gate requireUser"]);
});

test("an error of one entry is an error of the others", async () => {
  const error: unknown = await password.hashPassword("").catch((error: unknown) => error);
  assert(error instanceof edgegate.EdgegateError && error instanceof token.EdgegateError && error instanceof Error);
  assert.equal(error.code, "password-empty");
  for (const other of [new Error("x"), { code: "password-empty" }, null, undefined, "x"]) {
    assert.equal(other instanceof edgegate.EdgegateError, false);
  }
});

test("require works as import does", () => {
  const required = createRequire(import.meta.url)("edgegate") as typeof edgegate;
  assert.equal(required.createGate, edgegate.createGate);
});
