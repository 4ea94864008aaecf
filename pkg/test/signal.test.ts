// workerd registers a module that exports `__instance_signal`, and writes there when a request's CPU time runs out.
// This test shows the registration; only Cloudflare enforces the limit.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("workerd registers the flag that stops password work", { timeout: 90_000 }, async () => {
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const options = ["--local", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0", "--show-interactive-dev-session=false"];
  const quiet = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true", NO_COLOR: "1" };
  const wrangler = spawn(process.execPath, [file("../../node_modules/wrangler/bin/wrangler.js"), "dev", ...options], {
    cwd: file("./signal"),
    env: { ...process.env, ...quiet },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  try {
    for await (const line of createInterface(wrangler.stdout)) {
      const url = /Ready on (http:\S+)/.exec(line)?.[1];
      if (url) return assert.equal(await (await fetch(url)).text(), "true");
    }
    assert.fail("wrangler ended before it was ready");
  } finally {
    if (wrangler.pid) process.kill(-wrangler.pid, "SIGTERM");
    await once(wrangler, "exit");
  }
});
