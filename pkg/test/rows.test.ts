// Rows of a user store: what the core reads of them, and what it refuses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type UserStore } from "edgegate";
import { duringLogins, HASH, settings, throwing } from "./inflight.ts";
import { memoryUsers } from "./users.ts";

const good = { id: 1, email: "a@example.com", password: HASH, created_at: "2021-08-29T00:00:00Z" };

const ROWS: [unknown, string][] = [
  [{ ...good, id: undefined }, "id"],
  [{ ...good, id: 1.5 }, "id"],
  [{ ...good, id: 2 ** 53 }, "id"],
  [{ ...good, id: 2n ** 70n }, "id"],
  [{ ...good, id: { toString: () => "1" } }, "id"],
  [{ ...good, id: "" }, "id"],
  [{ id: 1, email: "a@example.com", created_at: "" }, "password"],
  [{ ...good, password: 42 }, "password"],
  [{ ...good, email: null }, "email"],
  [{ ...good, email: ["a@example.com"] }, "email"],
  [{ ...good, created_at: 1_700_000_000 }, "created_at"],
  [{ ...good, token_version: 1.5 }, "token_version"],
  [{ ...good, token_version: "0" }, "token_version"],
  [[], "id"],
  // What would be `null` in JSON, which says that the user has no password.
  [{ ...good, password: NaN }, "password"],
  [{ ...good, created_at: new Date(NaN) }, "created_at"],
  [{ ...good, email: "a".repeat(1024 * 1024 + 1) }, "email"],
];

test("an invalid row is 503, its column is logged, and other requests are unaffected", async () => {
  for (const [row, column] of ROWS) {
    const entries: { reason: string }[] = [];
    const store: UserStore = { ...memoryUsers(), userByEmail: async () => row as never };
    const gate = createGate(settings, store, { log: (entry) => entries.push(entry) });
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    const request = new Request("http://localhost/login", { method: "POST", body });
    const response = (await duringLogins(column, () => gate.fetch(request))) as Response;
    assert.deepEqual([response.status, await response.text()], [503, '{"detail":"Service Unavailable"}'], column);
    assert.deepEqual(entries.map(({ reason }) => reason), [`invalid-row:${column}`]);
    assert(!JSON.stringify(entries).includes(HASH));
  }
});

test("a row that is not an object, or throws when read, counts as a failed store", async () => {
  for (const row of [42, "row", true, () => good, throwing]) {
    const entries: { reason: string }[] = [];
    const store: UserStore = { ...memoryUsers(), userByEmail: async () => row as never };
    const gate = createGate(settings, store, { log: (entry) => entries.push(entry) });
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    const request = new Request("http://localhost/login", { method: "POST", body });
    const response = (await duringLogins("row", () => gate.fetch(request))) as Response;
    assert.equal(response.status, 503);
    assert.equal(entries[0]?.reason, "store");
  }
});

test("the app gets further columns but not the hash; ids may be strings; a Date becomes a string", async () => {
  const id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const created_at = new Date("2021-08-29T00:00:00Z");
  const row = { ...good, id, created_at, role: "admin", scopes: ["a"], balance: 7n, note: null };
  const store: UserStore = { ...memoryUsers(), userByEmail: async () => row as never, userById: async () => row as never };
  const gate = createGate(settings, store);
  const login = await gate.login({ username: "a@example.com", password: "secret" });
  assert(login.outcome === "accepted");
  const verdict = await gate.verifyToken<{ user_id: string; exp: number }>(login.access_token);
  assert(verdict.outcome === "accepted");
  assert.equal(verdict.claims.user_id, id);
  const current = await gate.currentUser(`Bearer ${login.access_token}`);
  assert(current.outcome === "accepted");
  assert.deepEqual(current.user, {
    id,
    email: "a@example.com",
    created_at: "2021-08-29T00:00:00.000Z",
    role: "admin",
    scopes: ["a"],
    balance: 7n,
    note: null,
  });
});

/** Values that overflow V8's stack inside wasm, that JavaScript cannot represent exactly, and that would set a prototype. */
const COLUMNS: [string, unknown][] = [
  ["deep", Array.from({ length: 3500 }).reduce((inner) => [inner], [])],
  ["a bigint", 80351110224678912n],
  ["a prototype", JSON.parse('{"theme":"dark","__proto__":{"role":"admin"}}')],
  ["a date whose text is an object", new (class extends Date { override toISOString() { return { get a() { throw new Error("no"); } } as never; } })(0)],
];

