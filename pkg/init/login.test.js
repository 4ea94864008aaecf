// Runs the Worker in workerd, with a database of its own, and asks it over HTTP.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createTestHarness } from "wrangler";

// These are stronger than `.dev.vars` and wrangler.jsonc.
const secrets = { SECRET_KEY: randomBytes(32).toString("hex"), REGISTRATION: "open", BCRYPT_COST: "10" };
const server = createTestHarness({ root: join(import.meta.dirname, ".."), workers: [{ configPath: "wrangler.jsonc", secrets }] });

before(async () => {
  await server.listen();
  await server.getWorker().applyD1Migrations("DB");
});
after(() => server.close());

const user = { email: "ada@example.com", password: "correct horse battery" };

function logIn(password) {
  return server.fetch("/login", { method: "POST", body: new URLSearchParams({ username: user.email, password }) });
}

test("sign up, log in, and who am I", async () => {
  const headers = { "content-type": "application/json" };
  const signUp = await server.fetch("/users", { method: "POST", headers, body: JSON.stringify(user) });
  assert.equal(signUp.status, 201, await signUp.text());

  const login = await logIn(user.password);
  assert.equal(login.status, 200);
  const { access_token } = await login.json();

  const me = await server.fetch("/me", { headers: { authorization: `Bearer ${access_token}` } });
  assert.equal((await me.json()).email, user.email);
});

test("a wrong password and a missing token are refused", async () => {
  assert.equal((await logIn("another password")).status, 403);
  assert.equal((await server.fetch("/me")).status, 401);
});

test("the page is there", async () => {
  const page = await server.fetch("/");
  assert.match(await page.text(), /<main id="main"/);
});
