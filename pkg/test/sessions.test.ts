// Refresh tokens and logging out, over fetch and without it.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createGate, hashPassword, type Gate, type LogEntry, type LoginVerdict, type UserStore } from "edgegate";
import { decodeJwt } from "jose";
import { jwkSet, pair, refused } from "./keys.ts";
import { memoryStore } from "./sessions.ts";
import { memoryUsers, SECRET_KEY } from "./users.ts";

/** A time in 2023, in seconds since 1970; the clock advances only where a test sets it. */
const NOW = 1_700_000_000;
const GRACE = 30;
const settings = { SECRET_KEY, BCRYPT_COST: 10, REVOCATION: "on", REFRESH_TOKEN_EXPIRE_MINUTES: 60 };
const password = "correct horse";
const hash = await hashPassword(password, { cost: 10 });
const alice = { email: "alice@example.com", password: hash };
const invalidGrant = '{"error":"invalid_grant","detail":"Invalid refresh token"}';

mock.timers.enable({ apis: ["Date"] });
const at = (seconds: number): void => mock.timers.setTime(seconds * 1000);

async function begin(more = {}) {
  at(NOW);
  const { users, sessions, store } = memoryStore();
  const log: LogEntry[] = [];
  const gate = createGate({ ...settings, ...more }, store, (entry) => log.push(entry));
  await store.insertUser(alice);
  return { gate, users, sessions, log };
}

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

const post = (gate: Gate, fields: Record<string, string>) =>
  gate.fetch(new Request("http://localhost/login", { method: "POST", body: new URLSearchParams(fields) }));
const logIn = async (gate: Gate) => (await (await post(gate, { username: alice.email, password })).json()) as Tokens;
const useToken = (gate: Gate, refresh_token: string) => post(gate, { grant_type: "refresh_token", refresh_token });
const request = (path: string, token: string, method = "GET") =>
  new Request(`http://localhost${path}`, { method, headers: { authorization: `Bearer ${token}` } });
const statusOfMe = async (gate: Gate, token: string) => (await gate.fetch(request("/me", token))).status;

function accepted(verdict: LoginVerdict): Tokens {
  assert(verdict.outcome === "accepted" && verdict.refresh_token && verdict.expires_in);
  return verdict as Tokens & { outcome: "accepted" };
}

test("each use of a refresh token gives the next, over fetch and without it", async () => {
  const { gate, sessions } = await begin();
  const first = await logIn(gate);
  assert.equal(first.expires_in, 1800);
  at(NOW + 100);
  const answer = await useToken(gate, first.refresh_token);
  assert.deepEqual([answer.status, answer.headers.get("cache-control")], [200, "no-store"]);
  const second = (await answer.json()) as Tokens;
  assert.deepEqual(Object.keys(second), ["access_token", "token_type", "expires_in", "refresh_token"]);
  const third = accepted(await gate.refresh(second.refresh_token));
  assert.equal(new Set([first, second, third].map(({ refresh_token }) => refresh_token)).size, 3);
  assert.deepEqual(decodeJwt(third.access_token), { user_id: 1, exp: NOW + 1900, iat: NOW + 100 });
  assert.equal(await statusOfMe(gate, third.access_token), 200);
  assert.equal(sessions.size, 1);
});

test("a login without HTTP begins a session too", async () => {
  const { gate } = await begin();
  const { refresh_token } = accepted(await gate.login({ username: alice.email, password }));
  accepted(await gate.refresh(refresh_token));
});

test("the store gets hashes and no tokens", async () => {
  const { gate, sessions } = await begin();
  const first = await logIn(gate);
  const second = (await (await useToken(gate, first.refresh_token)).json()) as Tokens;
  const stored = JSON.stringify([...sessions]);
  for (const { refresh_token } of [first, second]) {
    const [family = "", secret = ""] = refresh_token.split(".");
    assert(stored.includes(family) && !stored.includes(secret));
  }
});

