// `node serve.js OPTIONS`: one bundled Worker on workerd with a local D1, on a socket of its own.
//
// `wrangler dev` puts a second workerd in front of the Worker, which on a small machine would be measured along with it.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";

const { bundle, main, port, persist, bindings, nodejs } = JSON.parse(process.argv[2]);

const types = { js: "ESModule", mjs: "ESModule", wasm: "CompiledWasm" };
const files = readdirSync(bundle).filter((name) => types[name.split(".").pop()]);
// The main module comes first.
files.sort((one, other) => Number(other === main) - Number(one === main));

const miniflare = new Miniflare({
  name: "bench",
  modulesRoot: bundle,
  modules: files.map((name) => ({ type: types[name.split(".").pop()], path: join(bundle, name) })),
  compatibilityDate: "2026-11-01",
  compatibilityFlags: nodejs ? ["nodejs_compat"] : [],
  bindings,
  d1Databases: { DB: "00000000-0000-0000-0000-000000000000" },
  d1Persist: join(persist, "v3/d1"),
  unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  cf: false,
});
await miniflare.ready;
