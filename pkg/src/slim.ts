// Entry without wasm, for those who load it themselves.

import { bind as bindModule, isModule } from "./instance.js";

export * from "./index.js";

/** A `WebAssembly.Module`, or the bytes of one. Its type is named by libraries that not every program has. */
export type WasmModule = object | ArrayBuffer | ArrayBufferView;

/**
 * Sets the wasm: the module or the bytes of `edgegate/edgegate.wasm`, of the same version. All other functions need it. After it has
 * succeeded, further calls do nothing.
 *
 * @throws {TypeError} for any other module or value.
 * @throws {WebAssembly.CompileError} for bytes that are no wasm.
 * @throws {WebAssembly.LinkError} for the module of another version.
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { fileURLToPath } from "node:url";
 * import { bind, verifyPassword } from "edgegate/slim";
 *
 * bind(readFileSync(fileURLToPath(import.meta.resolve("edgegate/edgegate.wasm"))));
 * await verifyPassword("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"); // true
 * ```
 */
export function bind(wasm: WasmModule): void {
  const module = isModule(wasm) ? wasm : new WebAssembly.Module(wasm as BufferSource);
  // The smaller modules can be linked too.
  if (!WebAssembly.Module.exports(module).some(({ name }) => name === "gate_handle")) {
    throw new TypeError("edgegate: this is not the module of edgegate/edgegate.wasm");
  }
  bindModule(module);
}
