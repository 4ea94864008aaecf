// A new password, over a real database.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createGate, hashPassword, type LogEntry, type SecurityEvent, type UserStore } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
import { COMPLETE } from "./users.ts";

const settings = { ...COMPLETE, AUDIT: "on", PASSWORD_CHANGE: "on" };
const hash = await hashPassword("secret", { cost: 10 });

function open(more: Record<string, string> = {}) {
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts, audit } = sqliteSchema();
  database.exec(users + sessions + attempts + audit);
  database.prepare("INSERT INTO users (email, password) VALUES ('ada@example.com', ?)").run(hash);
  const [entries, events]: [LogEntry[], SecurityEvent[]] = [[], []];
  const options = { log: (entry: LogEntry) => void entries.push(entry), onEvent: (event: SecurityEvent) => void events.push(event) };
  const gate = createGate({ ...settings, ...more }, sqliteUsers(database), options);
  const send = (path: string, init: RequestInit, address = "203.0.113.7") => gate.fetch(new Request(`http://localhost${path}`, init), { address });
  const login = async (password: string, address?: string) =>
    send("/login", { method: "POST", body: new URLSearchParams({ username: "ada@example.com", password }) }, address);
  const change = async (token: string, current: string, next: string, address?: string) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    return send("/me/password", { method: "PATCH", headers, body: JSON.stringify({ current_password: current, new_password: next }) }, address);
  };
  const token = async () => ((await (await login("secret")).json()) as { access_token: string }).access_token;
  return { gate, database, send, login, change, token, entries, events };
}

test("a new password is stored, told and audited, and ends everything else", async () => {
  const { change, login, token, database, events, entries } = open({ ACCESS_LOG: "on" });
  const old = await token();
  await token();
  const response = await change(old, "secret", "a new secret");
  assert.equal(response.status, 200);
  assert.deepEqual(Object.keys((await response.json()) as object), ["access_token", "token_type", "expires_in", "refresh_token"]);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(database.prepare("SELECT count(*) AS n FROM sessions").get()?.["n"], 1);
  assert.equal((await change(old, "a new secret", "another secret")).status, 401);
  assert.equal((await login("secret")).status, 403);
  assert.equal((await login("a new secret")).status, 200);
  assert.deepEqual(events.map(({ kind, userId }) => [kind, userId]), [["login", 1], ["login", 1], ["password-changed", 1], ["login-refused", 1], ["login", 1]]);
  const kinds = database.prepare("SELECT kind FROM audit ORDER BY id").all().map((row) => row["kind"]);
  assert.deepEqual(kinds, events.map(({ kind }) => kind));
  assert.deepEqual(entries[2], { ...entries[2], route: "/me/password", status: 200, reason: "accepted", rounds: 2048, user_id: 1 });
  for (const secret of ["a new secret", hash.slice(7, 20), old]) assert(!JSON.stringify([entries, events]).includes(secret));
});

test("a stolen token cannot be used to guess the password", async () => {
  const { change, token, entries } = open();
  const stolen = await token();
  const replies = [];
  for (let guess = 0; guess < 12; guess += 1) {
    const { status, headers, text } = await change(stolen, guess < 11 ? `guess ${guess}` : "secret", "a new secret", "198.51.100.1").then(async (response) => ({ status: response.status, headers: [...response.headers], text: await response.text() }));
    replies.push({ status, headers, text });
  }
  for (const reply of replies) assert.deepEqual(reply, replies[0]);
  assert.deepEqual([replies[0]?.status, replies[0]?.text], [400, '{"detail":"Incorrect password"}']);
  assert.deepEqual(entries.map(({ reason }) => reason).slice(-2), ["held-up", "held-up"]);
  // Its owner is not held up, at an address that has logged in before.
  assert.equal((await change(stolen, "secret", "a new secret")).status, 200, JSON.stringify(entries.at(-1)));
});

test("with a cookie, a page of another origin changes no password, and the new tokens are cookies", async () => {
  const { send, database } = open({ TOKEN_COOKIE: "on" });
  const logged = await send("/login", { method: "POST", headers: { "sec-fetch-site": "same-origin" }, body: new URLSearchParams({ username: "ada@example.com", password: "secret" }) });
  const cookie = logged.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  const body = JSON.stringify({ current_password: "secret", new_password: "a new secret" });
  const change = (site: string) => send("/me/password", { method: "PATCH", headers: { cookie, "content-type": "application/json", "sec-fetch-site": site }, body });
  assert.equal((await change("cross-site")).status, 403);
  assert.equal((await change("same-site")).status, 403);
  // Nor with a token of its own, because the reply sets cookies.
  const own = { authorization: `Bearer ${((await logged.json()) as { access_token: string }).access_token}`, "content-type": "application/json" };
  assert.equal((await send("/me/password", { method: "PATCH", headers: { ...own, "sec-fetch-site": "same-site" }, body })).status, 403);
  assert.equal(database.prepare("SELECT password FROM users").get()?.["password"], hash);
  const changed = await change("same-origin");
  assert.equal(changed.status, 200);
  assert.equal(changed.headers.getSetCookie().length, 2);
});

