/** The compiled module, on runtimes that import wasm as a module (Workers). */
declare const module: WebAssembly.Module;
export default module;
