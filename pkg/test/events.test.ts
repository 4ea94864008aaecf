// The log of requests, security events, and Server-Timing.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createGate, hashPassword, type CreateOptions, type LogEntry, type SecurityEvent, type UserStore } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
import { COMPLETE } from "./users.ts";

const settings = { ...COMPLETE, REGISTRATION: "open" };
const hash = await hashPassword("secret", { cost: 10 });
const address = "198.51.100.1";

function form(fields: Record<string, string>): RequestInit {
  return { method: "POST", body: new URLSearchParams(fields) };
}

/** A gate with users in memory, its log and its events. */
function open(more: Record<string, string>, options: CreateOptions = {}, store: Partial<UserStore> = {}) {
  const [entries, events]: [LogEntry[], SecurityEvent[]] = [[], []];
  const users = { ...memoryUsers([{ email: "ada@example.com", password: hash }, { email: "broken@example.com", password: "no hash" }]), ...store };
  const gate = createGate({ ...settings, ...more }, users, { log: (entry) => void entries.push(entry), onEvent: (event) => void events.push(event), ...options });
  const send = (path: string, init: RequestInit = {}, requestId?: string) =>
    gate.fetch(new Request(`http://localhost${path}`, init), { address, requestId });
  const login = async (username = "ada@example.com", password = "secret") => send("/login", form({ username, password }));
  return { gate, entries, events, send, login };
}

test("with ACCESS_LOG=on each request has one entry, which has no address, password or token", async () => {
  const { entries, send, login } = open({ ACCESS_LOG: "on" });
  const accepted = (await (await login()).json()) as { access_token: string; refresh_token: string };
  await login("ada@example.com", "a wrong password");
  await login("nobody@example.com");
  await send("/me", { headers: { authorization: `Bearer ${accepted.access_token}` } }, "a-name");
  await send("/me");
  await send("/me/sessions/AAAAAAAAAAAAAAAAAAAAAA", { method: "DELETE", headers: { authorization: `Bearer ${accepted.access_token}` } });
  await send("/nowhere");
  await send("/login", form({ grant_type: "refresh_token", refresh_token: accepted.refresh_token }));
  await send("/users", { method: "POST", headers: { "content-type": "application/json" }, body: '{"email":"new@example.com","password":"a new password"}' });
  const shown = entries.map(({ route, status, reason, rounds, user_id, level }) => [route, status, reason, rounds, user_id, level]);
  assert.deepEqual(shown, [
    ["/login", 200, "accepted", 1024, 1, "info"],
    ["/login", 403, "wrong-password", 1024, 1, "info"],
    ["/login", 403, "unknown-user", 1024, undefined, "info"],
    ["/me", 200, "accepted", 0, 1, "info"],
    ["/me", 401, "no-token", 0, undefined, "info"],
    ["/me/sessions/{id}", 404, "unknown-session", 0, 1, "info"],
    [undefined, 404, "unknown-path", 0, undefined, "info"],
    ["/login", 200, "accepted", 0, 1, "info"],
    ["/users", 201, "accepted", 1024, 3, "info"],
  ]);
  assert.equal(entries[3]?.request_id, "a-name");
  assert.equal(new Set(entries.map(({ request_id }) => request_id)).size, entries.length);
  assert(entries.every(({ store_ms }) => typeof store_ms === "number"));
  // The same client and the same account, each by one hash.
  assert.equal(new Set(entries.map(({ client }) => client)).size, 1);
  assert.equal(entries[0]?.account, entries[1]?.account);
  assert.notEqual(entries[0]?.account, entries[2]?.account);
  const log = JSON.stringify(entries);
  for (const secret of ["ada@", "nobody@", "new@", address, "secret", "a wrong password", "a new password", accepted.access_token, accepted.refresh_token, hash]) {
    assert(!log.includes(secret), secret);
  }
});

test("without the setting only refusals and failures are logged, and a long name is not used", async () => {
  const { entries, send, login } = open({});
  await login();
  await send("/me");
  assert.deepEqual(entries, [{ level: "info", reason: "no-token", status: 401, path: "/me" }]);
  const named = open({ ACCESS_LOG: "on" });
  await named.send("/me", {}, "x".repeat(129));
  assert.match(named.entries[0]?.request_id ?? "", /^[0-9a-f-]{36}$/);
});

