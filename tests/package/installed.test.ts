// The package as users get it: packed, installed elsewhere, imported and required.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the packed tarball works where it is installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-tarball-"));
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, encoding: "utf8" });
  try {
    run("npm", "pack", "--silent", "--pack-destination", folder, fileURLToPath(new URL("..", import.meta.url)));
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
    assert(tarball);
    writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
    run("npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", `./${tarball}`);
    writeFileSync(join(folder, "import.js"), 'import { verifyToken } from "edgegate"; console.log((await verifyToken("", { SECRET_KEY: "x".repeat(32) })).reason);');
    writeFileSync(join(folder, "require.cjs"), 'const { hashPassword } = require("edgegate"); hashPassword("x", { cost: 10 }).then((hash) => console.log(hash.length));');
    assert.equal(run(process.execPath, "import.js").trim(), "malformed");
    assert.equal(run(process.execPath, "require.cjs").trim(), "60");
    const command = join(folder, "node_modules/.bin/edgegate");
    const { version } = JSON.parse(readFileSync(join(folder, "node_modules/edgegate/package.json"), "utf8")) as { version: string };
    assert.equal(run(command, "--version").trim(), version);
    writeFileSync(join(folder, "key.json"), execFileSync(command, ["keygen"], { stdio: ["ignore", "pipe", "ignore"] }));
    writeFileSync(join(folder, "issue.js"), 'import { issueToken } from "edgegate"; import { readFileSync } from "node:fs"; process.stdout.write(await issueToken(7, { JWT_KEYS: `{"keys":[${readFileSync("key.json", "utf8")}]}` }));');
    const token = run(process.execPath, "issue.js");
    const inspected = execFileSync(command, ["token", "inspect", "--keys", "key.json"], { cwd: folder, input: token, encoding: "utf8" });
    assert.match(inspected, /^verdict {2}accepted$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
