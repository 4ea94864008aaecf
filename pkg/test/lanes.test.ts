import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createGate, EdgegateError, hashPassword, hashPasswords, stopWork, verifyPassword, verifyPasswords, type UserStore } from "../lib/inline.js";
import { glue } from "../lib/glue.js";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const cost = 10;

/** `secret` at bcrypt's least cost, for tests with many callers. */
const QUICK = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

/** The sizes of the batches that are computed during `work`. */
async function batchesOf(work: (sizes: number[]) => Promise<void>): Promise<void> {
  const { add, run } = glue.Lanes.prototype;
  const sizes: number[] = [];
  let lanes = 0;
  glue.Lanes.prototype.add = function (turn) {
    return (lanes = add.call(this, turn));
  };
  glue.Lanes.prototype.run = function () {
    sizes.push(lanes);
    run.call(this);
  };
  try {
    await work(sizes);
  } finally {
    Object.assign(glue.Lanes.prototype, { add, run });
  }
}

const gateWith = async (count: number, more = {}) => {
  const hash = await hashPassword("secret", { cost });
  const rows = Array.from({ length: count }, (_, at) => ({ id: at + 1, email: `u${at + 1}@example.com`, password: hash, created_at: "" }));
  return { rows, gate: createGate({ SECRET_KEY, BCRYPT_COST: cost, RATE_LIMIT: "off", ...more }, memoryUsers(rows), { log: () => {} }) };
};

test("a single login is computed at once; concurrent logins share the lanes", async () => {
  const { gate } = await gateWith(8);
  await batchesOf(async (sizes) => {
    await gate.login({ username: "u1@example.com", password: "secret" });
    assert.deepEqual(sizes, [1]);
    const logins = Array.from({ length: 8 }, (_, at) => gate.login({ username: `u${at + 1}@example.com`, password: at % 2 ? "wrong" : "secret" }));
    for (const [at, login] of (await Promise.all(logins)).entries()) {
      if (at % 2) assert.deepEqual(login, { outcome: "refused", reason: "wrong-password" });
      else {
        assert(login.outcome === "accepted");
        const verdict = await gate.verifyToken(login.access_token);
        assert(verdict.outcome === "accepted" && verdict.claims.user_id === at + 1, "each gets its own answer");
      }
    }
    assert.deepEqual(sizes, [1, 3, 3, 2]);
  });
});

test("a login that upgrades its hash computes the new one after its answer", async () => {
  const { rows, gate } = await gateWith(1, { BCRYPT_COST: 11, REHASH: "on" });
  await batchesOf(async (sizes) => {
    const later: Promise<unknown>[] = [];
    const login = await gate.login({ username: "u1@example.com", password: "secret" }, { waitUntil: (promise) => later.push(promise) });
    assert.deepEqual([login.outcome, sizes], ["accepted", [1]]);
    await Promise.all(later);
    assert.deepEqual(sizes, [1, 1]);
    // The store of these tests has no `replaceHash`, which does not refuse the login.
    assert.match(rows[0]?.password ?? "", /^\$2b\$10\$/);
  });
});

test("passwords verified or hashed at once share the lanes", async () => {
  const hash = await hashPassword("secret", { cost });
  await batchesOf(async (sizes) => {
    // In a turn without a batch, so that the first could be computed at once.
    await new Promise(setImmediate);
    const verdicts = await Promise.all(["secret", "wrong", "secret", "secret"].map((password) => verifyPassword(password, hash)));
    assert.deepEqual([verdicts, sizes], [[true, false, true, true], [3, 1]]);
    await Promise.all(["a", "b", "c"].map((password) => hashPassword(password, { cost })));
    assert.deepEqual(sizes, [3, 1, 3]);
  });
});

test("a turn of the event loop computes one batch, so that others wait for one at most", async () => {
  const hash = QUICK;
  await batchesOf(async (sizes) => {
    let most = 0;
    let seen = 0;
    let running = true;
    const look = (): void => {
      most = Math.max(most, sizes.length - seen);
      seen = sizes.length;
      if (running) setImmediate(look);
    };
    setImmediate(look);
    await Promise.all(Array.from({ length: 24 }, () => verifyPassword("secret", hash)));
    running = false;
    assert.deepEqual([sizes.length, most], [8, 1]);
  });
});

test("logins are not held up by a list", async () => {
  const hash = await hashPassword("secret", { cost });
  let isListDone = false;
  const list = hashPasswords(Array.from({ length: 40 }, () => "secret"), { cost }).then(() => (isListDone = true));
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(await Promise.all([verifyPassword("secret", hash), verifyPassword("wrong", hash)]), [true, false]);
  assert.equal(isListDone, false, "they were served between its steps");
  await list;
});

test("a list goes on while logins take every turn", async () => {
  const hash = await hashPassword("secret", { cost });
  let running = true;
  const loop = (async () => {
    while (running) await verifyPassword("secret", hash);
  })();
  assert.equal((await hashPasswords(Array.from({ length: 8 }, () => "secret"), { cost })).length, 8);
  running = false;
  await loop;
});

