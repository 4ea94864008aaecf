// The wasm module of password hashes, and the class that calls it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Schemes, type SchemeFault } from "../lib/schemes.js";

const repository = new URL("../../", import.meta.url);
const module = new WebAssembly.Module(readFileSync(new URL("../wasm/schemes.wasm", import.meta.url)));
const schemes = new Schemes(module);

interface Vector {
  library: string;
  stored: string;
  password: string;
}

const vectors = (name: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`schemes/tests/vectors/${name}.json`, repository), "utf8")) as Vector[];

/** A cheap hash of "password". */
const CHEAP = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

const COST = { memory: 64, passes: 1, lanes: 1 };

for (const [name, count] of [["vectors", 103], ["better-auth", 5], ["reference", 21], ["firebase", 2]] as const) {
  test(`the vectors of ${name}.json`, async () => {
    const all = vectors(name);
    assert.equal(all.length, count);
    for (const { library, stored, password } of all) {
      assert.equal(await schemes.verify(password, stored), true, `${library} ${stored}`);
      assert.equal(await schemes.verify(`${password}!`, stored), false, `${library} ${stored}`);
    }
  });
}

test("1000 random inputs of Argon2 have the tags that the crate argon2 computes", async () => {
  const seed = String(Math.floor(Math.random() * 2 ** 32));
  const args = ["run", "--quiet", "--package", "edgegate-schemes", "--example", "tags", seed, "1000"];
  const lines = execFileSync("cargo", args, { cwd: repository, encoding: "utf8", maxBuffer: 1 << 24 }).trim().split("\n");
  assert.equal(lines.length, 1000);
  const kinds = new Set<string>();
  for (const line of lines) {
    const { password, stored, wrong } = JSON.parse(line) as { password: string; stored: string; wrong: string };
    assert.equal(await schemes.verify(password, stored), true, `seed ${seed}: ${line}`);
    assert.equal(await schemes.verify(password, wrong), false, `seed ${seed}: ${line}`);
    kinds.add(/^\$argon2i?d?\$(v=\d+)?/.exec(stored)?.[0] ?? "");
  }
  assert.equal(kinds.size, 6, "each variant in both versions");
});