test("within the grace, the same use gives the same next token", async () => {
  const { gate } = await begin();
  const { refresh_token } = await logIn(gate);
  const all = await Promise.all(Array.from({ length: 8 }, () => gate.refresh(refresh_token)));
  const [next, ...others] = new Set(all.map((verdict) => accepted(verdict).refresh_token));
  assert(next && others.length === 0);
  at(NOW + GRACE - 1);
  assert.equal(accepted(await gate.refresh(refresh_token)).refresh_token, next);
  accepted(await gate.refresh(next));
});

test("a token used again after the grace ends the session", async () => {
  const { gate, sessions } = await begin();
  const { refresh_token } = await logIn(gate);
  const next = accepted(await gate.refresh(refresh_token)).refresh_token;
  at(NOW + GRACE);
  const answer = await useToken(gate, refresh_token);
  assert.deepEqual([answer.status, await answer.text()], [400, invalidGrant]);
  assert.equal(sessions.size, 0);
  assert.deepEqual(await gate.refresh(next), refused("refresh-token"));
});

test("a token two rotations old ends the session at once, and no other one", async () => {
  const { gate, sessions } = await begin();
  const [stolen, other] = [(await logIn(gate)).refresh_token, (await logIn(gate)).refresh_token];
  const second = accepted(await gate.refresh(stolen)).refresh_token;
  const third = accepted(await gate.refresh(second)).refresh_token;
  assert.deepEqual(await gate.refresh(stolen), refused("refresh-token"));
  assert.deepEqual(await gate.refresh(third), refused("refresh-token"));
  assert.equal(sessions.size, 1);
  accepted(await gate.refresh(other));
});

test("an unused session ends after REFRESH_TOKEN_EXPIRE_MINUTES, and each use extends it", async () => {
  const { gate } = await begin();
  let { refresh_token } = await logIn(gate);
  for (const now of [NOW + 3599, NOW + 7198]) {
    at(now);
    ({ refresh_token } = accepted(await gate.refresh(refresh_token)));
  }
  at(NOW + 7198 + 3600);
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token"));
});

test("a value that cannot be a refresh token is refused without asking the store", async () => {
  const asked = { ...memoryUsers(), get sessions(): never { throw new Error("the store was asked"); } };
  const gate = createGate(settings, asked);
  for (const token of ["", ".", "x", "a.b", `${"A".repeat(22)}.${"A".repeat(42)}`, `${"A".repeat(22)}.${"A".repeat(43)}.`]) {
    assert.deepEqual(await gate.refresh(token), refused("refresh-token"), token);
  }
});

test("rotating keys does not affect a session", async () => {
  const [old, young] = [await pair("EdDSA", "old"), await pair("EdDSA", "young")];
  const { store, sessions } = memoryStore();
  await store.insertUser(alice);
  const before = createGate({ ...settings, JWT_KEYS: jwkSet(old.privateJwk) }, store);
  const after = createGate({ ...settings, JWT_KEYS: jwkSet(young.privateJwk, old.publicJwk) }, store);
  const { refresh_token } = await logIn(before);
  const second = accepted(await after.refresh(refresh_token)).refresh_token;
  accepted(await after.refresh(second));
  assert.equal(sessions.size, 1);
});

test("a logout ends all tokens and sessions of its user, and of no other user", async () => {
  const { gate, users, sessions } = await begin();
  users.push({ id: 2, ...alice, email: "bob@example.com", created_at: "", tokens_valid_after: null });
  const [phone, laptop] = [await logIn(gate), await logIn(gate)];
  const bob = accepted(await gate.login({ username: "bob@example.com", password }));
  const answer = await gate.fetch(request("/logout", phone.access_token, "POST"));
  assert.deepEqual([answer.status, await answer.text(), answer.headers.get("cache-control")], [204, "", "no-store"]);
  for (const { access_token, refresh_token } of [phone, laptop]) {
    assert.equal(await statusOfMe(gate, access_token), 401);
    assert.deepEqual(await gate.currentUser(`Bearer ${access_token}`), refused("revoked"));
    assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token"));
    assert.deepEqual(await gate.logOut(`Bearer ${access_token}`), refused("revoked"));
  }
  assert.equal(await statusOfMe(gate, bob.access_token), 200);
  assert.equal(sessions.size, 1);
  assert.equal(await statusOfMe(gate, (await logIn(gate)).access_token), 200);
});

