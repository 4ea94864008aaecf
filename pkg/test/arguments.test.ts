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
import { duringLogins, HASH, settings, throwing } from "./inflight.ts";
import { memoryUsers, SECRET_KEY } from "./users.ts";

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
    for (const call of [() => gate.logOut(wrong), () => gate.sessions(wrong), () => gate.endSession(wrong, wrong), () => gate.revoke(wrong)]) {
      assert.equal((await call()).outcome, "refused");
    }
  });
}

test("wrong values of every other kind of argument", async () => {
  const gate = createGate(settings, memoryUsers());
  const is = <T>(value: unknown) => value as T;
  for (const [id, expected] of [[7n, 7], [-7n, -7], [2n ** 53n - 1n, 2 ** 53 - 1]] as const) {
    const token = (await duringLogins("a bigint", () => issueToken(is(id), settings))) as string;
    const verdict = await verifyToken(token, settings);
    assert.equal(verdict.outcome === "accepted" && verdict.userId, expected);
  }
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
    const error = await duringLogins("issueToken", () => issueToken(is(id), settings));
    assert(error instanceof EdgegateError && error.code === "claim:user_id", `${String(id)}: ${String(error)}`);
  }
  for (const id of [undefined, null, {}, [], true, Symbol("7"), () => 7, new Uint8Array(1), throwing]) {
    assertRefused("issueToken", await duringLogins("issueToken", () => issueToken(is(id), settings)));
  }
  for (const claims of [["role"], "role", 7, () => ({}), Symbol("role")]) {
    const error = await issueToken(1, settings, { claims: is<object>(claims) }).catch((error: unknown) => error);
    assert(error instanceof EdgegateError && error.code === "claims", String(claims));
  }
  assertRefused("claims", await issueToken(1, settings, { claims: { role: "x".repeat(1024 * 1024) } }).catch((error: unknown) => error));
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
  const gate = createGate(settings, memoryUsers(), { log: (entry) => entries.push(entry) });
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

test("a setting that cannot be read is an error and does not count as unset", async () => {
  const token = await issueToken(1, settings);
  const throwing = () => {
    throw new Error("the setting cannot be read");
  };
  for (const wrong of [{}, Object.create(null), [], () => "api", Symbol("api"), 1n, { toString: () => "api" }]) {
    const error = await duringLogins("setting", () => verifyToken(token, { ...settings, JWT_AUDIENCE: wrong as string }));
    assert(error instanceof TypeError && /JWT_AUDIENCE/.test(error.message), String(error));
  }
  const env = Object.defineProperty({ ...settings }, "JWT_AUDIENCE", { get: throwing });
  assert(/cannot be read/.test(String(await duringLogins("getter", () => verifyToken(token, env)))));
  const { proxy, revoke } = Proxy.revocable({ ...settings }, {});
  revoke();
  assert((await duringLogins("revoked proxy", () => verifyToken(token, proxy))) instanceof TypeError);
  assert.equal((await verifyToken(token, { ...settings, JWT_AUDIENCE: undefined } as never)).outcome, "accepted");
  assert.equal((await verifyToken(token, { ...settings, JWT_AUDIENCE: null } as never)).outcome, "accepted");
});

test("a number that is none is an invalid setting and does not count as unset", async () => {
  const token = await issueToken(1, settings);
  for (const wrong of [Number.NaN, Infinity, -Infinity]) {
    const error = await verifyToken(token, { ...settings, JWT_MAX_AGE_SECONDS: wrong }).catch((error: unknown) => error);
    assert(error instanceof EdgegateError && /JWT_MAX_AGE_SECONDS/.test(error.message), `${wrong}: ${JSON.stringify(error)}`);
  }
  assert.deepEqual(await verifyToken(token, { ...settings, JWT_MAX_AGE_SECONDS: 60 }), { outcome: "refused", reason: "claim:iat" });
});

test("settings whose getters use the library get their own keys", async () => {
  const [ours, theirs] = [{ SECRET_KEY, JWT_ISSUER: "a" }, { SECRET_KEY: SECRET_KEY.replace("a", "b"), JWT_ISSUER: "b" }];
  const reading = { ...ours, get REFRESH_TOKEN_EXPIRE_MINUTES() { void verifyToken("x", theirs); return undefined; } };
  const token = await issueToken(1, reading as never);
  assert.equal((await verifyToken(token, ours)).outcome, "accepted");
  assert.deepEqual(await verifyToken(token, theirs), { outcome: "refused", reason: "signature" });
  assert.equal((await verifyToken(await issueToken(1, theirs), reading as never)).outcome, "refused");
});

test("lists with holes, overridden methods or too much text are refused", async () => {
  const species = class extends Array { static override get [Symbol.species]() { return class { length = 5; } as never; } };
  const lists: [string, unknown][] = [
    ["a hole", [, "secret"]],
    ["holes only", new Array(3)],
    ["a number", ["secret", 42]],
    ["too many", new Proxy([], { get: (_, name) => (name === "length" ? 2 ** 32 : "secret") })],
    ["too much", Array.from({ length: 5000 }, () => "x".repeat(2 ** 20))],
    ["a lone surrogate", ["\ud800"]],
  ];
  for (const [kind, list] of lists) {
    assertRefused(kind, await duringLogins(kind, () => hashPasswords(list as string[])));
    const pairs = Array.isArray(list) && kind !== "too many" ? list.map((password) => ({ password, hash: HASH })) : list;
    assertRefused(kind, await duringLogins(kind, () => verifyPasswords(pairs as never)));
  }
  for (const list of [species.from(["secret"]), Object.assign(["secret"], { map: () => [42] })]) {
    assert.equal(((await duringLogins("methods of its own", () => hashPasswords(list, { cost: 10 }))) as string[]).length, 1);
  }
});

test("headers that return a value other than a string have no token", async () => {
  const gate = createGate({ ...settings, REVOCATION: "on" }, memoryUsers());
  for (const value of [42, {}, true, Symbol("token"), 5n, [], "x".repeat(2 ** 21)]) {
    const headers = Object.assign(new Headers(), { get: () => value });
    assert.deepEqual(await duringLogins("currentUser", () => gate.currentUser(headers)), { outcome: "refused", reason: "no-token" });
    assert.deepEqual(await duringLogins("logOut", () => gate.logOut(headers)), { outcome: "refused", reason: "no-token" });
  }
});

test("the real length of a body's chunk counts, whatever its `length` returns", async () => {
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  const lying = (length: number) => class extends Uint8Array { override get length() { return length; } };
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const shared = new Uint8Array(new SharedArrayBuffer(64));
  for (const chunk of [new (lying(8))(10_000), new (lying(2 ** 31))(8), new (lying(0))(100), detached, shared]) {
    const body = new ReadableStream({ start(stream) { stream.enqueue(chunk); stream.close(); } });
    const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/x-www-form-urlencoded" } };
    const response = (await duringLogins("body", () => gate.fetch(new Request("http://localhost/login", init as RequestInit)))) as Response;
    assert([422, 413, 500].includes(response.status), String(response.status));
  }
});

test("claims may start with white space", async () => {
  const { createHmac } = await import("node:crypto");
  const part = (text: string) => Buffer.from(text).toString("base64url");
  const message = `${part('{"alg":"HS256","typ":"JWT"}')}.${part(' \n{"user_id":1,"exp":4102444800}')}`;
  const token = `${message}.${createHmac("sha256", SECRET_KEY).update(message).digest("base64url")}`;
  assert.deepEqual(await verifyToken(token, settings), { outcome: "accepted", issuer: "own", userId: 1, claims: { user_id: 1, exp: 4102444800 } });
});

test("a failed log, and a store that rejects with any value, do not fail a request", async () => {
  const rejecting = (reason: unknown): UserStore => ({ ...memoryUsers(), userByEmail: () => Promise.reject(reason) });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const request = () => {
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    return new Request("http://localhost/login", { method: "POST", body });
  };
  const { error } = console;
  console.error = () => {};
  try {
    for (const reason of [Object.create(null), proxy, Object.assign(new Error(), { message: 1n }), null, undefined]) {
      assert.equal((await createGate(settings, rejecting(reason)).fetch(request())).status, 503);
    }
  } finally {
    console.error = error;
  }
  const failing = createGate(settings, rejecting(new Error("down")), {
    log: () => {
      throw new Error("the log is down");
    },
  });
  assert.equal((await failing.fetch(request())).status, 503);
});

test("a token that verification would refuse for its length is not issued", async () => {
  const claims = (length: number) => ({ claims: { note: "x".repeat(length) } });
  const token = await issueToken(1, settings, claims(5900));
  assert.equal((await verifyToken(token, settings)).outcome, "accepted");
  const error = await issueToken(1, settings, claims(6200)).catch((error: unknown) => error);
  assert(error instanceof EdgegateError && error.code === "token-too-long", String(error));
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

test("a text of 1 MiB is read, and lists to 4 MiB and a million entries", async () => {
  const MIB = 1024 * 1024;
  assert.equal(await verifyPassword("x".repeat(MIB), HASH), false);
  await assert.rejects(verifyPassword("x".repeat(MIB + 1), HASH), RangeError);
  const pairs = Array.from({ length: 4 }, () => ({ password: "x".repeat(MIB - HASH.length), hash: HASH }));
  assert.deepEqual(await verifyPasswords(pairs), [false, false, false, false]);
  await assert.rejects(verifyPasswords([...pairs, { password: "x", hash: "" }]), RangeError);
  await assert.rejects(hashPasswords(new Array<string>(1_000_000)), TypeError);
  await assert.rejects(hashPasswords(new Array<string>(1_000_001)), RangeError);
});

test("half of a surrogate pair is no id, a cost is a number, and a token may be too long", async () => {
  await assert.rejects(issueToken("\ud800", { SECRET_KEY }), TypeError);
  await assert.rejects(hashPasswords(["secret"], { cost: "10" as never }), /cost must be a number/);
  assert.match((await hashPasswords(["secret"], { cost: 10 }))[0] ?? "", /^\$2b\$10\$/);
  const long = await verifyToken("x".repeat(1024 * 1024 + 1), { SECRET_KEY });
  assert.deepEqual(long, { outcome: "refused", reason: "token-too-long" });
});

test("settings are read once", async () => {
  let reads = 0;
  const settings = {
    get SECRET_KEY() {
      reads += 1;
      return SECRET_KEY;
    },
  };
  const token = await issueToken(7, settings);
  assert.equal((await verifyToken(token, settings)).outcome, "accepted");
  assert.equal(reads, 1);
});
