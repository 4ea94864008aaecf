// Signs up, logs in and asks the routes of a server.

import assert from "node:assert/strict";

export async function useServer(base, { prefix = "", orders = "/orders" } = {}) {
  const user = { email: `ada${Date.now()}@example.com`, password: "correct horse" };
  const headers = { "content-type": "application/json" };
  const created = await fetch(`${base}${prefix}/users`, { method: "POST", headers, body: JSON.stringify(user) });
  assert.equal(created.status, 201, await created.text());
  const body = new URLSearchParams({ username: user.email, password: user.password });
  const login = await fetch(`${base}${prefix}/login`, { method: "POST", body });
  assert.equal(login.status, 200);
  const authorization = `Bearer ${(await login.json()).access_token}`;
  const wrong = await fetch(`${base}${prefix}/login`, { method: "POST", body: new URLSearchParams({ username: user.email, password: "x" }) });
  assert.deepEqual([wrong.status, await wrong.text()], [403, '{"detail":"Invalid Credentials"}']);
  const me = await fetch(`${base}${prefix}/me`, { headers: { authorization } });
  assert.equal((await me.json()).email, user.email);
  if (orders === "") return;
  const guarded = await fetch(base + orders, { headers: { authorization } });
  assert.deepEqual(await guarded.json(), { of: user.email });
  const refused = await fetch(base + orders);
  assert.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, "Bearer"]);
}
