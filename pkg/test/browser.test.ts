// The browser entry in a real browser: a page served from this folder imports the package and reports the results.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const PACKAGE = new URL("..", import.meta.url);
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = `<!doctype html><script type="module">
  const report = (body) => fetch("/report", { method: "POST", body: JSON.stringify(body) });
  addEventListener("error", (event) => report(event.message));
  addEventListener("unhandledrejection", (event) => report(String(event.reason)));
  const { hashPassword, verifyPassword, issueToken, verifyToken, createGate } = await import("/dist/inline.js");
  const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more" };
  const hash = await hashPassword("secret", { cost: 10 });
  const verdict = await verifyToken(await issueToken(7, settings), settings);
  const answer = await createGate(settings, {}).fetch(new Request("/me"));
  report([await verifyPassword("secret", hash), await verifyPassword("x", hash), verdict.claims.user_id, answer.status]);
</script>`;
/** What the README says that a page needs; the page's own script is inline. */
const POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];

test("the browser entry works in headless Chromium", { timeout: 90_000 }, async () => {
  const { promise: reported, resolve: report } = Promise.withResolvers<string>();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/") return void response.setHeader("content-security-policy", POLICY).setHeader("content-type", "text/html").end(PAGE);
    if (path === "/report") return report(await text(request));
    const file = await readFile(new URL(`.${path}`, PACKAGE)).catch(() => null);
    response.writeHead(file ? 200 : 404, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(file);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const profile = await mkdtemp(join(tmpdir(), "edgegate-browser-"));
  const { port } = server.address() as AddressInfo;
  const chromium = spawn("chromium", [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], { stdio: "ignore", detached: true });
  try {
    assert.equal(await reported, "[true,false,7,401]");
  } finally {
    // Its whole process group.
    if (chromium.pid) process.kill(-chromium.pid, "SIGKILL");
    await once(chromium, "exit");
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
