import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { useServer } from "../shared/http.mjs";
import { freePort, run, serving } from "../shared/run.mjs";

const program = (name) => join(import.meta.dirname, "node_modules", name);
const WRANGLER = program("wrangler/bin/wrangler.js");
const VITE = program("vite/bin/vite.js");

for (const [name, folder] of [["A Worker", "worker"], ["Hono on Workers", "hono"]]) {
  const cwd = join(import.meta.dirname, folder);
  const serve = async (args) => {
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    await serving(process.execPath, args(String(port)), base, () => useServer(base), { cwd, env: { WRANGLER_SEND_METRICS: "false" } });
  };

  test(`${name}, by wrangler`, () => serve((port) => [WRANGLER, "dev", "--ip", "127.0.0.1", "--port", port, "--inspector-port", "0"]));

  test(`${name}, by Cloudflare's Vite plugin: development, build and preview`, async () => {
    rmSync(join(cwd, "dist"), { recursive: true, force: true });
    const options = (port) => ["--host", "127.0.0.1", "--port", port, "--strictPort"];
    await serve((port) => [VITE, "dev", ...options(port)]);
    await run(process.execPath, [VITE, "build"], { cwd });
    await serve((port) => [VITE, "preview", ...options(port)]);
  });
}
