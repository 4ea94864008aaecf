// The published hash-wasm does not run on Workers: see ../../extract-hash-wasm.js.
import wasm from "hash-wasm-module";

WebAssembly.compile = async () => wasm;

export * from "./hash-wasm.js";
