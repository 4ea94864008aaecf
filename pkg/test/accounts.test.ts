// Users who are not active, invitations, and the deletion of one's account, over real databases.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createGate, EdgegateError, hashPassword, type SecurityEvent } from "edgegate";
import { d1Users } from "edgegate/d1";
import { memoryUsers } from "edgegate/memory";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
import { d1Database } from "./databases.ts";
import { COMPLETE } from "./users.ts";

const settings = { ...COMPLETE, ACCOUNT_DELETION: "on" };
const hash = await hashPassword("secret", { cost: 10 });

function open(more: Record<string, string> = {}) {
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts } = sqliteSchema();
  database.exec(users + sessions + attempts);
  database.prepare("INSERT INTO users (email, password) VALUES ('ada@example.com', ?)").run(hash);
  const events: SecurityEvent[] = [];
  const gate = createGate({ ...settings, ...more }, sqliteUsers(database), { log: () => {}, onEvent: (event) => void events.push(event) });
  return { ...requests(gate), database, events };
}

function requests(gate: ReturnType<typeof createGate>) {
  const send = async (method: string, path: string, token = "", body?: object | URLSearchParams) => {
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body instanceof URLSearchParams ? {} : { "content-type": "application/json" }) };
    const sent = body === undefined || body instanceof URLSearchParams ? (body ?? null) : JSON.stringify(body);
    const response = await gate.fetch(new Request(`http://localhost${path}`, { method, headers, body: sent }));
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  const login = (password = "secret") => send("POST", "/login", "", new URLSearchParams({ username: "ada@example.com", password }));
  return { gate, send, login };
}

const INACTIVE = { status: 400, body: { detail: "Inactive user" } };

test("a user who is not active cannot log in, and no token of the user is accepted", async () => {
  const { gate, send, login, database } = open();
  const { access_token = "", refresh_token = "" } = (await login()).body;
  database.exec("UPDATE users SET is_active = 0");
  assert.deepEqual(await login(), INACTIVE);
  assert.equal((await login("wrong")).status, 403);
  assert.deepEqual(await send("GET", "/me", access_token), INACTIVE);
  assert.deepEqual(await gate.currentUser(`Bearer ${access_token}`), { outcome: "refused", reason: "inactive-user" });
  assert.deepEqual(await gate.refresh(refresh_token), { outcome: "refused", reason: "inactive-user" });
  const { response } = await gate.requireUser(new Request("http://localhost/", { headers: { authorization: `Bearer ${access_token}` } }));
  assert.equal(response?.status, 400);
  database.exec("UPDATE users SET is_active = 1");
  assert.equal((await send("GET", "/me", access_token)).status, 200);
  assert.equal((await gate.refresh(refresh_token)).outcome, "accepted");
});

test("a table without the column has active users only, and the column may have another name", async () => {
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts } = sqliteSchema();
  database.exec(`${users}${sessions}${attempts} ALTER TABLE users DROP COLUMN is_active; ALTER TABLE users ADD COLUMN enabled BOOLEAN;`);
  database.prepare("INSERT INTO users (email, password) VALUES ('ada@example.com', ?)").run(hash);
  const of = (columns = {}) => requests(createGate(settings, sqliteUsers(database, { columns }), { log: () => {} }));
  const { access_token = "", refresh_token = "" } = (await of().login()).body;
  assert.equal((await of().send("GET", "/me", access_token)).status, 200);
  assert.equal((await of().gate.refresh(refresh_token)).outcome, "accepted");
  // `NULL` is not true.
  const named = of({ is_active: "enabled" });
  assert.deepEqual(await named.login(), INACTIVE);
  database.exec("UPDATE users SET enabled = TRUE");
  assert.equal((await named.login()).status, 200);
  assert.throws(() => sqliteUsers(database, { further: ["is_active"] }), TypeError);
});

test("D1 answers in the same way", async () => {
  const { database, all, close } = await d1Database();
  try {
    await all(`INSERT INTO users (email, password) VALUES ('ada@example.com', '${hash}')`);
    const { send, login } = requests(createGate(settings, d1Users(database), { log: () => {} }));
    const { access_token = "" } = (await login()).body;
    await all("UPDATE users SET is_active = 0");
    assert.deepEqual([await login(), await send("GET", "/me", access_token)], [INACTIVE, INACTIVE]);
    await all("UPDATE users SET is_active = 1");
    assert.equal((await send("DELETE", "/me", access_token, { current_password: "secret" })).status, 200);
    assert.deepEqual(await all("SELECT * FROM users UNION ALL SELECT * FROM users"), []);
    assert.deepEqual(await all("SELECT id FROM sessions"), []);
  } finally {
    await close();
  }
});

test("a row of a store of one's own may say so with a truth value", async () => {
  for (const [is_active, status] of [[true, 200], [false, 400], [null, 400], [1, 200], ["true", 200], [undefined, 200], [7, 503], ["no", 503]] as const) {
    const store = memoryUsers([{ email: "ada@example.com", password: hash }]);
    const marked = <R extends object | null>(row: R) => row && { ...row, is_active };
    const attempts = { ...store.attempts, find: async (login: Parameters<typeof store.attempts.find>[0]) => {
      const found = await store.attempts.find(login);
      return { ...found, user: marked(found.user) as typeof found.user };
    } };
    const { login } = requests(createGate(settings, { ...store, attempts }, { log: () => {} }));
    assert.equal((await login()).status, status, String(is_active));
  }
});

