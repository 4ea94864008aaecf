/** The compiled module, on runtimes that import wasm as a module (Workers). */
declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;
export default module;
