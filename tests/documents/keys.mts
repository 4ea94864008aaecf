import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueToken, verifyToken } from "edgegate";
import { block, commands, needsAccount, succeeds } from "../../tests/documents/support/run.mts";

const folder = mkdtempSync(join(import.meta.dirname, "keys-"));
symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
const [make = "", inspect = "", ...others] = commands(block(blocks, 0, "sh"));
assert.deepEqual(others, []);

// What the secret is set to is what the settings take.
const [keygen = "", put = ""] = make.split(" | ");
const JWT_KEYS = await succeeds(keygen, { cwd: folder });
assert.match(put, /^npx wrangler secret put JWT_KEYS$/);
needsAccount(put);
const token = await issueToken(7, { JWT_KEYS });
assert.equal((await verifyToken(token, { JWT_KEYS })).outcome, "accepted");

writeFileSync(join(folder, "keys.json"), JWT_KEYS);
writeFileSync(join(folder, "token.txt"), token);
assert.match(await succeeds(inspect, { cwd: folder }), /^verdict {2}accepted$/m);
rmSync(folder, { recursive: true });
