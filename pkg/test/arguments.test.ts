// Every public function with every kind of wrong value, while logins are in flight that must succeed.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createGate,
  EdgegateError,
  hashPassword,
  hashPasswords,
  issueToken,
  stopWork,
  verifyPassword,
  verifyPasswords,
  verifyToken,
  type UserStore,
} from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const throwing = new Proxy(
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

/** One value of each kind that is not a string. */
const NO_TEXTS: [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["a number", 42],
  ["NaN", Number.NaN],
  ["a bigint", 42n],
  ["a boolean", true],
  ["a symbol", Symbol("secret")],
  ["an object", {}],
  ["an object like a string", { length: 4, charCodeAt: () => 0x41, toString: () => "text" }],
  ["a String object", new String("text")],
  ["an array", ["text"]],
  ["bytes", new Uint8Array([1, 2, 3])],
  ["a function", () => "text"],
  ["a promise", Promise.resolve("text")],
  ["a proxy that throws", throwing],
  ["a text of 100 MiB", "x".repeat(100 * 1024 * 1024)],
];

const settings = { SECRET_KEY, BCRYPT_COST: 10 };

/** Calls with a wrong argument while three logins are in flight. The logins must succeed. */
async function duringLogins(name: string, call: () => Promise<unknown>): Promise<unknown> {
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

const HASH = await hashPassword("secret", { cost: 10 });

/** A `TypeError`, or a `RangeError` for a text that is too long; never a trap, and never the value itself. */
function assertRefused(name: string, result: unknown): void {
  assert(result instanceof TypeError || result instanceof RangeError, `${name}: ${String(result)}`);
  assert(!(result instanceof WebAssembly.RuntimeError), name);
  assert(!/secret|text"/.test(result.message), `${name}: ${result.message}`);
}

for (const [kind, value] of NO_TEXTS) {
  const wrong = value as string;
  test(`${kind} where a text belongs`, async () => {
    const gate = createGate(settings, memoryUsers());
    for (const [name, call] of Object.entries({
      "login password": () => gate.login({ username: "a@example.com", password: wrong }),
      "login username": () => gate.login({ username: wrong, password: "secret" }),
      hashPassword: () => hashPassword(wrong, { cost: 10 }),
      "verifyPassword password": () => verifyPassword(wrong, HASH),
      "verifyPassword hash": () => verifyPassword("secret", wrong),
      hashPasswords: () => hashPasswords(["secret", wrong], { cost: 10 }),
      "verifyPasswords password": () => verifyPasswords([{ password: wrong, hash: HASH }]),
      "verifyPasswords hash": () => verifyPasswords([{ password: "secret", hash: wrong }]),
    })) {
      assertRefused(`${name}, ${kind}`, await duringLogins(name, call));
    }
    for (const [name, call] of Object.entries({
      verifyToken: () => verifyToken(wrong, settings),
      "gate.verifyToken": () => gate.verifyToken(wrong),
      currentUser: () => gate.currentUser(wrong),
      refresh: () => gate.refresh(wrong),
    })) {
      const verdict = (await duringLogins(name, call)) as { outcome: string; reason: string };
      assert.equal(verdict.outcome, "refused", `${name}, ${kind}`);
      assert.match(verdict.reason, /^[a-z-]+$/);
    }
    const loggedOut = await gate.logOut(wrong);
    assert.equal(loggedOut.outcome, "refused");
  });
}

test("wrong values of every other kind of argument", async () => {
  const gate = createGate(settings, memoryUsers());
  const is = <T>(value: unknown) => value as T;
  for (const [kind, value] of NO_TEXTS.filter(([kind]) => !kind.includes("object") && kind !== "an array")) {
    for (const [name, call] of Object.entries({
      "cost": () => (value === undefined || typeof value === "number" ? Promise.reject(new TypeError("may be left out, or is judged by the core")) : hashPassword("secret", { cost: is(value) })),
      "issueToken settings": () => (typeof value === "object" && value !== null ? Promise.reject(new TypeError("an object is read")) : issueToken(1, is(value))),
      "hashPasswords list": () => hashPasswords(is(value)),
      "verifyPasswords list": () => verifyPasswords(is(value)),
      "verifyPasswords pair": () => verifyPasswords([is(value)]),
      "login credentials": () => gate.login(is(value)),
    })) {
      const result = await duringLogins(name, call);
      assert(result instanceof Error && !(result instanceof WebAssembly.RuntimeError), `${name}, ${kind}: ${String(result)}`);
    }
  }
  for (const cost of [Number.NaN, 1.5, -1, 9, 15, Infinity]) {
    const error = await hashPassword("secret", { cost }).catch((error: unknown) => error);
    assert(error instanceof EdgegateError && error.code === "cost-out-of-range", String(cost));
  }
  for (const id of [Number.NaN, 1.5, 2 ** 53, Infinity, 2n ** 53n, 2n ** 80n, ""]) {
    const error = await issueToken(is(id), settings).catch((error: unknown) => error);
    assert(error instanceof EdgegateError && error.code === "claim:user_id", String(id));
  }
  for (const id of [undefined, null, {}, [], true, Symbol("7"), () => 7, new Uint8Array(1), throwing]) {
    assertRefused("issueToken", await duringLogins("issueToken", () => issueToken(is(id), settings)));
  }
  for (const claims of [["role"], "role", 7, () => ({}), Symbol("role")]) {
    const error = await issueToken(1, settings, { claims: is<object>(claims) }).catch((error: unknown) => error);
    assert(error instanceof EdgegateError && error.code === "claims", String(claims));
  }
  for (const claims of [{ role: 1n }, throwing]) {
    const error = await duringLogins("claims", () => issueToken(1, settings, { claims: is<object>(claims) }));
    assert(error instanceof Error && !(error instanceof WebAssembly.RuntimeError));
  }
  stopWork(is(1n));
  stopWork(is(0n));
  assert.equal(await verifyPassword("secret", HASH), true, "nothing above has replaced the instance for good");
});

test("a value that is not a request is answered 500 and logged", async () => {
  const entries: unknown[] = [];
  const gate = createGate(settings, memoryUsers(), (entry) => entries.push(entry));
  const requests = [undefined, null, 42, "http://localhost/login", {}, { url: 42, method: 42, headers: {} }, throwing];
  for (const request of requests) {
    const response = (await duringLogins("fetch", () => gate.fetch(request as Request))) as Response;
    assert.equal(response.status, 500);
  }
  assert.equal(entries.length, requests.length);
});

test("settings and stores of a wrong type are refused at once", () => {
  for (const wrong of [undefined, null, 42, "text"]) {
    assert.throws(() => createGate(wrong as never, memoryUsers()), TypeError);
    assert.throws(() => createGate(settings, wrong as never), TypeError);
  }
});

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
  [{ ...good, tokens_valid_after: 1.5 }, "tokens_valid_after"],
  [{ ...good, tokens_valid_after: "0" }, "tokens_valid_after"],
  [[], "id"],
];

test("an invalid row is 503, its column is logged, and other requests are unaffected", async () => {
  for (const [row, column] of ROWS) {
    const entries: { reason: string }[] = [];
    const store: UserStore = { ...memoryUsers(), userByEmail: async () => row as never };
    const gate = createGate(settings, store, (entry) => entries.push(entry));
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    const request = new Request("http://localhost/login", { method: "POST", body });
    const response = (await duringLogins(column, () => gate.fetch(request))) as Response;
    assert.deepEqual([response.status, await response.text()], [503, '{"detail":"Service Unavailable"}'], column);
    assert.deepEqual(entries.map(({ reason }) => reason), [`invalid-row:${column}`]);
    assert(!JSON.stringify(entries).includes(HASH));
  }
});

test("a row that is not an object, or throws when read, counts as a failed store", async () => {
  for (const row of [42, "row", true, () => good, throwing, { ...good, extra: throwing }]) {
    const entries: { reason: string }[] = [];
    const store: UserStore = { ...memoryUsers(), userByEmail: async () => row as never };
    const gate = createGate(settings, store, (entry) => entries.push(entry));
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
    balance: 7,
    note: undefined,
  });
});

test("a token whose id JavaScript would round is refused, not rounded", async () => {
  const { createHmac } = await import("node:crypto");
  const part = (text: string) => Buffer.from(text).toString("base64url");
  const message = `${part('{"alg":"HS256","typ":"JWT"}')}.${part('{"user_id":9007199254740993,"exp":4102444800}')}`;
  const token = `${message}.${createHmac("sha256", SECRET_KEY).update(message).digest("base64url")}`;
  assert.deepEqual(await verifyToken(token, settings), { outcome: "refused", reason: "claim:user_id" });
  const asked: unknown[] = [];
  const store: UserStore = { ...memoryUsers(), userById: async (id) => (asked.push(id), null) };
  const current = await createGate(settings, store).currentUser(`Bearer ${token}`);
  assert.deepEqual([current, asked], [{ outcome: "refused", reason: "user-gone" }, []]);
});
