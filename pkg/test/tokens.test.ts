import assert from "node:assert/strict";
import { test } from "node:test";
import { EdgegateError, issueToken, verifyToken } from "edgegate";
import { SECRET_KEY } from "./users.ts";

test("an issued token is accepted with its claims", async () => {
  const settings = { SECRET_KEY, ACCESS_TOKEN_EXPIRE_MINUTES: 5 };
  const now = Math.floor(Date.now() / 1000);
  const verdict = await verifyToken(await issueToken(7, settings), settings);
  assert(verdict.outcome === "accepted");
  assert.equal(verdict.claims.user_id, 7);
  assert(Math.abs(Number(verdict.claims.exp) - now - 300) <= 2);
});

test("a refused token has a reason and does not throw", async () => {
  const settings = { SECRET_KEY };
  const token = await issueToken(7, settings);
  const refused = (reason: string) => ({ outcome: "refused", reason });
  assert.deepEqual(await verifyToken(token, { SECRET_KEY: `${SECRET_KEY}!` }), refused("signature"));
  assert.deepEqual(await verifyToken("", settings), refused("malformed"));
  assert.deepEqual(await verifyToken(`${token}=`, settings), refused("malformed"));
  assert.deepEqual(await verifyToken("x".repeat(9000), settings), refused("token-too-long"));
});

test("a wrong setting is an error that names it and not its value", async () => {
  const named = (setting: string) => (error: unknown) =>
    error instanceof EdgegateError && error.code === "setting" && error.message.startsWith(setting) && !error.message.includes("hunter2");
  await assert.rejects(issueToken(7, {}), named("SECRET_KEY"));
  await assert.rejects(issueToken(7, { SECRET_KEY: "hunter2" }), named("SECRET_KEY"));
  await assert.rejects(verifyToken("x", { SECRET_KEY, ALGORITHM: "hunter2" }), named("ALGORITHM"));
  await assert.rejects(verifyToken("x", { SECRET_KEY, BCRYPT_COST: 9 }), named("BCRYPT_COST"));
});

test("a user id is an integer that every JSON parser represents exactly", async () => {
  for (const id of [1.5, Number.NaN, Infinity, 2 ** 53]) {
    await assert.rejects(issueToken(id, { SECRET_KEY }), EdgegateError, String(id));
  }
});