test("without HTTP, by the same rules", async () => {
  const { gate, token } = open();
  const old = await token();
  const passwords = (currentPassword: string, newPassword: string) => ({ currentPassword, newPassword });
  assert.deepEqual(await gate.changePassword(`Bearer ${old}`, passwords("wrong", "a new secret")), { outcome: "refused", reason: "wrong-password" });
  assert.deepEqual(await gate.changePassword(`Bearer ${old}`, passwords("secret", "short")), { outcome: "refused", reason: "body-unprocessable" });
  assert.equal((await gate.changePassword(`Bearer ${old}`, passwords("secret", "a new secret"), { address: "203.0.113.7" })).outcome, "accepted");
  assert.deepEqual(await gate.changePassword(`Bearer ${old}`, passwords("a new secret", "another secret")), { outcome: "refused", reason: "revoked" });
  for (const wrong of [7, undefined, null, {}, Symbol("x")] as never[]) {
    await assert.rejects(gate.changePassword(`Bearer ${old}`, passwords(wrong, "a new secret")), TypeError);
    await assert.rejects(gate.changePassword(`Bearer ${old}`, passwords("secret", wrong)), TypeError);
  }
});

test("a store without changePassword is an error that is named", async () => {
  const { changePassword: _, ...store } = memoryUsers([{ email: "ada@example.com", password: hash }]);
  const errors: unknown[] = [];
  const gate = createGate({ ...settings, AUDIT: "off" }, store as UserStore, { log: ({ error }) => errors.push(error) });
  const login = await gate.login({ username: "ada@example.com", password: "secret" });
  assert(login.outcome === "accepted");
  const headers = { authorization: `Bearer ${login.access_token}`, "content-type": "application/json" };
  const body = JSON.stringify({ current_password: "secret", new_password: "a new secret" });
  assert.equal((await gate.fetch(new Request("http://localhost/me/password", { method: "PATCH", headers, body }))).status, 503);
  assert.match(String(errors[0]), /PASSWORD_CHANGE needs a user store with `changePassword`/);
});

test("a change is told as soon as it is stored, whatever fails after it", async () => {
  const store = memoryUsers([{ email: "ada@example.com", password: hash }]);
  const events: string[] = [];
  let fails = false;
  const sessions = { ...store.sessions, insert: async (session: Parameters<typeof store.sessions.insert>[0]) => (fails ? Promise.reject(new Error("no table")) : store.sessions.insert(session)) };
  const gate = createGate({ ...settings, AUDIT: "off" }, { ...store, sessions }, { log: () => {}, onEvent: ({ kind }) => void events.push(kind) });
  const login = await gate.login({ username: "ada@example.com", password: "secret" });
  assert(login.outcome === "accepted");
  fails = true;
  await assert.rejects(gate.changePassword(`Bearer ${login.access_token}`, { currentPassword: "secret", newPassword: "a new secret" }), /no table/);
  assert.deepEqual(events, ["login", "password-changed"]);
});

test("what is neither true nor false is no answer of a store", async () => {
  for (const answer of [[], {}, { rowCount: 0 }, "false", 1, null]) {
    const store = { ...memoryUsers([{ email: "ada@example.com", password: hash }]), changePassword: async () => answer as never };
    const events: string[] = [];
    const gate = createGate({ ...settings, AUDIT: "off" }, store, { log: () => {}, onEvent: ({ kind }) => void events.push(kind) });
    const login = await gate.login({ username: "ada@example.com", password: "secret" });
    assert(login.outcome === "accepted");
    const headers = { authorization: `Bearer ${login.access_token}`, "content-type": "application/json" };
    const body = JSON.stringify({ current_password: "secret", new_password: "a new secret" });
    assert.equal((await gate.fetch(new Request("http://localhost/me/password", { method: "PATCH", headers, body }))).status, 503);
    assert.deepEqual(events, ["login"]);
  }
});