test("after logging out, in and out within one second no token is valid", async () => {
  const { gate } = await begin();
  for (let time = 0; time < 3; time += 1) {
    const { access_token } = await logIn(gate);
    assert.equal(await statusOfMe(gate, access_token), 200);
    assert.deepEqual(await gate.logOut(request("/me", access_token)), { outcome: "accepted" });
    assert.equal(await statusOfMe(gate, access_token), 401);
  }
});

test("without its setting there is no logout and no refresh", async () => {
  const { gate } = await begin({ REVOCATION: "off", REFRESH_TOKEN_EXPIRE_MINUTES: undefined });
  const answer = await post(gate, { username: alice.email, password });
  const { access_token, ...rest } = (await answer.json()) as Tokens;
  assert.deepEqual(rest, { token_type: "bearer" });
  assert.equal((await gate.fetch(request("/logout", access_token, "POST"))).status, 404);
  assert.deepEqual(await gate.logOut(`Bearer ${access_token}`), refused("unknown-path"));
  const fastApis = await useToken(gate, "x");
  assert.equal(fastApis.status, 422);
  assert.deepEqual(await gate.refresh(`${"A".repeat(22)}.${"A".repeat(43)}`), refused("refresh-token"));
});

test("a store without a method that a setting needs is 503, and the log names the method once", async () => {
  const log: LogEntry[] = [];
  const gate = createGate(settings, memoryUsers([{ id: 1, ...alice, created_at: "", tokens_valid_after: null }]), (entry) => log.push(entry));
  const token = await gate.issueToken(1);
  const lacking: [string, string, () => Promise<Response>][] = [
    ["sessions", "REFRESH_TOKEN_EXPIRE_MINUTES", () => post(gate, { username: alice.email, password })],
    ["sessions", "REFRESH_TOKEN_EXPIRE_MINUTES", () => useToken(gate, `${"A".repeat(22)}.${"A".repeat(43)}`)],
    ["revokeTokens", "REVOCATION", () => gate.fetch(request("/logout", token, "POST"))],
  ];
  for (const [method, setting, send] of lacking) {
    log.length = 0;
    const answer = await send();
    assert.deepEqual([answer.status, await answer.text()], [503, '{"detail":"Service Unavailable"}']);
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
    const says = log.filter(({ error }) => String(error).includes(`\`${method}\``) && String(error).includes(setting));
    assert.equal(says.length, 1, JSON.stringify(log.map(({ reason, error }) => [reason, String(error)])));
  }
});

test("a failed store is 503 for a refresh, and the session continues afterwards", async () => {
  const { store } = memoryStore();
  await store.insertUser(alice);
  let fails = false;
  const sessions = { ...store.sessions, rotate: (...args) => (fails ? Promise.reject(new Error("the disk is full")) : store.sessions!.rotate(...args)) } as UserStore["sessions"] & {};
  const gate = createGate(settings, { ...store, sessions }, () => {});
  const { refresh_token } = await logIn(gate);
  fails = true;
  assert.equal((await useToken(gate, refresh_token)).status, 503);
  await assert.rejects(gate.refresh(refresh_token), /the disk is full/);
  fails = false;
  accepted(await gate.refresh(refresh_token));
});

test("the log says what happened, and no part of a token", async () => {
  const { gate, log } = await begin();
  const first = await logIn(gate);
  const second = (await (await useToken(gate, first.refresh_token)).json()) as Tokens;
  const third = (await (await useToken(gate, second.refresh_token)).json()) as Tokens;
  await useToken(gate, first.refresh_token);
  await useToken(gate, third.refresh_token);
  await gate.fetch(request("/logout", third.access_token, "POST"));
  await gate.fetch(request("/me", third.access_token));
  assert.deepEqual(log.map(({ reason, status }) => [reason, status]), [["refresh-token", 400], ["refresh-token", 400], ["revoked", 401]]);
  const written = JSON.stringify(log);
  for (const { access_token, refresh_token } of [first, second, third]) {
    for (const part of [...access_token.split("."), ...refresh_token.split(".")]) assert(!written.includes(part), written);
  }
});