for (const [kind, column] of COLUMNS) {
  test(`a further column does not pass through the core: ${kind}`, async () => {
    const row = { ...good, settings: column };
    const store: UserStore = { ...memoryUsers(), userByEmail: async () => row as never, userById: async () => row as never };
    const gate = createGate(settings, store);
    const token = await gate.issueToken(1);
    const verdict = (await duringLogins(kind, () => gate.currentUser(token))) as Awaited<ReturnType<typeof gate.currentUser>>;
    assert(verdict.outcome === "refused", "it is no Bearer header");
    const current = await gate.currentUser(`Bearer ${token}`);
    assert(current.outcome === "accepted");
    assert.equal(current.user["settings"], column, "the very same value");
    const login = (await duringLogins(kind, () => gate.login({ username: "a@example.com", password: "wrong" }))) as object;
    assert.deepEqual(login, { outcome: "refused", reason: "wrong-password" });
  });
}

test("a column named `__proto__` is kept as a column", async () => {
  const row = JSON.parse(`{"id":1,"email":"a@example.com","password":${JSON.stringify(HASH)},"created_at":"","__proto__":{"role":"admin"}}`);
  const store: UserStore = { ...memoryUsers(), userById: async () => row };
  const gate = createGate(settings, store);
  const current = await gate.currentUser(`Bearer ${await gate.issueToken(1)}`);
  assert(current.outcome === "accepted");
  assert.equal(current.user["role"], undefined);
});

test("a store must return token_version if it is requested", async () => {
  for (const [value, outcome] of [[undefined, "rejected"], [null, "rejected"], [0, "accepted"], [Number.NaN, "rejected"], [Infinity, "rejected"]] as const) {
    const row = { ...good, token_version: value };
    const store: UserStore = { ...memoryUsers(), userById: async () => row as never };
    const entries: { reason: string }[] = [];
    const gate = createGate({ ...settings, REVOCATION: "on" }, store, { log: (entry) => entries.push(entry) });
    const headers = { authorization: `Bearer ${await gate.issueToken(1)}` };
    const { status } = await gate.fetch(new Request("http://localhost/me", { headers }));
    assert.equal(status, outcome === "accepted" ? 200 : 503, String(value));
    assert.equal(entries.length === 0 || entries[0]?.reason === "invalid-row:token_version", true);
  }
});

test("a column of a row is read once, and a text of 1 MiB is one", async () => {
  let reads = 0;
  const row = {
    ...good,
    email: "a".repeat(1024 * 1024),
    get id() {
      reads += 1;
      return 1;
    },
  };
  const gate = createGate(settings, { ...memoryUsers(), userByEmail: async () => row });
  assert.equal((await gate.login({ username: "a@example.com", password: "secret" })).outcome, "accepted");
  assert.equal(reads, 1);
});

test("rows about sessions are checked too, and a list may be of any class", async () => {
  const entries: { reason: string }[] = [];
  class Listed extends Array<object> {
    override map(): never {
      throw new Error("its own method");
    }
  }
  const session = { id: "s", created_at: 1, last_used_at: 1, expires_at: 2 ** 40, user_agent: null, address: null };
  let listed: object[] = Listed.of(session);
  const sessions = {
    insert: async () => true,
    rotate: async () => ({ user_id: () => 1, sealed: "" }) as never,
    end: async () => null,
    delete: async () => true,
    list: async () => listed as never,
  };
  const rows = [good];
  const sessionSettings = { ...settings, REFRESH_TOKEN_EXPIRE_MINUTES: 60 };
  const gate = createGate(sessionSettings, { ...memoryUsers(rows), sessions }, { log: (entry) => entries.push(entry) });
  const login = await gate.login({ username: "a@example.com", password: "secret" });
  assert(login.outcome === "accepted" && login.refresh_token);
  assert.deepEqual(await gate.refresh(login.refresh_token), { outcome: "refused", reason: "invalid-row:user_id" });
  const listing = await gate.sessions(`Bearer ${login.access_token}`);
  assert(listing.outcome === "accepted" && listing.sessions.length === 1, JSON.stringify(listing));
  listed = [{ ...session, user_agent: () => "x" }];
  assert.deepEqual(await gate.sessions(`Bearer ${login.access_token}`), { outcome: "refused", reason: "invalid-row:user_agent" });
});

test("a store is asked for the version only with REVOCATION, and told of a new hash with REHASH", async () => {
  const asked: unknown[] = [];
  const store = memoryUsers([good]);
  const replaced: object[] = [];
  const users: UserStore = {
    ...store,
    userByEmail: (email, columns) => (asked.push(columns), store.userByEmail(email, columns)),
    replaceHash: async (change) => void replaced.push(change),
  };
  const gate = createGate({ ...settings, REHASH: "on", BCRYPT_COST: 10 }, users);
  const later: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>) => later.push(promise);
  assert.equal((await gate.login({ username: "a@example.com", password: "secret" }, { waitUntil })).outcome, "accepted");
  assert.deepEqual([asked, replaced, later.length], [[{ tokenVersion: false }], [], 1]);
  await Promise.all(later);
  assert.deepEqual(replaced.map((change) => ({ ...change, ask: "", new: "" })), [{ ask: "", id: 1, old: HASH, new: "" }]);
});