test("events tell what happens to accounts", async () => {
  const { events, send, login, gate } = open({});
  const tokens = (await (await login()).json()) as { access_token: string; refresh_token: string };
  for (const [name, password] of [["ada", "wrong"], ["nobody", "secret"], ["broken", "secret"]] as const) await login(`${name}@example.com`, password);
  for (let failures = 0; failures < 10; failures += 1) await login("eve@example.com", "x");
  await login("eve@example.com", "x");
  await send("/users", { method: "POST", headers: { "content-type": "application/json" }, body: '{"email":"new@example.com","password":"a new password"}' });
  const refresh = () => send("/login", form({ grant_type: "refresh_token", refresh_token: tokens.refresh_token }));
  await refresh();
  await gate.logOut(`Bearer ${tokens.access_token}`);
  const kinds = events.map(({ kind, reason, userId }) => [kind, reason, userId]);
  assert.deepEqual(kinds, [
    ["login", undefined, 1],
    ["login-refused", "wrong-password", 1],
    ["login-refused", "unknown-user", undefined],
    ["login-refused", "hash-malformed", 2],
    ...Array.from({ length: 10 }, () => ["login-refused", "unknown-user", undefined]),
    ["held-up", "held-up", undefined],
    ["signed-up", undefined, 3],
    ["logged-out-everywhere", undefined, 1],
  ]);
  assert.equal(events[0]?.account, events[1]?.account);
  assert.equal(events[0]?.client, events[1]?.client);
  assert(!JSON.stringify(events).includes("@"));
});

test("a refresh token that is used again is an event", async () => {
  const rows = memoryUsers([{ email: "ada@example.com", password: hash }]);
  const sessions = { ...rows.sessions, rotate: async () => null, end: async () => ({ expired: false }) };
  const { events, send, login } = open({}, {}, { sessions });
  const { refresh_token } = (await (await login()).json()) as { refresh_token: string };
  assert.equal((await send("/login", form({ grant_type: "refresh_token", refresh_token }))).status, 400);
  assert.deepEqual(events.map(({ kind }) => kind), ["login", "refresh-token-reused"]);
});

test("AUDIT=on stores events, and the answer is the same if that fails", async () => {
  const database = new DatabaseSync(":memory:");
  const schema = sqliteSchema();
  database.exec(schema.users + schema.sessions + schema.attempts);
  const entries: LogEntry[] = [];
  const gate = createGate({ ...settings, AUDIT: "on" }, sqliteUsers(database), { log: (entry) => void entries.push(entry) });
  database.prepare("INSERT INTO users (email, password) VALUES (?, ?)").run("ada@example.com", hash);
  const login = (password: string) => gate.fetch(new Request("http://localhost/login", form({ username: "ada@example.com", password })), { address });
  assert.equal((await login("secret")).status, 200, "without the table");
  assert.deepEqual(entries.map(({ reason, path }) => [reason, path]), [["event", "/login"]]);
  assert.match(String(entries[0]?.error), /no such table: audit/);
  database.exec(schema.audit);
  for (const [password, status] of [["secret", 200], ["wrong", 403]] as const) assert.equal((await login(password)).status, status);
  const rows = database.prepare("SELECT * FROM audit ORDER BY id").all().map((row) => ({ ...row }));
  assert.deepEqual(rows.map(({ kind, user_id, reason }) => [kind, user_id, reason]), [["login", "1", null], ["login-refused", "1", "wrong-password"]]);
  for (const { account, client, at } of rows) assert.deepEqual([String(account).length, String(client).length, typeof at], [22, 22, "number"]);
  const none = createGate({ ...settings, AUDIT: "on" }, { ...memoryUsers(), recordEvent: undefined as never }, { log: (entry) => void entries.push(entry) });
  entries.length = 0;
  assert.deepEqual(await none.login({ username: "ada@example.com", password: "x" }), { outcome: "refused", reason: "unknown-user" });
  assert.match(String(entries[0]?.error), /AUDIT needs a user store/);
});

test("an onEvent that throws or rejects changes no answer", async () => {
  for (const onEvent of [() => { throw new Error("out of order"); }, async () => Promise.reject(new Error("out of order"))]) {
    const { entries, login } = open({}, { onEvent });
    assert.equal((await login()).status, 200);
    assert.deepEqual(entries.map(({ reason, error }) => [reason, String(error)]), [["event", "Error: out of order"]]);
  }
});

test("SERVER_TIMING=on tells how long the store and the answer took", async () => {
  const slow = { userByEmail: async () => new Promise<null>((resolve) => setTimeout(resolve, 30, null)) };
  const { login, send } = open({ SERVER_TIMING: "on", LOCKOUT: "off" }, {}, slow);
  const timing = (await login()).headers.get("server-timing") ?? "";
  const [, store, total] = /^store;dur=([\d.]+), total;dur=([\d.]+)$/.exec(timing) ?? [];
  assert(Number(store) > 20 && Number(total) >= Number(store), timing);
  assert.match((await send("/me")).headers.get("server-timing") ?? "", /^store;dur=0, total;dur=[\d.]+$/);
  assert.equal((await open({}).send("/me")).headers.get("server-timing"), null);
});

test("an onEvent that never settles is waited for two seconds", async () => {
  const { entries, login } = open({}, { onEvent: () => new Promise(() => {}) });
  assert.equal((await login()).status, 200);
  assert.deepEqual(entries.map(({ error }) => String(error)), ["Error: edgegate: onEvent has not answered within 2000 ms"]);
});
