// Claims and lifetimes: of a call, and of all logins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, hashPassword, issueToken, verifyToken, type Claims, type LogEntry, type User } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { SECRET_KEY } from "./users.ts";

const settings = { SECRET_KEY, BCRYPT_COST: 10, REFRESH_TOKEN_EXPIRE_MINUTES: 60 };
const credentials = { username: "ada@example.com", password: "secret" };
const users = memoryUsers([{ id: 1, email: credentials.username, password: await hashPassword("secret", { cost: 10 }), role: "admin" } as never]);
const form = (fields: object) => new Request("http://localhost/login", { method: "POST", body: new URLSearchParams(Object.entries(fields)) });

async function claimsOf(token: string): Promise<Claims & { lifetime: number }> {
  const verdict = await verifyToken(token, settings);
  assert(verdict.outcome === "accepted");
  return { ...verdict.claims, lifetime: Math.round((verdict.claims.exp ?? 0) - Date.now() / 1000) };
}

test("a call has its own claims and its own lifetime", async () => {
  const gate = createGate(settings, users);
  const issued = await claimsOf(await gate.issueToken(7, { claims: { scope: "read" }, expireMinutes: 5 }));
  assert.deepEqual([issued.scope, issued.user_id], ["read", 7]);
  assert(Math.abs(issued.lifetime - 300) < 10);
  const alone = await claimsOf(await issueToken(7, settings, { expireMinutes: 1 }));
  assert(Math.abs(alone.lifetime - 60) < 10);
  const login = await gate.login(credentials, { claims: { scope: "write" }, expireMinutes: 2 });
  assert(login.outcome === "accepted" && login.expires_in === 120);
  const { scope, lifetime } = await claimsOf(login.access_token);
  assert(scope === "write" && Math.abs(lifetime - 120) < 10);
  const usual = await gate.login(credentials);
  assert(usual.outcome === "accepted" && usual.expires_in === 1800);
  assert.equal((await claimsOf(usual.access_token)).scope, undefined);
});

test("a lifetime has the limits of the setting, and a claim of the gate's own cannot be replaced", async () => {
  const gate = createGate(settings, users);
  for (const expireMinutes of [0, -1, 1.5, NaN, Infinity, 1e9]) {
    await assert.rejects(gate.issueToken(7, { expireMinutes }), { code: "setting", message: /^ACCESS_TOKEN_EXPIRE_MINUTES is not a whole number from 1 to/ });
    await assert.rejects(gate.login(credentials, { expireMinutes }), { code: "setting" });
  }
  for (const name of ["exp", "iat", "iss", "aud", "nbf", "user_id", "token_version"]) {
    await assert.rejects(gate.issueToken(7, { claims: { [name]: 1 } }), { code: `claim:${name}` });
    await assert.rejects(gate.login(credentials, { claims: { [name]: 1 } }), { code: `claim:${name}`, message: new RegExp(name) });
  }
  await assert.rejects(gate.login(credentials, { claims: [1] }), TypeError);
  await assert.rejects(gate.login(credentials, { claims: 1n as never }), TypeError);
  await assert.rejects(gate.login(credentials, { expireMinutes: "5" as never }), TypeError);
});

test("options that do not exist are errors", async () => {
  const gate = createGate(settings, users);
  const unknown = /has no member "lifetime": they are claims, expireMinutes(, address, waitUntil)?$/;
  await assert.rejects(gate.issueToken(7, { lifetime: 5 } as never), unknown);
  await assert.rejects(gate.login(credentials, { lifetime: 5 } as never), unknown);
  assert.throws(() => createGate(settings, users, { logs: () => {} } as never), /has no member "logs": they are log, claims, limiters, onEvent, schemes, sendMail$/);
  assert.throws(() => createGate(settings, users, (() => {}) as never), TypeError);
});

test("`claims` adds claims of the user's row at login and at refresh, over HTTP and without it", async () => {
  const seen: User[] = [];
  const gate = createGate(settings, users, {
    claims: async (user) => {
      seen.push(user);
      return { role: user.role, from: "hook" };
    },
  });
  const answer = (await (await gate.fetch(form(credentials))).json()) as { access_token: string; refresh_token: string };
  assert.equal((await claimsOf(answer.access_token)).role, "admin");
  const refreshed = (await (await gate.fetch(form({ grant_type: "refresh_token", refresh_token: answer.refresh_token }))).json()) as typeof answer;
  assert.equal((await claimsOf(refreshed.access_token)).role, "admin");
  const login = await gate.login(credentials, { claims: { from: "call" } });
  assert(login.outcome === "accepted");
  const { role, from } = await claimsOf(login.access_token);
  assert.deepEqual([role, from], ["admin", "call"]);
  const again = await gate.refresh(refreshed.refresh_token);
  assert(again.outcome === "accepted");
  assert.equal((await claimsOf(again.access_token)).role, "admin");
  assert.equal(seen.length, 4);
  for (const user of seen) assert.deepEqual(Object.keys(user).sort(), ["created_at", "email", "id", "role"]);
  const wrong = await gate.login({ ...credentials, password: "wrong" });
  assert(wrong.outcome === "refused" && seen.length === 4);
});

test("claims that fail are 500, logged, and touch no other request", async () => {
  const log: LogEntry[] = [];
  const results = [
    () => Promise.reject(new Error("the role service is down")),
    () => {
      throw new Error("the role service is down");
    },
    () => undefined as never,
    () => "admin" as never,
    () => ({ exp: 1 }),
    () => ({ toJSON: () => 1 }),
    () => ({ role: 1n }),
    (user: User) => ({ role: user.role }),
  ];
  let at = 0;
  const gate = createGate(settings, users, { log: (entry) => log.push(entry), claims: () => (results[at++] as () => object)() });
  const answers = [];
  for (let login = 0; login < results.length - 1; login += 1) {
    const { status, headers } = await gate.fetch(form(credentials));
    answers.push([status, headers.get("cache-control")]);
  }
  assert.deepEqual(answers, results.slice(1).map(() => [500, "no-store"]));
  assert.equal(log.length, results.length - 1);
  assert.match(String(log[0]?.error), /the role service is down/);
  assert.equal(log[4]?.reason, "unsigned:claim:exp");
  at = 0;
  await assert.rejects(gate.login(credentials), /the role service is down/);
  at = 4;
  await assert.rejects(gate.login(credentials), { code: "claim:exp" });
});
