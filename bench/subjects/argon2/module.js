// On Node a wasm file is read and compiled; on workerd each subject imports it.
import { readFileSync } from "node:fs";

export const compiled = (file) => new WebAssembly.Module(readFileSync(new URL(`../../../${file}`, import.meta.url)));
