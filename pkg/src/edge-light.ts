// Entry for Vercel's edge runtime, where the suffix `?module` gives a compiled module.

import wasm from "../wasm/edgegate_bg.wasm?module";
import { bind } from "./instance.js";

bind(wasm);

export * from "./index.js";
