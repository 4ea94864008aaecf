import assert from "node:assert/strict";
import { test } from "node:test";
import { EdgegateError, hashPassword, verifyPassword } from "edgegate";

const code = (expected: string) => (error: unknown) => error instanceof EdgegateError && error.code === expected;

test("a hash verifies its password and no other", async () => {
  const hash = await hashPassword("correct horse", { cost: 10 });
  assert.match(hash, /^\$2b\$10\$.{53}$/);
  assert.equal(await verifyPassword("correct horse", hash), true);
  assert.equal(await verifyPassword("battery staple", hash), false);
});

test("the default cost is 12", async () => {
  assert.match(await hashPassword("x"), /^\$2b\$12\$/);
});

test("hashes of other libraries verify", async () => {
  // Of tests/contract/seed.json.
  const php = "$2y$04$ZQwcLX92p5OZqx.TSFeH6.peIC3JPh/AAtYr95Sj7L4d.qSaJkHOm";
  assert.equal(await verifyPassword("correct horse battery staple", php), true);
});

test("a bad call has a stable code", async () => {
  await assert.rejects(hashPassword(""), code("password-empty"));
  await assert.rejects(hashPassword("x".repeat(73)), code("password-too-long"));
  await assert.rejects(hashPassword("a\0b"), code("password-nul"));
  for (const cost of [9, 15, 0, -1, 2 ** 32 + 10, Number.NaN]) {
    await assert.rejects(hashPassword("x", { cost }), code("cost-out-of-range"), String(cost));
  }
  await assert.rejects(verifyPassword("x", "no hash"), code("hash-malformed"));
  await assert.rejects(verifyPassword("x", `$2x$05$${"C".repeat(53)}`), EdgegateError);
  await assert.rejects(verifyPassword("x", `$2b$17$${"C".repeat(21)}.${"C".repeat(30)}.`), EdgegateError);
});
