// For the tests of the groups: programs, servers and a browser.

import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const environment = { ...process.env, CI: "1", NEXT_TELEMETRY_DISABLED: "1", ASTRO_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
delete environment.FORCE_COLOR;
// With it, `node --test` would report to this test, and to nobody else.
delete environment.NODE_TEST_CONTEXT;

/** Runs a program to its end, and returns what it prints. */
export async function run(program, args, options = {}) {
  const env = { ...environment, ...options.env };
  const { stdout } = await promisify(execFile)(program, args, { timeout: 180_000, maxBuffer: 1e8, ...options, env }).catch((error) => {
    throw new Error(`${program} ${args.join(" ")}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout.trim();
}

/** Starts a server, waits until it answers, and ends it, with all of its processes, after `use`. */
export async function serving(program, args, url, use, options = {}) {
  const child = spawn(program, args, { ...options, env: { ...environment, ...options.env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  process.once("exit", end);
  try {
    for (const until = Date.now() + 90_000; !(await fetch(url).catch(() => undefined)); await sleep(100)) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`no server: ${output}`);
    }
    return await use().catch((error) => {
      throw new Error(`${error.message}\n${output}`, { cause: error });
    });
  } finally {
    end();
  }
}

/** A port that nothing listens at. It is below those that the system gives, one of which the server under test may take for itself. */
export async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(() => true, () => false);
    server.close();
    if (isFree) return port;
  }
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves a folder, opens its page in headless Chromium, and returns what the page reports. */
export async function openFolder(folder) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    try {
      const file = join(folder, pathname === "/" ? "index.html" : pathname);
      response.setHeader("content-type", TYPES[extname(file)] ?? "text/plain").end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await open(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Opens a page in headless Chromium, and returns what it reports: the page sends it to the URL in its fragment. */
export async function open(url) {
  const { promise, resolve } = Promise.withResolvers();
  const reports = createServer(async (request, response) => {
    response.setHeader("access-control-allow-origin", "*").end();
    resolve(await text(request));
  });
  await once(reports.listen(0, "127.0.0.1"), "listening");
  const profile = mkdtempSync(join(tmpdir(), "edgegate-consumer-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", `--user-data-dir=${profile}`];
  const chromium = spawn("chromium", [...flags, `${url}#http://127.0.0.1:${reports.address().port}/`], { stdio: "ignore", detached: true });
  const end = () => chromium.pid && process.kill(-chromium.pid, "SIGKILL");
  process.once("exit", end);
  try {
    return await Promise.race([promise, sleep(60_000, "the page reports nothing", { ref: false })]);
  } finally {
    process.off("exit", end);
    end();
    await once(chromium, "exit");
    reports.closeAllConnections();
    reports.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
