// Entry without wasm: the caller loads it, and binds it before anything else.

export { bind } from "./instance.js";
export * from "./index.js";
