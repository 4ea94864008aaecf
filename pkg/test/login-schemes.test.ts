// Logins with stored hashes of other schemes than bcrypt.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createGate, hashPassword, type LogEntry, type UserStore } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { schemes, type PasswordSchemes } from "edgegate/schemes";

const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: "10", RATE_LIMIT: "off" };
const vectors = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../schemes/tests/vectors/${file}.json`, import.meta.url), "utf8")) as { password: string; stored: string; [key: string]: unknown }[];
const ARGON2ID = (await schemes.hash("secret")) as { stored: string };
/** Of a low cost, for tests with many logins. */
const CHEAP = (await schemes.hash("secret", { memory: 64, passes: 1, lanes: 1 })) as { stored: string };
const bcrypt = await hashPassword("secret", { cost: 10 });

/** What a login computed: the calls of the schemes, and the rounds of bcrypt. */
function open(rows: Record<string, string>, more: Record<string, string> = {}, instead?: Partial<PasswordSchemes>) {
  const calls: string[] = [];
  const watched: PasswordSchemes = {
    verify: (password, stored) => (calls.push(`verify ${stored.slice(0, 9)}`), (instead?.verify ?? schemes.verify.bind(schemes))(password, stored)),
    hash: (password) => (calls.push("hash"), (instead?.hash ?? schemes.hash.bind(schemes))(password)),
  };
  const store: UserStore = memoryUsers(Object.entries(rows).map(([name, password]) => ({ email: `${name}@example.com`, password })));
  const entries: LogEntry[] = [];
  const gate = createGate({ ...settings, ACCESS_LOG: "on", ...more }, store, { schemes: watched, log: (entry) => void entries.push(entry) });
  const login = async (name: string, password: string) => {
    [calls.length, entries.length] = [0, 0];
    const body = new URLSearchParams({ username: `${name}@example.com`, password });
    const later: Promise<unknown>[] = [];
    const response = await gate.fetch(new Request("http://localhost/login", { method: "POST", body }), { waitUntil: (promise) => later.push(promise) });
    await Promise.all(later);
    const { reason, rounds } = entries.at(-1) as LogEntry;
    return { reason, seen: { status: response.status, headers: [...response.headers], body: response.status === 200 ? "" : await response.text(), rounds, calls: [...calls] } };
  };
  const stored = async (name: string) => (await store.userByEmail(`${name}@example.com`, { tokenVersion: false }))?.password ?? "";
  return { gate, login, stored, entries, calls };
}

test("users of FastAPI, Django, Werkzeug, Supabase and better-auth log in", async () => {
  const known = [
    { password: "secret", stored: ARGON2ID.stored },
    ...vectors("vectors").filter(({ stored }) => /^(\$argon2id\$v=19\$m=65536,t=3|pbkdf2|scrypt)/.test(stored)).slice(0, 12),
    ...vectors("better-auth").slice(0, 2),
    ...vectors("firebase").slice(0, 1),
  ].filter(({ password }) => password !== "");
  assert(known.length >= 10, String(known.length));
  for (const { password, stored } of known) {
    const { login } = open({ ada: stored });
    assert.equal((await login("ada", password)).reason, "accepted", stored);
    assert.equal((await login("ada", `${password}x`)).reason, "wrong-password", stored);
  }
});

test("with REHASH=on, a login stores a hash of the scheme of new ones, once", async () => {
  const { login, stored } = open({ ada: ARGON2ID.stored }, { REHASH: "on" });
  assert.equal((await login("ada", "secret")).reason, "accepted");
  assert.match(await stored("ada"), /^\$2b\$10\$/);
  assert.deepEqual((await login("ada", "secret")).seen.calls, []);

  const argon2 = open({ ada: bcrypt, grace: ARGON2ID.stored }, { REHASH: "on", PASSWORD_SCHEME: "argon2id" });
  assert.deepEqual((await argon2.login("ada", "secret")).seen.calls, ["hash"]);
  assert.match(await argon2.stored("ada"), /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
  assert.deepEqual((await argon2.login("ada", "secret")).seen.calls, ["verify $argon2id"]);
  assert.equal((await argon2.login("grace", "secret")).seen.status, 200);
  assert.equal(await argon2.stored("grace"), ARGON2ID.stored, "of the same scheme");
  // A stronger one is not weakened.
  const costs = [[65_536, 4, 1, "kept"], [65_536, 2, 4, "new"], [32_768, 4, 4, "new"]] as const;
  for (const [memory, passes, lanes, expected] of costs) {
    const { stored: before } = (await schemes.hash("secret", { memory, passes, lanes })) as { stored: string };
    const { login, stored } = open({ ada: before }, { REHASH: "on", PASSWORD_SCHEME: "argon2id" });
    assert.equal((await login("ada", "secret")).seen.status, 200);
    assert.equal((await stored("ada")) === before ? "kept" : "new", expected, before);
  }
});

test("with PASSWORD_SCHEME=argon2id new users and new passwords are stored so, and other programs can read them", async () => {
  const { gate, login, stored } = open({}, { PASSWORD_SCHEME: "argon2id", REGISTRATION: "open", PASSWORD_CHANGE: "on" });
  const send = (method: string, path: string, body: object, token = "") =>
    gate.fetch(new Request(`http://localhost${path}`, { method, headers: { "content-type": "application/json", authorization: `Bearer ${token}` }, body: JSON.stringify(body) }));
  assert.equal((await send("POST", "/users", { email: "ada@example.com", password: "a password" })).status, 201);
  assert.match(await stored("ada"), /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
  assert.equal((await login("ada", "a password")).reason, "accepted");
  const verdict = await gate.login({ username: "ada@example.com", password: "a password" });
  assert(verdict.outcome === "accepted");
  assert.equal((await send("PATCH", "/me/password", { current_password: "a password", new_password: "another one" }, verdict.access_token)).status, 200);
  assert.match(await stored("ada"), /^\$argon2id\$/);
  assert.equal((await login("ada", "another one")).reason, "accepted");
});

