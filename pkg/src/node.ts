// Entry for Node, Deno and Bun: reads the wasm file next to this module, without `await`, so that `require` works too.

import { readFileSync } from "node:fs";
import { bind } from "./instance.js";

bind(new WebAssembly.Module(readFileSync(new URL("../wasm/edgegate_bg.wasm", import.meta.url))));

export * from "./index.js";
