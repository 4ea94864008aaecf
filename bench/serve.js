// `node serve.js OPTIONS`: one bundled Worker on workerd with a local D1, on its own socket.
//
// `wrangler dev` starts a second workerd in front of the Worker, which would compete for the CPU of a small machine.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";

const { bundle, port, persist, vars, nodejs } = JSON.parse(process.argv[2]);

const modules = {};
for (const name of readdirSync(bundle)) {
  const file = join(bundle, name);
  if (name.endsWith(".js")) modules[name] = { type: "esm", contents: readFileSync(file, "utf8") };
  if (name.endsWith(".wasm")) modules[name] = { type: "wasm", contents: readFileSync(file) };
}

const env = { DB: { type: "d1", id: "00000000-0000-0000-0000-000000000000" } };
for (const [name, value] of Object.entries(vars)) env[name] = { type: "text", value };

const miniflare = new Miniflare({
  cf: false,
  telemetry: { enabled: false },
  resourcePersistencePath: join(persist, "v3"),
  workers: [
    {
      config: {
        name: "bench",
        compatibilityDate: "2026-11-01",
        compatibilityFlags: nodejs ? ["nodejs_compat"] : [],
        manifest: { mainModule: "worker.js", modulesRoot: bundle, modules },
        env,
      },
      dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port }] },
    },
  ],
});
await miniflare.ready;
