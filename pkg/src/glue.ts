// wasm-bindgen's glue, with the types that it wrote for the loader which is dropped.

import type * as Surface from "../wasm/edgegate.js";
// @ts-expect-error the glue has no types of its own
import * as untyped from "../wasm/edgegate_bg.js";

/** What the glue offers to whoever instantiates the module. */
interface Handshake {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

export const glue = untyped as typeof Surface & Handshake;
