// After a trap the memory of the instance is untrusted. The next call must use a new instance, and objects of the old
// one must do no harm.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGate, hashPassword, verifyPassword, type UserStore } from "../lib/inline.js";
import { call, Handle } from "../lib/instance.js";
import { glue } from "../lib/glue.js";
import { memoryUsers, SECRET_KEY } from "./users.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** An out-of-bounds read inside wasm, through an object with an invalid address. */
function trap(): void {
  const nowhere = Object.create(glue.Turn.prototype) as { __wbg_ptr: number; step(): unknown };
  nowhere.__wbg_ptr = 0x7fff_fff0;
  assert.throws(() => call(() => nowhere.step()), WebAssembly.RuntimeError);
}

test("after a trap everything works again, finalizers included", async () => {
  const gate = createGate({ SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open" }, memoryUsers());
  const token = await gate.issueToken(1);
  for (let round = 0; round < 5; round += 1) {
    // Unreferenced gates: their finalizers run after the instance that made them was replaced.
    await Promise.all(Array.from({ length: 50 }, () => createGate({ SECRET_KEY }, memoryUsers()).issueToken(1)));
    trap();
    collectGarbage();
    await sleep(5);
    const hash = await hashPassword("secret", { cost: 10 });
    assert.equal(await verifyPassword("secret", hash), true);
    assert.equal((await gate.verifyToken(token)).outcome, "accepted");
  }
});

test("the settings of a gate are those that it was first used with, after a trap too", async () => {
  const env: { SECRET_KEY?: string } = { SECRET_KEY };
  const gate = createGate(env, memoryUsers());
  const token = await gate.issueToken(1);
  delete env.SECRET_KEY;
  trap();
  assert.equal((await gate.verifyToken(token)).outcome, "accepted");
});

test("a request interrupted by the trap is 500, and the next one works", async () => {
  const users = memoryUsers();
  let breakDown = true;
  const store: UserStore = {
    ...users,
    async userByEmail(email, columns) {
      if (breakDown) trap();
      return users.userByEmail(email, columns);
    },
  };
  const gate = createGate({ SECRET_KEY, BCRYPT_COST: 10 }, store, { log: () => {} });
  await users.insertUser({ email: "a@example.com", password: await hashPassword("secret", { cost: 10 }) });
  const logIn = () => {
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    return gate.fetch(new Request("http://localhost/login", { method: "POST", body }));
  };
  const broken = await logIn();
  assert.deepEqual([broken.status, await broken.text()], [500, '{"detail":"Internal Server Error"}']);
  breakDown = false;
  assert.equal((await logIn()).status, 200);
});

test("an object is freed once, and not after its instance was replaced", async () => {
  const frees = new Map<object, number>();
  const prototypes = [glue.Lanes.prototype, glue.Turn.prototype];
  const originals = prototypes.map(({ free }) => free);
  prototypes.forEach((prototype, at) => {
    prototype.free = function (this: never) {
      frees.set(prototype, (frees.get(prototype) ?? 0) + 1);
      originals[at]?.call(this);
    };
  });
  try {
    const hash = await hashPassword("secret", { cost: 10 });
    assert.equal(await verifyPassword("secret", hash), true);
    assert.deepEqual([...frees.values()], [2, 2], "the lanes and the turn of each call");
    const [twice, dead] = [0, 1].map(() => new Handle(() => new glue.Lanes())) as [Handle<InstanceType<typeof glue.Lanes>>, Handle<InstanceType<typeof glue.Lanes>>];
    twice.free();
    twice.free();
    assert.equal(frees.get(glue.Lanes.prototype), 3);
    trap();
    dead.free();
    assert.equal(frees.get(glue.Lanes.prototype), 3);
  } finally {
    prototypes.forEach((prototype, at) => Object.assign(prototype, { free: originals[at] }));
  }
});

test("after a stack overflow inside wasm the next call works", async () => {
  const hash = await hashPassword("secret", { cost: 10 });
  const gate = createGate({ SECRET_KEY }, memoryUsers());
  let failures = 0;
  const deeper = (depth: number): void => {
    if (depth > 0) return deeper(depth - 1);
    try {
      call(() => new glue.Gate({ SECRET_KEY }, "", false, false, false).verifyToken("a.b.c"));
    } catch {
      failures += 1;
    }
  };
  for (let depth = 5000; depth < 14000; depth += 50) {
    try {
      deeper(depth);
    } catch {
      break;
    }
  }
  assert(failures > 0, "the stack never ran out in a call");
  assert.equal(await verifyPassword("secret", hash), true);
  assert.equal((await gate.verifyToken(await gate.issueToken(1))).outcome, "accepted");
});

test("after a terminated call the next call gets a new instance, which is not busy", async () => {
  const hash = await hashPassword("secret", { cost: 10 });
  for (let round = 0; round < 3; round += 1) {
    const [list, timeout] = [new Handle(() => new glue.HashList(["a", "b", "c", "d"], 14)), 20];
    const step = () => list.call((list) => list.step());
    assert.throws(() => runInNewContext("step()", { step }, { timeout }), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    assert.equal(await verifyPassword("secret", hash), true);
    assert.equal(await verifyPassword("wrong", hash), false);
    assert.equal(list.isCurrent, false, "its memory is not trusted");
  }
});

test("after a stack overflow during a replacement, the glue's views belong to the current instance", () => {
  const script = fileURLToPath(new URL("trap.stack.mjs", import.meta.url));
  for (let size = 800; size < 860; size += 6) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`--stack-size=${size}`, script], { encoding: "utf8" });
    assert.equal(status, 0, `stack size ${size}: ${stdout}${stderr}`);
  }
});
