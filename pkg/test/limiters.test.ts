// The rate limits: limiters that are given, and the counter of the process.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type Limiter, type LogEntry } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const settings = { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open", REFRESH_TOKEN_EXPIRE_MINUTES: 60 };

function login(username: string): Request {
  return new Request("http://localhost/login", { method: "POST", body: new URLSearchParams({ username, password: "secret" }) });
}

/** A limiter that allows this many requests with a key. */
function limiter(most: number): Limiter & { keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    async limit({ key }) {
      keys.push(key);
      return { success: keys.filter((other) => other === key).length <= most };
    },
  };
}

test("limiters are asked with keyed hashes, before the store and the password", async () => {
  const [client, account] = [limiter(2), limiter(1)];
  const asked: string[] = [];
  const users = { ...memoryUsers(), userByEmail: async (email: string) => (asked.push(email), null) };
  const entries: LogEntry[] = [];
  const gate = createGate(settings, users, { limiters: { client, account }, log: (entry) => entries.push(entry) });
  const from = (username: string, address: string) => gate.fetch(login(username), { address });
  assert.equal((await from("ada@example.com", "203.0.113.7")).status, 403);
  const refused = await from("ADA@example.com", "203.0.113.8");
  assert.deepEqual([refused.status, await refused.text()], [429, '{"detail":"Too Many Requests"}']);
  assert.deepEqual([refused.headers.get("retry-after"), refused.headers.get("cache-control")], ["60", "no-store"]);
  assert.equal((await from("grace@example.com", "203.0.113.7")).status, 403);
  assert.equal((await from("mary@example.com", "203.0.113.7")).status, 429);
  assert.deepEqual(asked, ["ada@example.com", "grace@example.com"]);
  assert.deepEqual(entries.map(({ reason }) => reason), ["unknown-user", "rate-limited", "unknown-user", "rate-limited"]);
  const keys = [...client.keys, ...account.keys];
  assert(keys.every((key) => /^[\w-]{22}$/.test(key)), String(keys));
  assert.equal(new Set(keys).size, 2 + 3);
});

test("without limiters the process counts, each kind for itself", async () => {
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  const statuses = async (requests: Promise<Response>[]) => (await Promise.all(requests)).map(({ status }) => status).sort();
  const many = await statuses(Array.from({ length: 12 }, () => gate.fetch(login("ada@example.com"))));
  assert.deepEqual(many, [...Array<number>(10).fill(403), 429, 429]);
  assert.equal((await gate.fetch(login("grace@example.com"))).status, 403);
  // Another gate counts for itself.
  assert.equal((await createGate(settings, memoryUsers(), { log: () => {} }).fetch(login("ada@example.com"))).status, 403);
});

test("a kind without a limiter is counted by the process", async () => {
  const client = limiter(Infinity);
  const gate = createGate(settings, memoryUsers(), { limiters: { client, account: undefined }, log: () => {} });
  const requests = Array.from({ length: 11 }, () => gate.fetch(login("ada@example.com"), { address: "::1" }));
  assert.deepEqual((await Promise.all(requests)).map(({ status }) => status).filter((status) => status === 429), [429]);
  assert.equal(client.keys.length, 11);
});

test("a key that has a limiter is not counted by the process as well", async () => {
  const [client, account] = [limiter(Infinity), limiter(Infinity)];
  const gate = createGate(settings, memoryUsers(), { limiters: { client, account }, log: () => {} });
  const body = () => new URLSearchParams({ grant_type: "refresh_token", refresh_token: "a.b.c" });
  const refresh = () => gate.fetch(new Request("http://localhost/login", { method: "POST", body: body() }), { address: "::1" });
  for (let attempt = 0; attempt < 61; attempt += 1) assert.equal((await refresh()).status, 400);
  const logins = await Promise.all(Array.from({ length: 11 }, () => gate.fetch(login("ada@example.com"))));
  assert.deepEqual(logins.map(({ status }) => status), Array<number>(11).fill(403));
  assert.deepEqual([client.keys.length, account.keys.length], [61, 11]);
});

test("a limiter that fails is logged, and the request passes", async () => {
  const entries: LogEntry[] = [];
  const broken: Limiter = { limit: async () => Promise.reject(new Error("no quota service")) };
  const gate = createGate(settings, memoryUsers(), { limiters: { account: broken }, log: (entry) => entries.push(entry) });
  assert.equal((await gate.fetch(login("ada@example.com"))).status, 403);
  const { level, reason, path, error } = entries[0] as LogEntry;
  assert.deepEqual([level, reason, path, (error as Error).message], ["error", "limiter", "/login", "no quota service"]);
  assert.deepEqual(await gate.login({ username: "ada@example.com", password: "x" }), { outcome: "refused", reason: "unknown-user" });
});

