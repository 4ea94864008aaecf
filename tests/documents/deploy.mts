// The commands that need no account run in a clone, with what the build has made here.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { block, commands, needsAccount, succeeds } from "../../tests/documents/support/run.mts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(import.meta.dirname, "deploy-"));
const [clone = "", create = "", migrate = "", secret = "", deploy = "", ...others] = commands(block(blocks, 0, "sh"));
assert.deepEqual(others, []);

// The stage `build` builds; the stage `reproducible` in other folders as well.
const [get = "", enter = "", build = "", www = ""] = clone.split(" && ");
assert.equal(build, "cargo xtask build");
await succeeds(`${get.replace("<this repository>", `${ROOT}/.git edgegate`)} && ${enter} && ${www}`, { cwd: folder });
const worker = join(folder, "edgegate", www.replace("cd ", ""));
const made = ["node_modules", "www/public/edgegate", ...readdirSync(join(ROOT, "pkg")).map((name) => `pkg/${name}`)];
for (const path of made) if (!existsSync(join(folder, "edgegate", path))) symlinkSync(join(ROOT, path), join(folder, "edgegate", path));

needsAccount(create);
assert.match(migrate, / --remote$/);
needsAccount(migrate);

const [random = "", put = ""] = secret.split(" | ");
needsAccount(put);
createGate({ SECRET_KEY: await succeeds(random, { cwd: worker }) }, memoryUsers());

needsAccount(deploy);
assert.match(await succeeds(`${deploy} --dry-run --outdir ../dry-run`, { cwd: worker }), /^Total Upload: /m);
rmSync(folder, { recursive: true });
