// Cloudflare Workers: the import of a .wasm file is a compiled module, and bytes may not be compiled.

import wasm from "../wasm/edgegate_bg.wasm";
import { bind } from "./instance.js";

bind(wasm);

export * from "./index.js";