test("a login without HTTP is counted by its address", async () => {
  const client = limiter(1);
  const gate = createGate(settings, memoryUsers(), { limiters: { client }, log: () => {} });
  const attempt = (username: string, address?: string) => gate.login({ username, password: "x" }, { address });
  assert.deepEqual(await attempt("ada@example.com", "2001:db8::1"), { outcome: "refused", reason: "unknown-user" });
  assert.deepEqual(await attempt("grace@example.com", "2001:db8::2"), { outcome: "refused", reason: "rate-limited" });
  assert.deepEqual(await attempt("grace@example.com"), { outcome: "refused", reason: "unknown-user" });
  assert.equal(client.keys.length, 2);
  // An option is read once, and a value of another type does not enter wasm.
  let reads = 0;
  const changing = {
    get address() {
      return reads++ ? ({ length: 5 } as never) : "203.0.113.9";
    },
  };
  const credentials = { username: "mary@example.com", password: "x" };
  assert.deepEqual(await gate.login(credentials, changing), { outcome: "refused", reason: "unknown-user" });
  for (const address of [42, {}, [], true, Symbol("x")]) await assert.rejects(gate.login(credentials, { address: address as never }), TypeError);
});

test("a limiter that returns no boolean has failed, and the request passes", async () => {
  for (const result of [undefined, true, {}, { success: "false" }, { success: 0 }]) {
    const reasons: string[] = [];
    const limiters = { account: { limit: async () => result as never } };
    const gate = createGate(settings, memoryUsers(), { limiters, log: ({ reason }) => reasons.push(reason) });
    assert.equal((await gate.fetch(login("ada@example.com"))).status, 403);
    assert.deepEqual(reasons, ["limiter", "unknown-user"], JSON.stringify(result));
  }
});

test("a limiter that never answers has failed after two seconds, and the request passes", async () => {
  const reasons: string[] = [];
  const limiters = { client: { limit: () => new Promise<never>(() => {}) } };
  const gate = createGate(settings, memoryUsers(), { limiters, log: ({ reason, error }) => reasons.push(`${reason} ${error ?? ""}`) });
  const response = await gate.fetch(login("ada@example.com"), { address: "203.0.113.1" });
  assert.equal(response.status, 403);
  assert.deepEqual(reasons, ["limiter Error: edgegate: a limiter has not answered within 2000 ms", "unknown-user "]);
});

test("a limiter that fails does not switch off the others", async () => {
  const failing = { limit: () => Promise.reject(new Error("no answer")) };
  const none = { limit: async () => ({ success: false }) };
  const reasons: string[] = [];
  const log = ({ reason }: LogEntry) => void reasons.push(reason);
  for (const limiters of [{ client: failing, account: none }, { client: none, account: failing }]) {
    const gate = createGate(settings, memoryUsers(), { limiters, log });
    assert.equal((await gate.fetch(login("ada@example.com"), { address: "203.0.113.1" })).status, 429);
  }
  assert.deepEqual(reasons, ["limiter", "rate-limited", "limiter", "rate-limited"]);
  // Nor the counter of the process.
  const gate = createGate(settings, memoryUsers(), { limiters: { client: failing }, log });
  const statuses = [];
  for (let count = 0; count < 11; count += 1) statuses.push((await gate.fetch(login("ada@example.com"), { address: "203.0.113.1" })).status);
  assert.deepEqual(statuses, [...Array(10).fill(403), 429]);
});

test("what is no limiter is an error at once", () => {
  const create = (limiters: object) => () => createGate(settings, memoryUsers(), { limiters });
  for (const wrong of [{ client: {} }, { account: 1 }, { account: null }, { client: { limit: "x" } }, { user: limiter(1) }, []]) {
    assert.throws(create(wrong), TypeError, JSON.stringify(wrong));
  }
  assert.doesNotThrow(create({ client: undefined }));
});

test("RATE_LIMIT=off asks no limiter", async () => {
  const account = limiter(0);
  const gate = createGate({ ...settings, RATE_LIMIT: "off" }, memoryUsers(), { limiters: { account }, log: () => {} });
  assert.equal((await gate.fetch(login("ada@example.com"))).status, 403);
  assert.deepEqual(account.keys, []);
});

test("a preflight is answered, and a listed origin may log in", async () => {
  const gate = createGate({ ...settings, CORS_ORIGINS: "https://app.example" }, memoryUsers(), { log: () => {} });
  const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
  const preflight = await gate.fetch(new Request("http://localhost/login", { method: "OPTIONS", headers }));
  assert.deepEqual([preflight.status, await preflight.text()], [200, "OK"]);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "content-type");
  const me = await gate.fetch(new Request("http://localhost/me", { headers: { origin: "https://app.example" } }));
  assert.deepEqual([me.status, me.headers.get("access-control-allow-origin"), me.headers.get("vary")], [401, "https://app.example", "Origin"]);
  const body = new URLSearchParams({ username: "ada@example.com", password: "x" });
  const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  assert.equal((await gate.fetch(new Request("http://localhost/login", { method: "POST", body, headers: foreign }))).status, 403);
  assert.equal((await gate.fetch(new Request("http://localhost/users", { method: "POST", body: "{}", headers: foreign }))).status, 403);
});
