import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { useServer } from "../shared/http.mjs";
import { freePort, run, serving } from "../shared/run.mjs";

const cwd = import.meta.dirname;
const NEXT = join(cwd, "node_modules/next/dist/bin/next");
const SECRET_KEY = "a secret of the tests, 32 bytes or more";

for (const [bundler, more, routes] of [["turbopack", {}, ["/node", "/edge"]], ["webpack", { WITHOUT_EDGE: "1" }, ["/node"]]]) {
  const env = { SECRET_KEY, ...more };

  test(`Next with ${bundler}: middleware, and the routes ${routes.join(" and ")}`, async () => {
    rmSync(join(cwd, ".next"), { recursive: true, force: true });
    await run(process.execPath, [NEXT, "build", `--${bundler}`], { cwd, env });
    const port = String(await freePort());
    const base = `http://127.0.0.1:${port}`;
    await serving(process.execPath, [NEXT, "start", "--hostname", "127.0.0.1", "--port", port], base, async () => {
      for (const route of routes) await useServer(base, { prefix: route, orders: `${route}/orders` });
      const { issueToken } = await import("edgegate/token");
      const authorization = `Bearer ${await issueToken(1, env)}`;
      assert.equal((await fetch(`${base}/guarded/orders`)).status, 401);
      assert.equal((await fetch(`${base}/guarded/orders`, { headers: { authorization } })).status, 200);
    }, { cwd, env });
  });
}