test("a user deletes the account with the password, and everything of it is gone", async () => {
  const { gate, send, login, database, events } = open({ PASSWORD_CHANGE: "on" });
  const { access_token = "", refresh_token = "" } = (await login()).body;
  assert.deepEqual(await send("DELETE", "/me", access_token, { current_password: "wrong" }), { status: 400, body: { detail: "Incorrect password" } });
  assert.equal((await send("DELETE", "/me", access_token)).status, 422);
  assert.equal((await send("GET", "/me", access_token)).status, 200);
  assert.deepEqual(await send("DELETE", "/me", access_token, { current_password: "secret" }), { status: 200, body: { message: "User deleted successfully" } });
  assert.deepEqual(database.prepare("SELECT id FROM users").all(), []);
  assert.deepEqual(database.prepare("SELECT id FROM sessions").all(), []);
  assert.equal((await send("GET", "/me", access_token)).status, 401);
  assert.equal((await gate.refresh(refresh_token)).outcome, "refused");
  assert.equal((await login()).status, 403);
  assert.deepEqual(events.map(({ kind, userId }) => [kind, userId]), [["login", 1], ["login-refused", 1], ["account-deleted", 1], ["login-refused", undefined]]);
});

test("without HTTP, and by a cookie", async () => {
  const { gate, login, database } = open({ TOKEN_COOKIE: "on" });
  const { access_token = "" } = (await login()).body;
  for (const wrong of [undefined, 7, {}, "\ud800"] as unknown as string[]) {
    await assert.rejects(gate.deleteUser(`Bearer ${access_token}`, { currentPassword: wrong }), TypeError);
  }
  assert.deepEqual(await gate.deleteUser(`Bearer ${access_token}`, { currentPassword: "wrong" }), { outcome: "refused", reason: "wrong-password" });
  const init = { method: "DELETE", headers: { cookie: `__Host-access_token=${access_token}`, "content-type": "application/json" }, body: '{"current_password":"secret"}' };
  const crossed = await gate.fetch(new Request("http://localhost/me", { ...init, headers: { ...init.headers, "sec-fetch-site": "cross-site" } }));
  assert.equal(crossed.status, 403);
  const response = await gate.fetch(new Request("http://localhost/me", init));
  assert.deepEqual([response.status, response.headers.getSetCookie().length], [200, 2]);
  assert.deepEqual(database.prepare("SELECT id FROM users").all(), []);
  const closed = open({ ACCOUNT_DELETION: "off" });
  const { access_token: token = "" } = (await closed.login()).body;
  assert.deepEqual(await closed.gate.deleteUser(`Bearer ${token}`, { currentPassword: "secret" }), { outcome: "refused", reason: "unknown-path" });
  assert.equal((await closed.send("DELETE", "/me", token, { current_password: "secret" })).status, 405);
});

test("only the invited sign up", async () => {
  const { gate, send } = open({ REGISTRATION: "invitation" });
  const invitation = await gate.invite("grace@example.com");
  const user = { email: "grace@example.com", password: "correct horse" };
  const refused = { status: 403, body: { detail: "Invalid invitation" } };
  for (const wrong of [undefined, "", "a.b.c", `${invitation}x`, await gate.invite("ada@example.com")]) {
    assert.deepEqual(await send("POST", "/users", "", { ...user, invitation: wrong }), refused);
  }
  assert.equal((await send("POST", "/users", "", { ...user, invitation })).status, 201);
  assert.equal((await send("POST", "/users", "", { ...user, invitation })).status, 409);
  for (const minutes of [0, -1, 1.5, NaN, 1e9]) await assert.rejects(gate.invite("a@example.com", { expireMinutes: minutes }), RangeError);
  await assert.rejects(gate.invite("nobody"), (error) => error instanceof EdgegateError && error.code === "email");
  for (const wrong of [undefined, 7, {}] as unknown as string[]) await assert.rejects(gate.invite(wrong), TypeError);
  await assert.rejects(gate.invite("a@example.com", { expireMinute: 1 } as object), /has no member "expireMinute"/);
});

test("clients that were known for a deleted account are not for the next user who has its address", async () => {
  const { gate, database, login } = open({ LOCKOUT: "on" });
  const credentials = { username: "ada@example.com", password: "secret" };
  for (const address of ["192.0.2.1", "198.51.100.1", "203.0.113.1"]) assert.equal((await gate.login(credentials, { address })).outcome, "accepted");
  const known = () => database.prepare("SELECT count(*) AS n FROM login_attempts WHERE client <> ''").get()?.["n"];
  assert.equal(known(), 3);
  const { access_token = "" } = (await login()).body;
  assert.deepEqual(await gate.deleteUser(`Bearer ${access_token}`, { currentPassword: "secret" }), { outcome: "accepted" });
  assert.equal(known(), 0);
});

test("options of a wrong type are refused when the gate is made", () => {
  for (const wrong of ["x", 5, {}, null] as unknown as undefined[]) {
    for (const name of ["log", "claims", "onEvent", "sendMail"]) assert.throws(() => createGate(settings, memoryUsers(), { [name]: wrong }), new RegExp(`${name} must be a function`));
    assert.throws(() => createGate(settings, memoryUsers(), { schemes: wrong }), /schemes(\.verify)? must be an? (object|function)/);
  }
});
