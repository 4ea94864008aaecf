// Entry for every other runtime and for bundlers: the wasm is in the script, so that no file can be lost. It is compiled without
// `await`, so that `require` and bundlers without top-level `await` work.

import wasm from "../wasm/edgegate.base64.js";
import { bytesOf } from "./inlined.js";
import { bind } from "./instance.js";

bind(bytesOf(wasm));

export * from "./index.js";
