// wasm-bindgen's glue, with the types of the generated loader, which the build deletes.

import type * as Api from "../wasm/edgegate.js";
// @ts-expect-error the glue has no types of its own
import * as untyped from "../wasm/edgegate_bg.js";

/** What a loader calls to connect the glue and an instance. */
interface LoaderExports {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

export const glue = untyped as typeof Api & LoaderExports;