test("callers that find the queue full do not displace those in it", async () => {
  const hash = QUICK;
  await batchesOf(async (sizes) => {
    const waiting = Array.from({ length: 64 }, () => verifyPassword("secret", hash));
    let isDone = false;
    const refused: Promise<unknown>[] = [];
    const flood = (): void => {
      for (let one = 0; one < 10; one += 1) refused.push(verifyPassword("secret", hash).catch(() => "busy"));
      if (!isDone) setImmediate(flood);
    };
    flood();
    const half = waiting.slice(0, 30);
    await Promise.all(half);
    isDone = true;
    assert(sizes.slice(0, 10).every((size) => size === 3), JSON.stringify(sizes));
    await Promise.all([...waiting, ...refused]);
  });
});

test("callers that compute one after the other let the event loop run", async () => {
  const hash = await hashPassword("secret", { cost });
  let running = true;
  setTimeout(() => (running = false), 20);
  const loop = async () => {
    let count = 0;
    for (; running; count += 1) await verifyPassword("secret", hash);
    return count;
  };
  for (const count of await Promise.all([loop(), loop()])) assert(count < 20, "the timer has fired");
});

/** What a disconnect does on Workers: the timers of the request never fire. */
async function cancelled(count: number, hash: string): Promise<void> {
  const { setImmediate } = globalThis;
  globalThis.setImmediate = (() => {}) as never;
  void Array.from({ length: count }, () => verifyPassword("secret", hash));
  await new Promise((resolve) => setTimeout(resolve, 5));
  globalThis.setImmediate = setImmediate;
}

test("callers that were cancelled do not fill the queue", async () => {
  const hash = QUICK;
  await cancelled(64, hash);
  await batchesOf(async (sizes) => {
    assert.equal(await verifyPassword("secret", hash), true);
    assert.deepEqual(sizes, [1], "their hashes are not computed");
  });
});

test("of callers that were cancelled no more than two batches are computed", async () => {
  const hash = QUICK;
  await cancelled(30, hash);
  await batchesOf(async (sizes) => {
    assert.equal(await verifyPassword("secret", hash), true);
    assert(sizes.length <= 3, JSON.stringify(sizes));
  });
});

test("only a full queue is searched for cancelled callers: one of 64", async () => {
  const hash = QUICK;
  for (const [count, batches] of [
    [63, 3],
    [64, 1],
  ] as const) {
    await cancelled(count, hash);
    await batchesOf(async (sizes) => {
      await verifyPassword("secret", hash);
      assert.equal(sizes.length, batches, JSON.stringify(sizes));
    });
  }
});

test("the queue has 64 places, and two batches make room for six more callers while they search", async () => {
  const hash = QUICK;
  await new Promise(setImmediate);
  const all = await Promise.all(Array.from({ length: 150 }, () => verifyPassword("secret", hash).catch(() => false)));
  assert.equal(all.filter((isVerified) => isVerified).length, 70);
});

test("of two calls in one turn of the event loop, the second waits for the next turn", async () => {
  await new Promise(setImmediate);
  let isNextTurn = false;
  setImmediate(() => (isNextTurn = true));
  await verifyPassword("secret", QUICK);
  assert.equal(isNextTurn, false);
  await verifyPassword("secret", QUICK);
  assert.equal(isNextTurn, true);
});

test("a caller that may ask for work is waited for, a second at most", async () => {
  const hash = await hashPassword("secret", { cost });
  const isComputedAtOnce = async () => {
    let isAtOnce = false;
    await batchesOf(async (sizes) => {
      await new Promise(setImmediate);
      const verified = verifyPassword("secret", hash);
      for (let microtask = 0; microtask < 10; microtask += 1) await Promise.resolve();
      isAtOnce = sizes.length > 0;
      await verified;
    });
    return isAtOnce;
  };
  mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  try {
    assert.equal(await isComputedAtOnce(), true);
    const users: UserStore = { ...memoryUsers(), userByEmail: () => new Promise(() => {}) };
    // The gate gives up after ten seconds, when the test is over.
    createGate({ SECRET_KEY }, users).login({ username: "a@example.com", password: "x" }).catch(() => {});
    assert.equal(await isComputedAtOnce(), false);
    mock.timers.tick(1000);
    assert.equal(await isComputedAtOnce(), false);
    mock.timers.tick(1);
    assert.equal(await isComputedAtOnce(), true);
  } finally {
    mock.timers.reset();
  }
});

test("the queue is bounded: further callers get busy, and queued ones are unaffected", async () => {
  const { rows, gate } = await gateWith(1);
  for (const row of rows) row.password = QUICK;
  const body = new URLSearchParams({ username: "u1@example.com", password: "secret" });
  const answers = await Promise.all(
    Array.from({ length: 150 }, () => gate.fetch(new Request("http://localhost/login", { method: "POST", body }))),
  );
  const counts = Object.groupBy(answers, ({ status }) => String(status));
  const [served = 0, busy = 0] = [counts["200"]?.length, counts["503"]?.length];
  // A caller that finds the queue full looks for cancelled ones first, and some places become free meanwhile.
  assert(served + busy === 150 && served >= 64 && busy > 50, `${served} ${busy}`);
  assert.match(counts["503"]?.[0]?.headers.get("retry-after") ?? "", /^\d+$/);
});

