// A program for trap.test.ts: it recurses until the stack overflows, uses the library while returning, and once more at the end.

import assert from "node:assert/strict";
import { hashPassword, issueToken, verifyPassword, verifyToken } from "edgegate";

const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more" };
const token = await issueToken(1, settings);
const hash = await hashPassword("secret", { cost: 10 });
const verdicts = [];

function recurse() {
  let depth = 0;
  try {
    depth = recurse();
  } catch {
    // The end of the stack.
  }
  if (depth < 600) {
    try {
      verdicts.push(verifyToken(token, settings).then(({ outcome }) => outcome, () => "rejected"));
    } catch {
      // No room for the call itself.
    }
  }
  return depth + 1;
}

recurse();
const outcomes = await Promise.all(verdicts);
assert(outcomes.includes("rejected"), "the stack never ran out in a call");
assert(!outcomes.includes("refused"), "a good token was never refused");
for (const again of [settings, { ...settings }]) {
  assert.equal((await verifyToken(await issueToken(1, again), again)).outcome, "accepted");
  assert.equal((await verifyToken(token, again)).outcome, "accepted");
}
assert.equal(await verifyPassword("secret", hash), true);
assert.equal(await verifyPassword("wrong", hash), false);
