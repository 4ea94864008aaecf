import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { getMigrations } from "better-auth/db/migration";
import { hashPassword as hashScrypt } from "better-auth/crypto";
import { createGate, hashPassword } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { auth } from "./better-auth.js";
import { authWith } from "./auth-js.js";

test("better-auth with bcrypt, and with its own hashes", async () => {
  const database = new DatabaseSync(":memory:");
  const own = auth(database);
  const { runMigrations } = await getMigrations(own.options);
  await runMigrations();
  const user = { name: "Ada", email: "ada@example.com", password: "correct horse" };
  await own.api.signUpEmail({ body: user });
  const stored = () => database.prepare("SELECT password FROM account").get().password;
  assert.match(stored(), /^\$2b\$12\$/);
  assert.equal((await own.api.signInEmail({ body: user })).user.email, user.email);
  await assert.rejects(own.api.signInEmail({ body: { ...user, password: "wrong horse" } }));
  database.prepare("UPDATE account SET password = ?").run(await hashScrypt(user.password));
  assert.doesNotMatch(stored(), /^\$/);
  assert.equal((await own.api.signInEmail({ body: user })).user.email, user.email);
  await assert.rejects(own.api.signInEmail({ body: { ...user, password: "wrong horse" } }));
});

test("Auth.js with Credentials", async () => {
  const password = await hashPassword("correct horse", { cost: 10 });
  const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: "10" };
  const ask = authWith(createGate(settings, memoryUsers([{ email: "ada@example.com", password }])));
  const cookies = (response) => response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
  const signIn = async (typed) => {
    const csrf = await ask(new Request("http://localhost/auth/csrf"));
    const { csrfToken } = await csrf.json();
    const body = new URLSearchParams({ csrfToken, username: "ada@example.com", password: typed });
    return ask(new Request("http://localhost/auth/callback/credentials", { method: "POST", body, headers: { cookie: cookies(csrf) } }));
  };
  const session = await ask(new Request("http://localhost/auth/session", { headers: { cookie: cookies(await signIn("correct horse")) } }));
  assert.equal((await session.json()).user.email, "ada@example.com");
  assert.match((await signIn("wrong horse")).headers.get("location"), /error=CredentialsSignin/);
});
