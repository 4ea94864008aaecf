// Entry for browsers and bundlers: fetches the wasm file next to this module.

import { bind } from "./instance.js";

bind(await WebAssembly.compileStreaming(fetch(new URL("../wasm/edgegate_bg.wasm", import.meta.url))));

export * from "./index.js";
