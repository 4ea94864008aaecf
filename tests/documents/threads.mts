// The files of the blocks, in a project that uses them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { succeeds } from "../../tests/documents/support/run.mts";

const folder = mkdtempSync(join(import.meta.dirname, "threads-"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
assert.equal(blocks.length, 2);
for (const { code } of blocks) writeFileSync(join(folder, /^\/\/ (\S+\.js)\n/.exec(code)?.[1] ?? assert.fail("the first line names the file")), code);
writeFileSync(join(folder, "program.js"), `
  import { hashPassword, verifyPassword } from "./passwords.js";

  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  count();

  const hash = await hashPassword("secret", { cost: 10 });
  const verified = await Promise.all([verifyPassword("secret", hash), verifyPassword("wrong", hash)]);
  const code = await hashPassword("").catch((error) => error.code);
  isDone = true;

  // On this thread the event loop would run a few times in all.
  const works = turns > 100 && verified.join() === "true,false" && code === "password-empty";
  console.log(works ? "works" : JSON.stringify({ turns, verified, code }));`);
assert.equal((await succeeds("node program.js", { cwd: folder })).trim(), "works");
rmSync(folder, { recursive: true });
