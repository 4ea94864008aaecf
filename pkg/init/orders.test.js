// The guarded route of src/worker.ts.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createTestHarness } from "wrangler";

const secrets = { SECRET_KEY: randomBytes(32).toString("hex"), REGISTRATION: "open", BCRYPT_COST: "10" };
const server = createTestHarness({ root: join(import.meta.dirname, ".."), workers: [{ configPath: "wrangler.jsonc", secrets }] });

before(async () => {
  await server.listen();
  await server.getWorker().applyD1Migrations("DB");
});
after(() => server.close());

test("who is logged in gets the orders, and nobody else", async () => {
  const user = { email: "ada@example.com", password: "correct horse battery" };
  const headers = { "content-type": "application/json" };
  await server.fetch("/users", { method: "POST", headers, body: JSON.stringify(user) });
  const body = new URLSearchParams({ username: user.email, password: user.password });
  const login = await server.fetch("/login", { method: "POST", body });
  const { access_token } = await login.json();

  const orders = await server.fetch("/orders", { headers: { authorization: `Bearer ${access_token}` } });
  assert.deepEqual(await orders.json(), { orders: [], of: user.email });
  assert.equal((await server.fetch("/orders")).status, 401);
});
