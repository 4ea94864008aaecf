// Wrong values from outside, while logins are in flight that must succeed.

import assert from "node:assert/strict";
import { createGate } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

export const settings = { SECRET_KEY, BCRYPT_COST: 10 };

/** `secret` at bcrypt's least cost: these tests log in some thousand times. */
export const HASH = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

export const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error("a getter throws");
    },
    ownKeys() {
      throw new Error("a proxy throws");
    },
  },
);

/** Calls with a wrong argument while three logins are in flight. The logins must succeed. */
export async function duringLogins(name: string, call: () => Promise<unknown>): Promise<unknown> {
  const users = memoryUsers();
  await users.insertUser({ email: "a@example.com", password: HASH });
  const gate = createGate(settings, users);
  const logins = [0, 1, 2].map(() => gate.login({ username: "a@example.com", password: "secret" }));
  const requests = [0].map(() => {
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    return gate.fetch(new Request("http://localhost/login", { method: "POST", body }));
  });
  const result = await call().catch((error: unknown) => error);
  for (const login of await Promise.all(logins)) assert.equal(login.outcome, "accepted", name);
  for (const response of await Promise.all(requests)) assert.equal(response.status, 200, name);
  return result;
}