test("with HASH_MIX an unknown user is refused with the same work, headers and bytes as a wrong password, also when held up", async () => {
  const HASH_MIX = `1:${CHEAP.stored}`;
  const replies = [];
  for (const name of ["ada", "nobody"]) {
    const { login } = open({ ada: CHEAP.stored }, { HASH_MIX, LOCKOUT: "on" });
    for (let failures = 0; failures < 11; failures += 1) replies.push(await login(name, "wrong"));
    replies.push(await login(name, "secret"));
    assert.deepEqual(replies.slice(-2).map(({ reason }) => reason), ["held-up", "held-up"], name);
  }
  assert.deepEqual(replies[0]?.seen.calls, ["verify $argon2id"]);
  for (const { seen } of replies) assert.deepEqual(seen, replies[0]?.seen);
  // In a table of both, some unknown users have one and some the other, and each always the same.
  const { login } = open({}, { HASH_MIX: `1:${CHEAP.stored} 1:${bcrypt}` });
  const kinds = [];
  for (let number = 0; number < 12; number += 1) kinds.push(JSON.stringify((await login(`nobody${number}`, "wrong")).seen.calls));
  assert.equal(new Set(kinds).size, 2, String(kinds));
  for (let number = 0; number < 4; number += 1) assert.equal(JSON.stringify((await login(`nobody${number}`, "other")).seen.calls), kinds[number]);
});

test("with HASH_MIX a user without a hash, or with one that cannot be read, is refused with the work of an unknown one", async () => {
  const { login } = open({ bad: "!unusable", empty: "", ada: CHEAP.stored }, { HASH_MIX: `1:${CHEAP.stored}` });
  const { calls, ...unknown } = (await login("nobody", "wrong")).seen;
  assert.deepEqual(calls, ["verify $argon2id"]);
  for (const name of ["bad", "empty", "ada"]) {
    const { calls, ...seen } = (await login(name, "wrong")).seen;
    assert.deepEqual([seen, calls.at(-1)], [unknown, "verify $argon2id"], name);
  }
});

test("what cannot be read is refused as a wrong password, with the rounds of bcrypt", async () => {
  const { login } = open({ ada: "no hash", grace: "$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g", mary: bcrypt, empty: "" });
  const replies = [];
  for (const name of ["mary", "ada", "grace", "empty", "nobody"]) replies.push((await login(name, "wrong")).seen);
  for (const { status, headers, body, rounds } of replies) {
    assert.deepEqual([status, headers, body, rounds], [403, replies[0]?.headers, replies[0]?.body, 1024]);
  }
});

test("without schemes such a hash refuses the login, and Argon2id cannot be made", async () => {
  const entries: LogEntry[] = [];
  const gate = createGate({ ...settings, PASSWORD_SCHEME: "argon2id", REGISTRATION: "open" }, memoryUsers([{ email: "ada@example.com", password: ARGON2ID.stored }]), { log: (entry) => void entries.push(entry) });
  assert.deepEqual(await gate.login({ username: "ada@example.com", password: "secret" }), { outcome: "refused", reason: "hash-malformed" });
  const body = '{"email":"new@example.com","password":"a password"}';
  const response = await gate.fetch(new Request("http://localhost/users", { method: "POST", headers: { "content-type": "application/json" }, body }));
  assert.equal(response.status, 503);
  assert.match(String(entries[0]?.error), /PASSWORD_SCHEME=argon2id needs the option `schemes`/);
});

test("a module that fails, has no memory or is busy is 503, and other logins go on", async () => {
  for (const verify of [() => Promise.reject(new Error("no module")), async () => "no-memory", async () => "busy"] as (() => Promise<never>)[]) {
    const { login } = open({ ada: ARGON2ID.stored, mary: bcrypt }, {}, { verify });
    const [failed, other] = await Promise.all([login("ada", "secret"), login("mary", "secret")]);
    assert.deepEqual([failed.seen.status, other.seen.status], [503, 200]);
    assert.equal((await login("ada", "wrong")).seen.status, 503);
  }
});

test("whatever an app's own schemes return, other logins go on", async () => {
  const { login: other } = open({ mary: bcrypt });
  const returned: unknown[] = [{}, null, undefined, { stored: 5 }, { stored: "\ud800" }, { get stored(): string { throw new Error("mine"); } }];
  for (const made of returned) {
    const { gate, entries } = open({}, { PASSWORD_SCHEME: "argon2id", REGISTRATION: "open" }, { hash: async () => made as never });
    const body = JSON.stringify({ email: "ada@example.com", password: "correct horse" });
    const request = new Request("http://localhost/users", { method: "POST", headers: { "content-type": "application/json" }, body });
    const [failed, going] = await Promise.all([gate.fetch(request), other("mary", "secret")]);
    assert.deepEqual([failed.status, going.seen.status, entries[0]?.reason], [503, 200, "schemes"]);
  }
});
