import { join } from "node:path";
import { test } from "node:test";
import { useServer } from "../shared/http.mjs";
import { freePort, run, serving } from "../shared/run.mjs";

const cwd = import.meta.dirname;
const program = (name) => join(cwd, "node_modules", name);

test("SvelteKit on Cloudflare's adapter: a build, on workerd", async () => {
  await run(process.execPath, [program("vite/bin/vite.js"), "build", "--logLevel", "error"], { cwd });
  const port = String(await freePort());
  const base = `http://127.0.0.1:${port}`;
  const args = [program("wrangler/bin/wrangler.js"), "dev", "--ip", "127.0.0.1", "--port", port, "--inspector-port", "0"];
  await serving(process.execPath, args, base, () => useServer(base), { cwd, env: { WRANGLER_SEND_METRICS: "false" } });
});