/** The calls into wasm that compute hashes of a list. */
async function stepsOf(work: (steps: () => number) => Promise<void>): Promise<void> {
  const [hash, verify] = [glue.HashList.prototype, glue.VerifyList.prototype];
  const originals = [hash.step, verify.step] as const;
  let steps = 0;
  for (const list of [hash, verify]) {
    const { step } = list;
    list.step = function (this: never) {
      steps += 1;
      return step.call(this);
    };
  }
  try {
    await work(() => steps);
  } finally {
    [hash.step, verify.step] = originals;
  }
}

test("a list is computed four at a time, other callers run in between, and an error affects only its entry", async () => {
  await stepsOf(async (steps) => {
    const passwords = ["a", "b", "c", "d", "e"];
    const hashes = await hashPasswords(passwords, { cost });
    assert.equal(steps(), 2);
    const pairs = passwords.map((password, at) => ({ password, hash: hashes[at] as string }));
    const verdicts = await verifyPasswords([...pairs, { password: "x", hash: "none" }, { password: "x", hash: hashes[0] as string }]);
    assert.deepEqual(verdicts.slice(0, 5), [true, true, true, true, true]);
    assert(verdicts[5] instanceof EdgegateError && verdicts[5].code === "hash-malformed");
    assert.equal(verdicts[6], false);
    assert.equal(steps(), 4);
    assert.deepEqual(await hashPasswords([]), []);
    let others = 0;
    const timer = setInterval(() => (others += 1), 0);
    await hashPasswords(["a", "b", "c", "d", "e", "f", "g", "h", "i"], { cost });
    clearInterval(timer);
    assert(others >= 1, "no timer ran while the list was hashed");
  });
});

test("a list with a password that may not be hashed is refused before any work", async () => {
  await stepsOf(async (steps) => {
    await assert.rejects(hashPasswords(["a", "x".repeat(73)], { cost }), (error: EdgegateError) => error.code === "password-too-long");
    assert.equal(steps(), 0);
  });
});

test("stopped work throws busy, and new work is possible after stopWork(false)", async () => {
  const hash = await hashPassword("secret", { cost });
  const { gate } = await gateWith(1);
  stopWork();
  try {
    await assert.rejects(verifyPassword("secret", hash), (error: EdgegateError) => error.code === "busy");
    const body = new URLSearchParams({ username: "u1@example.com", password: "secret" });
    assert.equal((await gate.fetch(new Request("http://localhost/login", { method: "POST", body }))).status, 503);
  } finally {
    stopWork(false);
  }
  assert.equal(await verifyPassword("secret", hash), true);
});

test("a request that waits for its store is let through before the next batch, if the store answers soon", async () => {
  const users = memoryUsers([{ id: 1, email: "a@example.com", password: QUICK, created_at: "" }]);
  const userById: UserStore["userById"] = async (...asked) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return users.userById(...asked);
  };
  const gate = createGate({ SECRET_KEY }, { ...users, userById });
  const authorization = new Headers({ authorization: `Bearer ${await gate.issueToken(1)}` });
  await batchesOf(async (sizes) => {
    const all = Promise.all(Array.from({ length: 30 }, () => verifyPassword("secret", QUICK)));
    while (sizes.length === 0) await new Promise(setImmediate);
    const before = sizes.length;
    assert.equal((await gate.currentUser(authorization)).outcome, "accepted");
    const between = sizes.length - before;
    assert(between <= 1, `${between} batches`);
    await all;
  });
});

test("a store that does not answer holds each batch 24 ms at most", async () => {
  const pausesDuring = async (work: () => Promise<unknown>) => {
    const timeout = globalThis.setTimeout;
    let pauses = 0;
    globalThis.setTimeout = Object.assign((...args: Parameters<typeof timeout>) => ((pauses += 1), timeout(...args)), timeout);
    try {
      await work();
    } finally {
      globalThis.setTimeout = timeout;
    }
    return pauses;
  };
  const threeBatches = () => Promise.all(Array.from({ length: 9 }, () => verifyPassword("secret", QUICK)));
  // The last request that no store answers was announced by another test.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const answered = createGate({ SECRET_KEY }, memoryUsers());
  const authorization = new Headers({ authorization: `Bearer ${await answered.issueToken(1)}` });
  assert.equal((await answered.currentUser(authorization)).outcome, "refused");
  assert.equal(await pausesDuring(threeBatches), 0);
  const unanswered = createGate({ SECRET_KEY }, { ...memoryUsers(), userById: () => new Promise(() => {}) });
  unanswered.currentUser(authorization).catch(() => {});
  const pauses = await pausesDuring(threeBatches);
  assert(pauses > 0 && pauses <= 3 * 9 * 12, `${pauses} pauses`);
});
