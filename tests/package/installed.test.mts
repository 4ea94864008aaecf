// The package as users get it: packed, installed in another folder, resolved, imported and required. `cargo xtask test
// --only package` packs it and passes the path of the tarball.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { buildSync } from "esbuild";

const tarball = process.env["EDGEGATE_TARBALL"] ?? assert.fail("EDGEGATE_TARBALL is not set");
const folder = mkdtempSync(join(tmpdir(), "edgegate-installed-"));
const installed = join(folder, "node_modules/edgegate");
const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, encoding: "utf8" });

before(() => {
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  run("npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", tarball);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("it contains the files that users need, and no sources, tests or maps", () => {
  const needed = /^(package\.json|README\.md|LICENSE-(APACHE|MIT)|edgegate\.wasm\.d\.ts|dist\/.+(?<!\.test)\.(js|d\.ts)|wasm\/edgegate(_bg)?\.(js|wasm|d\.ts))$/;
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  for (const path of ["README.md", "LICENSE-MIT", "wasm/edgegate_bg.wasm"]) assert(paths.includes(path), path);
  assert.deepEqual(paths.filter((path) => !needed.test(path)), []);
});

test("each runtime gets its own entry", () => {
  const entries = ["workerd.js", "node.js", "browser.js"];
  const picked = (...conditions: string[]) => {
    const { metafile } = buildSync({
      stdin: { contents: 'import "edgegate";', resolveDir: folder },
      bundle: true, write: false, metafile: true, logLevel: "error",
      platform: "neutral", conditions, external: ["node:*"], loader: { ".wasm": "empty" },
    });
    return Object.keys(metafile.inputs).map((path) => basename(path)).filter((name) => entries.includes(name));
  };
  assert.deepEqual(picked("browser", "node", "workerd"), ["workerd.js"]);
  // wrangler's conditions.
  assert.deepEqual(picked("workerd", "worker", "browser"), ["workerd.js"]);
  assert.deepEqual(picked("browser", "node"), ["node.js"]);
  assert.deepEqual(picked("browser"), ["browser.js"]);
  assert.deepEqual(picked(), ["browser.js"]);
});

test("it is imported and required", () => {
  writeFileSync(join(folder, "import.js"), 'import { verifyToken } from "edgegate"; console.log((await verifyToken("", { SECRET_KEY: "x".repeat(32) })).reason);');
  writeFileSync(join(folder, "require.cjs"), 'const { hashPassword } = require("edgegate"); hashPassword("x", { cost: 10 }).then((hash) => console.log(hash.length));');
  assert.equal(run(process.execPath, "import.js").trim(), "malformed");
  assert.equal(run(process.execPath, "require.cjs").trim(), "60");
});

test("its command makes a key and explains a token", () => {
  const command = join(folder, "node_modules/.bin/edgegate");
  const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { version: string };
  assert.equal(run(command, "--version").trim(), version);
  writeFileSync(join(folder, "key.json"), execFileSync(command, ["keygen"], { stdio: ["ignore", "pipe", "ignore"] }));
  writeFileSync(join(folder, "issue.js"), 'import { issueToken } from "edgegate"; import { readFileSync } from "node:fs"; process.stdout.write(await issueToken(7, { JWT_KEYS: `{"keys":[${readFileSync("key.json", "utf8")}]}` }));');
  const token = run(process.execPath, "issue.js");
  const inspected = execFileSync(command, ["token", "inspect", "--keys", "key.json"], { cwd: folder, input: token, encoding: "utf8" });
  assert.match(inspected, /^verdict {2}accepted$/m);
});
