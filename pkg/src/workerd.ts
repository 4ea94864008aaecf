// Entry for Cloudflare Workers. Importing a .wasm file gives a compiled module; compiling bytes is forbidden there.

import wasm from "../wasm/edgegate_bg.wasm";
import { bind } from "./instance.js";

bind(wasm);

export * from "./index.js";
