// Browsers and bundlers for them: the file beside this one is fetched.

import { bind } from "./instance.js";

bind(await WebAssembly.compileStreaming(fetch(new URL("../wasm/edgegate_bg.wasm", import.meta.url))));

export * from "./index.js";