test("what is made is verified, has a salt of its own, and is described", async () => {
  const hash = async (...args: Parameters<Schemes["hash"]>): Promise<string> => {
    const made = await schemes.hash(...args);
    assert(typeof made === "object", String(made));
    return made.stored;
  };
  const [one, other] = [await hash("pässwörd", { memory: 1000, passes: 2, lanes: 3 }), await hash("pässwörd", { memory: 1000, passes: 2, lanes: 3 })];
  assert.match(one, /^\$argon2id\$v=19\$m=1000,t=2,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(one.split("$")[4], other.split("$")[4]);
  assert.equal(await schemes.verify("pässwörd", one), true);
  assert.equal(await schemes.verify("passwörd", one), false);
  assert.deepEqual(await schemes.describe(one), { kind: "argon2", cost: { memory: 1000, passes: 2, lanes: 3 } });
  assert.match(await hash("password"), /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
});

test("each form is described", async () => {
  const hex = "0".repeat(128);
  for (const [stored, expected] of [
    [CHEAP, { kind: "argon2", cost: { memory: 256, passes: 2, lanes: 1 } }],
    [CHEAP.replace("v=19$", ""), { kind: "argon2" }],
    [CHEAP.replace("argon2id", "argon2i"), { kind: "argon2" }],
    [`pbkdf2_sha256$1$s$${"A".repeat(43)}=`, { kind: "django-pbkdf2" }],
    [`pbkdf2:sha256:1$s$${"0".repeat(64)}`, { kind: "werkzeug-pbkdf2" }],
    [`scrypt:2:1:1$s$${hex}`, { kind: "werkzeug-scrypt" }],
    [`ab:${hex}`, { kind: "better-auth" }],
    [vectors("firebase")[0]?.stored ?? "", { kind: "firebase-scrypt" }],
    ["$2b$12$abcdefghijklmnopqrstuu", "unknown"],
    ["", "unknown"],
    ["a".repeat(1025), "unknown"],
    ["é".repeat(513), "unknown"],
    ["$argon2id$", "malformed"],
    [CHEAP.replace("m=256", "m=65537"), "too-costly"],
  ] as const) {
    assert.deepEqual(await schemes.describe(stored), expected, stored);
    if (typeof expected === "string") assert.equal(await schemes.verify("password", stored), expected, stored);
  }
});

test("limits and types of the arguments", async () => {
  const longest = "é".repeat(2048);
  const made = await schemes.hash(longest, COST);
  assert(typeof made === "object");
  assert.equal(await schemes.verify(longest, made.stored), true);
  for (const longer of [`${longest}a`, "a".repeat(4097), "€".repeat(1366)]) {
    assert.equal(await schemes.verify(longer, made.stored), "password-too-long");
    assert.equal(await schemes.hash(longer, COST), "password-too-long");
  }
  for (const [cost, expected] of [
    [{ memory: 7 }, "malformed"],
    [{ memory: 0 }, "malformed"],
    [{ memory: 64.5 }, "malformed"],
    [{ memory: NaN }, "malformed"],
    [{ memory: -64 }, "malformed"],
    [{ memory: undefined as unknown as number }, "malformed"],
    [{ memory: 65_537 }, "too-costly"],
    [{ memory: 2 ** 32 + 64 }, "too-costly"],
    [{ passes: 17 }, "too-costly"],
    [{ lanes: 17, memory: 1024 }, "too-costly"],
    [{ memory: 65_536, passes: 9 }, "too-costly"],
  ] as const) {
    assert.equal(await schemes.hash("password", { ...COST, ...cost }), expected, JSON.stringify(cost));
  }
  for (const wrong of [undefined, null, 42, {}, ["password"], Symbol("a"), 1n] as unknown as string[]) {
    await assert.rejects(schemes.verify(wrong, CHEAP), TypeError);
    await assert.rejects(schemes.verify("password", wrong), TypeError);
    await assert.rejects(schemes.describe(wrong), TypeError);
    await assert.rejects(schemes.hash(wrong), TypeError);
    if (wrong === undefined || typeof wrong === "number") continue;
    await assert.rejects(schemes.hash("password", { ...COST, passes: wrong as unknown as number }), TypeError);
  }
  await assert.rejects(schemes.verify("\ud800", CHEAP), TypeError);
});

test("raw calls with any numbers give an error and do not trap", () => {
  const wasm = new WebAssembly.Instance(module).exports as unknown as {
    memory: WebAssembly.Memory;
    input(): number;
    verify(a: number, b: number): number;
    make(a: number, b: number, c: number, d: number): number;
    describe(a: number): number;
  };
  const numbers = [0, 1, -1, 1024, 1025, 4096, 4097, 2 ** 31, -(2 ** 31), 65_536];
  for (const a of numbers) {
    assert(wasm.describe(a) < 0);
    for (const b of numbers) {
      assert(wasm.verify(a, b) < 0);
      for (const c of numbers) assert(wasm.make(a, b, c, 17) < 0);
    }
  }
  const bytes = new Uint8Array(wasm.memory.buffer, wasm.input(), 4096 + 1024);
  bytes.fill(0xff);
  assert.equal(wasm.verify(4, 100), -1, "bytes that are no UTF-8");
});

test("a call wipes all memory that it has used", () => {
  const wasm = new WebAssembly.Instance(module).exports as unknown as {
    memory: WebAssembly.Memory;
    input(): number;
    verify(a: number, b: number): number;
  };
  const before = new Uint8Array(wasm.memory.buffer).slice();
  for (const { stored, password } of [...vectors("firebase"), ...vectors("better-auth"), ...vectors("vectors").slice(0, 60)]) {
    const secret = new TextEncoder().encode(password.normalize("NFKC"));
    const text = new TextEncoder().encode(stored);
    const memory = new Uint8Array(wasm.memory.buffer);
    memory.set(secret, wasm.input());
    memory.set(text, wasm.input() + 4096);
    assert(wasm.verify(secret.length, text.length) >= 0, stored);
    const after = new Uint8Array(wasm.memory.buffer);
    let changed = 0;
    for (let at = 0; at < after.length; at += PAGE) {
      const [page, expected] = [after.subarray(at, at + PAGE), at < before.length ? before.subarray(at, at + PAGE) : new Uint8Array(PAGE)];
      if (Buffer.compare(page, expected) === 0) continue;
      changed += page.reduce((count, byte, at) => count + Number(byte !== expected[at]), 0);
    }
    assert(changed <= FRAME_BYTES, `${changed} bytes: ${stored}`);
  }
});

const PAGE = 65_536;

/** What the frames of the functions that wipe keep: addresses. */
const FRAME_BYTES = 32;

test("without memory there is an error, and the next call works", () => {
  // The maximum in the binary: 2 pages instead of 1040 (LEB128 90 08).
  const wasm = readFileSync(new URL("../wasm/schemes.wasm", import.meta.url));
  const at = wasm.indexOf(Buffer.from([0x90, 0x08]), 8);
  assert(at > 0);
  wasm.set([0x83, 0x00], at);
  const small = new Schemes(new WebAssembly.Module(wasm));
  return (async () => {
    assert.equal(await small.hash("password"), "no-memory");
    assert.equal(await small.verify("password", `scrypt:32768:8:1$s$${"0".repeat(128)}`), "no-memory");
    assert.equal(await small.verify("password", `ab:${"0".repeat(128)}`), "no-memory");
    assert.equal(await small.verify("password", CHEAP.replace("m=256", "m=4096")), "no-memory");
    assert.equal(typeof (await small.hash("password", COST)), "object");
  })();
});

test("callers are answered in their order, one in a turn of the event loop; those beyond 64 are refused", async () => {
  const order: number[] = [];
  let turns = 0;
  let isRunning = true;
  const count = (): void => {
    turns += 1;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  const calls = Array.from({ length: 100 }, async (_, at) => {
    const verdict = await schemes.verify(at % 2 ? "wrong" : "password", CHEAP);
    if (verdict === "busy") return at;
    assert.equal(verdict, at % 2 === 0);
    order.push(at);
    return undefined;
  });
  const refused = (await Promise.all(calls)).filter((at) => at !== undefined);
  isRunning = false;
  // Some places become free while a caller makes sure that those who wait are alive.
  assert(order.length >= 64 && order.length <= 70, `${order.length} answered`);
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  assert(refused.every((at) => at >= 64), String(refused));
  assert(turns >= order.length, `${turns} turns for ${order.length} hashes`);
});

test("a caller that never wakes does not hold a place", async () => {
  const own = new Schemes(module);
  // A module that never arrives: as a request that was cancelled while it waited.
  let hangs = true;
  const cancelled = new Schemes(() => (hangs ? new Promise<WebAssembly.Module>(() => {}) : module));
  for (let at = 0; at < 64; at += 1) void cancelled.verify("password", CHEAP);
  hangs = false;
  assert.equal(await cancelled.verify("password", CHEAP), true);
  assert.equal(await own.verify("password", CHEAP), true);
});

test("callers that wait for the module do not get round the bound", async () => {
  let arrive: (module: WebAssembly.Module) => void = () => {};
  const loading = new Promise<WebAssembly.Module>((resolve) => (arrive = resolve));
  const own = new Schemes(() => loading);
  const verdicts = Array.from({ length: 200 }, () => own.verify("password", CHEAP));
  arrive(module);
  const busy = (await Promise.all(verdicts)).filter((verdict) => verdict === "busy").length;
  // A few places become free while the others look for callers that were cancelled.
  assert(busy > 100 && busy <= 136, String(busy));
});

test("the module is asked for when it is needed, and an error of the source reaches the caller", async () => {
  let asked = 0;
  const lazy = new Schemes(async () => {
    asked += 1;
    if (asked === 1) throw new Error("offline");
    return module;
  });
  assert.equal(asked, 0);
  await assert.rejects(lazy.verify("password", CHEAP), /offline/);
  assert.equal(await lazy.verify("password", CHEAP), true);
  assert.equal(await lazy.verify("password", CHEAP), true);
  assert.equal(asked, 2);
});

test("20 hashes of 64 MiB take the memory of one", async () => {
  const own = new Schemes(module);
  const sizes: number[] = [];
  for (let at = 0; at < 20; at += 1) {
    const fault: SchemeFault | { stored: string } = await own.hash("password");
    assert.equal(typeof fault, "object");
    sizes.push(process.memoryUsage.rss());
  }
  const [first = 0] = sizes;
  // A second instance may live until it is collected.
  assert(Math.max(...sizes) - first < 100 * 2 ** 20, sizes.map((size) => size >> 20).join(" "));
});
