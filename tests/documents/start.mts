// The Worker of a new clone, on another port and with a database of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { assertPrinted, block, commands, freePort, printedBy, succeeds } from "../../tests/documents/support/run.mts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(import.meta.dirname, "start-"));
const worker = join(folder, "www");
cpSync(join(ROOT, "tsconfig.base.json"), join(folder, "tsconfig.base.json"));
// As a clone has it: without settings and state.
cpSync(join(ROOT, "www"), worker, { recursive: true, filter: (path) => ![".dev.vars", ".wrangler", "dist", "node_modules"].includes(relative(join(ROOT, "www"), path)) });

const port = await freePort();
const [start = "", ...others] = commands(block(blocks, 0, "sh"));
assert.deepEqual(others, []);
assert.match(start, /^cargo xtask dev$/);
const server = spawn("bash", ["-c", `exec ${start} --port ${port} --worker ${relative(ROOT, worker)}`], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true });
let log = "";
server.stderr.on("data", (text) => (log += text));
try {
  let isReady = false;
  for await (const line of createInterface(server.stdout)) {
    log += `${line}\n`;
    isReady = line.startsWith("ready ");
    if (isReady) break;
  }
  assert(isReady, log);
  server.stdout.resume();
  assert(existsSync(join(worker, ".dev.vars")));
  const use = blocks.length > 1 ? block(blocks, 1, "sh") : undefined;
  let token = "";
  const printed = [];
  for (const command of use ? commands(use) : []) {
    const output = await succeeds(command.replace(":8787/", `:${port}/`).replace("ey...", token), { cwd: folder });
    token ||= (JSON.parse(output) as { access_token: string }).access_token;
    printed.push(output);
  }
  if (use) {
    assert(printedBy(use).length > 0);
    assertPrinted(printedBy(use), printed.join("\n"));
  }
} finally {
  const ended = once(server, "exit");
  if (server.pid && server.exitCode === null) process.kill(-server.pid, "SIGTERM");
  await ended;
}
rmSync(folder, { recursive: true });
