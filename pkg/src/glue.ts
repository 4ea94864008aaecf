// wasm-bindgen's glue, with the types of the generated loader, which the build deletes.

import type * as Api from "../wasm/edgegate.js";

/** What a loader calls to connect the glue and an instance. */
interface LoaderExports {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

/**
 * The glue of the module of this entry: that of the whole module, or of a smaller one, which exports less. Each list of public names
 * (`index.ts`) sets it.
 */
export let glue: typeof Api & LoaderExports;

export function setGlue(own: unknown): void {
  glue = own as typeof glue;
}
